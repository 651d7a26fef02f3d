using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Secrets;

namespace Ppec.Contracts.Machines;

/// <summary>A command to one machine. <paramref name="Machine"/> is its id.</summary>
[GenerateSerializer]
public abstract record MachineCommand(string Machine) : Command
{
    public override string Target => $"machine-{Machine}";
}

/// <summary>A command to one machine whose work is an operation.</summary>
[GenerateSerializer]
public abstract record MachineWork(string Machine) : MachineCommand(Machine), IStartsOperation
{
    [Id(100)] public string Operation { get; init; } = "";

    public Command WithOperation(string operation) => this with { Operation = operation };
}

// ── Racked ────────────────────────────────────────────────────────────────────────────────────────────────

/// <summary>Bolted in, cabled, known on paper.</summary>
[GenerateSerializer, Immutable]
public sealed record RackMachine(string Machine, string Serial, Placement Place, BmcAccess? Bmc, string? Profile, ImmutableArray<string> Macs, string? Name) : MachineCommand(Machine)
{
    public override string Permission => "machine.rack";
}

/// <summary>An unknown machine booted PIOUS on a subnet that enlists.</summary>
[GenerateSerializer, Immutable]
public sealed record EnlistMachine(string Machine, MachineEvidence Evidence) : MachineCommand(Machine)
{
    public override string Permission => "machine.enlist";
}

/// <summary>
/// An enlisted machine is ours: it gets its place, its BMC and the profile that was ordered. The password its BMC left the factory with is
/// replaced by a random one at once (<see cref="RotateBmc"/>), unless <see cref="KeepPassword"/>.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record AcceptMachine(string Machine, Placement Place, BmcAccess? Bmc, string? Profile, string? Name) : MachineWork(Machine)
{
    [Id(101)] public bool KeepPassword { get; init; }
    public override string Permission => "machine.accept";
}

/// <summary>An enlisted machine turned out to be <paramref name="As"/>, already racked on paper: its evidence moves there.</summary>
[GenerateSerializer, Immutable]
public sealed record MergeMachine(string Machine, string As) : MachineCommand(Machine)
{
    public override string Permission => "machine.accept";
}

/// <summary>The other side of a merge: a machine known on paper, and never seen, gets the evidence of the one that enlisted itself as <paramref name="From"/>.</summary>
[GenerateSerializer, Immutable]
public sealed record TakeEvidence(string Machine, MachineEvidence Evidence, string From) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>An enlisted machine is not ours.</summary>
[GenerateSerializer, Immutable]
public sealed record RejectMachine(string Machine, string Why) : MachineCommand(Machine)
{
    public override string Permission => "machine.reject";
}

// ── At any stage ──────────────────────────────────────────────────────────────────────────────────────────

/// <summary>Describes: null leaves a field as it is, an empty text clears it. Where it is to stand arrives as <see cref="Move"/>; the gate makes the place of it.</summary>
[GenerateSerializer, Immutable]
public sealed record SetMachine(string Machine, string? Name, string? Note, string? Owner, string? Profile, Placement? Place) : MachineCommand(Machine)
{
    [Id(100)] public Move? Move { get; init; }
    public override string Permission => "machine.set";
}

/// <summary>Where the BMC is and which secret opens it.</summary>
[GenerateSerializer, Immutable]
public sealed record SetMachineBmc(string Machine, BmcAccess Bmc) : MachineCommand(Machine)
{
    public override string Permission => "machine.bmc";
}

/// <summary>Replaces the BMC's password by a random one that nobody knows.</summary>
[GenerateSerializer, Immutable]
public sealed record RotateBmc(string Machine) : MachineWork(Machine)
{
    public override string Permission => "machine.bmc";
}

/// <summary>Switches a machine in production on, or (in maintenance) off: shut down if it will, cut off if it will not.</summary>
[GenerateSerializer, Immutable]
public sealed record PowerMachine(string Machine, bool On) : MachineWork(Machine)
{
    public override string Permission => "machine.power";
}

/// <summary>Switches the light on or off by which a person at the rack finds the machine.</summary>
[GenerateSerializer, Immutable]
public sealed record LocateMachine(string Machine, bool On) : MachineWork(Machine)
{
    public override string Permission => "machine.locate";
}

/// <summary>Replaces the identity evidence (a new board): the only way it ever changes.</summary>
[GenerateSerializer, Immutable]
public sealed record RekeyMachine(string Machine, MachineEvidence Evidence, string Why) : MachineCommand(Machine)
{
    public override string Permission => "machine.rekey";
}

/// <summary>Keeps the machine from being picked. Holds are a set by source: the same source again replaces its hold.</summary>
[GenerateSerializer, Immutable]
public sealed record HoldMachine(string Machine, string Source, string Why, DateTimeOffset? ExpiresAt, string? LiftPermission) : MachineCommand(Machine)
{
    public override string Permission => "machine.hold";
}

[GenerateSerializer, Immutable]
public sealed record UnholdMachine(string Machine, string Source) : MachineCommand(Machine)
{
    public override string Permission => "machine.unhold";
}

/// <summary>Sets and removes tags in one event.</summary>
[GenerateSerializer, Immutable]
public sealed record TagMachine(string Machine, ImmutableDictionary<string, string> Set, ImmutableArray<string> Remove) : MachineCommand(Machine)
{
    public override string Permission => "machine.tag";
}

/// <summary>Accepts a named gap until a date.</summary>
[GenerateSerializer, Immutable]
public sealed record WaiveGap(string Machine, string Gap, DateTimeOffset Until, string Why) : MachineCommand(Machine)
{
    public override string Permission => "machine.waive";
}

/// <summary>Records a part that was replaced; the next inspection records what it found there before and after.</summary>
[GenerateSerializer, Immutable]
public sealed record RepairMachine(string Machine, string Slot, string Serial, string? Rma) : MachineCommand(Machine)
{
    public override string Permission => "machine.repair";
}

/// <summary>Something about the machine is not as the log has it. Noted once; nothing is corrected.</summary>
[GenerateSerializer, Immutable]
public sealed record NoteDrift(string Machine, string Kind, string Expected, string Found) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>What was noted as drift of this kind is as it should be again.</summary>
[GenerateSerializer, Immutable]
public sealed record ClearDrift(string Machine, string Kind) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>One look at a machine: what its BMC said (null = it has none), and what time alone has ended. Compared with the log; writes only what changed.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordLook(string Machine, BmcReport? Bmc) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>The machine asked what to boot, so it is on.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordBootRequest(string Machine) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>The system that <paramref name="Operation"/> installed started once more and called home.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordBoot(string Machine, string Operation, Beacon Beacon) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

// ── Work that takes an operation ──────────────────────────────────────────────────────────────────────────

/// <summary>Boots PIOUS, gathers the hardware, tests it, compares it with the profile. From Racked, Inventory or Spare.</summary>
[GenerateSerializer, Immutable]
public sealed record InspectMachine(string Machine) : MachineWork(Machine)
{
    public override string Permission => "machine.inspect";
}

/// <summary>By hand, for a machine whose waiver or repaired hold left it at Inventory with a passing report.</summary>
[GenerateSerializer, Immutable]
public sealed record PromoteMachine(string Machine) : MachineCommand(Machine)
{
    public override string Permission => "machine.promote";
}

/// <summary>Installs an image on a Spare.</summary>
[GenerateSerializer, Immutable]
public sealed record ProvisionMachine(string Machine, ProvisionSpec Spec, ImageVersion? Image) : MachineWork(Machine), IPlanned
{
    public override string Permission => "machine.provision";

    /// <summary>What of the owner's quotas it takes, for its plan. Set by the gate.</summary>
    [Id(100), System.Text.Json.Serialization.JsonIgnore] public string? Quota { get; init; }
}

/// <summary>Installs again; name, owner and addresses stay.</summary>
[GenerateSerializer, Immutable]
public sealed record ReimageMachine(string Machine, ProvisionSpec Spec, ImageVersion? Image) : MachineWork(Machine), IPlanned
{
    public override string Permission => "machine.reimage";
}

/// <summary>Back to the pool: wiped, inspected again. Also the way out for a machine at Inventory that is held dirty.</summary>
[GenerateSerializer, Immutable]
public sealed record ReleaseMachine(string Machine) : MachineWork(Machine), IPlanned
{
    public override string Permission => "machine.release";
}

/// <summary>The end: disks wiped with evidence, powered off, names and secrets released.</summary>
[GenerateSerializer, Immutable]
public sealed record RetireMachine(string Machine) : MachineWork(Machine), IPlanned
{
    public override string Permission => "machine.retire";
}

/// <summary>The end of a machine whose disks cannot be wiped: each is attested destroyed, with evidence.</summary>
[GenerateSerializer, Immutable]
public sealed record RetireDestroyed(string Machine, ImmutableArray<DestroyedDisk> Disks) : MachineCommand(Machine)
{
    public override string Permission => "machine.retire-destroyed";
}

/// <summary>Takes a running server under management without reboot or wipe; its integrity is unverified.</summary>
[GenerateSerializer, Immutable]
public sealed record AdoptMachine(string Machine, MachineEvidence Evidence, string Hostname, string Owner) : MachineCommand(Machine)
{
    public override string Permission => "machine.adopt";
}

[GenerateSerializer, Immutable]
public sealed record StartMaintenance(string Machine, string Why, DateTimeOffset ExpiresAt) : MachineCommand(Machine)
{
    public override string Permission => "machine.maintain";
}

/// <summary>Ends maintenance; <paramref name="Inventory"/> is what an inspection in place found, and becomes the baseline when it lost nothing.</summary>
[GenerateSerializer, Immutable]
public sealed record EndMaintenance(string Machine, Inventory? Inventory) : MachineCommand(Machine)
{
    public override string Permission => "machine.maintain";
}

/// <summary>The hardware left the rack.</summary>
[GenerateSerializer, Immutable]
public sealed record UnrackMachine(string Machine) : MachineCommand(Machine)
{
    public override string Permission => "machine.unrack";
}

// ── Reports of operations (only the operation under way may make them) ────────────────────────────────────

/// <summary>The report of one inspection, with the profiles it may be measured by: the one ordered, or every current one when none was.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordInspection(string Machine, string Operation, Inventory Inventory, HealthReport Health, ImmutableArray<ProfileVersion> Profiles) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>The point of no return: from here on a disk may have been written.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordWriting(string Machine, string Operation) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>First boot was seen, with the hardware that was inspected.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordProvisioned(string Machine, string Operation, InstallReport Install, string BeaconAddress) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>Each disk's certificate.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordWipes(string Machine, string Operation, ImmutableArray<DiskWipe> Wipes) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>A release is complete: wiped, and inspected as <see cref="RecordInspection"/>.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordReleased(string Machine, string Operation, Inventory Inventory, HealthReport Health, ImmutableArray<ProfileVersion> Profiles) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>The password that the BMC is about to get is in the secret store, under <paramref name="Secret"/>: from now on either of the two may open it.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordPendingPassword(string Machine, string Operation, SecretRef Secret) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>An errand is done (<c>Workflows.Errands</c>): for a rotation, the pending password is the BMC's only one.</summary>
[GenerateSerializer, Immutable]
public sealed record RecordErrand(string Machine, string Operation) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

[GenerateSerializer, Immutable]
public sealed record RecordRetired(string Machine, string Operation) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>The operation ended without reaching its goal. Where the machine lands follows from whether it had begun to write. A failure holds the machine; a cancel before writing does not.</summary>
[GenerateSerializer, Immutable]
public sealed record AbandonOperation(string Machine, string Operation, string Why, bool Failed) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

// ── Changes ───────────────────────────────────────────────────────────────────────────────────────────────

/// <summary>Keeps the machine for a change that waits for a second person, until it ends or its time is over: nothing else begins on it.</summary>
[GenerateSerializer, Immutable]
public sealed record ReserveMachine(string Machine, string For, DateTimeOffset Until) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

/// <summary>The change ended.</summary>
[GenerateSerializer, Immutable]
public sealed record FreeMachine(string Machine, string From) : MachineCommand(Machine)
{
    public override string Permission => "machine.report";
}

// ── Parts ─────────────────────────────────────────────────────────────────────────────────────────────────

/// <summary>Rack and the lowest unit it fills, counted from 1 at the bottom; <paramref name="Height"/> in units.</summary>
[GenerateSerializer, Immutable]
public sealed record Placement(string Region, string Rack, int Unit, int Height = 1);

/// <summary>Where a machine is to stand; what is null stays as it is.</summary>
[GenerateSerializer, Immutable]
public sealed record Move(string? Rack, int? Unit, int? Height);

/// <summary>
/// A BMC: <paramref name="Protocol"/> is <c>redfish</c>; <paramref name="Secret"/> names the password in the secret store; <paramref name="PinnedCertificate"/> is SHA-256, lower-case hex.
/// <paramref name="Pending"/>: the password it is being given, or was when a rotation did not end; where the first does not open it, this one does.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record BmcAccess(string Protocol, string Address, string User, SecretRef Secret, string? PinnedCertificate, SecretRef? Pending = null);

/// <summary>
/// What one look at a BMC found. <paramref name="Trouble"/>: why nothing could be read, after <paramref name="Tries"/> looks in a row; then all else is empty.
/// <paramref name="Power"/>: <c>on</c>, <c>off</c>, or null while it changes. <paramref name="Owner"/>: the machine PPEC knows by the serial found, where that is another's.
/// Memory and sockets are null where the BMC does not count them.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record BmcReport(string? Trouble, int Tries, string Serial, string Uuid, string? Owner, string? Power, long? MemoryMiB, int? Sockets);

/// <summary>What a team asks for when it wants an image on a machine. <paramref name="RootDisk"/>: a serial, or <c>smallest</c>, <c>largest</c>, <c>first</c> (the default).</summary>
[GenerateSerializer, Immutable]
public sealed record ProvisionSpec(
    string Image,
    string Hostname,
    string Owner,
    string? RootDisk = null,
    string? Address = null,
    string? Gateway = null,
    ImmutableArray<string> Dns = default,
    ImmutableArray<string> SshKeys = default,
    string? UserData = null);

/// <summary>A disk that was destroyed, and what proves it.</summary>
[GenerateSerializer, Immutable]
public sealed record DestroyedDisk(string Serial, string Evidence);
