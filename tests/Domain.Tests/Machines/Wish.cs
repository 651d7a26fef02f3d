using System.Collections.Immutable;
using CsCheck;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Machines;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>A command in the making: which one, and numbers that choose its parts once the state is known. Half of them are the sensible next thing, or nothing would get far.</summary>
public sealed record Wish(bool Sensible, int Kind, int A, int B, int C, int Minutes)
{
    public static readonly Gen<Wish> Any = Gen.Select(Gen.Bool, Gen.Int[0, 999], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[-60, 600],
        (sensible, kind, a, b, c, minutes) => new Wish(sensible, kind, a, b, c, minutes));

    static readonly ImmutableArray<string> Texts =
    [
        "operator", "security", "", Holds.Dirty, Holds.Inspection, Holds.Identity, Workflows.Inspect, "dimm:A2", "A2", "\0", "'; DROP TABLE events;--",
        "a\nb\r\n", "../../etc/passwd", "<script>", "😀‮", "\ud800", "{0} %s", new string('x', 5000), "ŉ̈́ͅ", "op-1",
    ];

    static readonly ImmutableArray<Inventory> Found =
    [
        Hardware, Hardware, Hardware, Lives.Without("A2"), Hardware with { Disks = [Nvme, Sata, Usb, San] }, Hardware with { Disks = [] },
        Hardware with { Disks = [Nvme with { Serial = "", Wwn = "" }, Sata] }, Hardware with { Disks = [Usb, San] },
        Hardware with { System = Hardware.System with { Serial = "S-2" } }, Hardware with { Board = Hardware.Board with { Serial = "B-2" } },
        Hardware with { Nics = [] }, Hardware with { MemoryMiB = long.MaxValue, Bios = new Firmware("", "", "") },
    ];

    static readonly ImmutableArray<ImmutableArray<ProfileVersion>> Profiles = [[Compute], [Compute], [Compute], [], [Compute, Anything], [Storage], [Storage, Anything], [Anything]];

    static T Pick<T>(ImmutableArray<T> from, int n) => from[n % from.Length];

    string Text(int n) => Pick(Texts, n);

    DateTimeOffset? Expiry(DateTimeOffset now) => (C % 4) switch { 0 => null, 1 => now.AddMinutes(B), 2 => now.AddDays(B), _ => C % 8 == 3 ? DateTimeOffset.MinValue : DateTimeOffset.MaxValue };

    public MachineCommand For(MachineState state, DateTimeOffset now)
    {
        var about = (state as MachineState.Known)?.About;
        var running = about?.Operation?.Id;
        var operation = A % 4 == 0 || running is null ? $"op-{A}" : running;
        var command = Sensible ? Next(state, operation) : Arbitrary(now, operation);
        return command with { At = now };
    }

    /// <summary>What would get the machine on, give or take what it reports.</summary>
    MachineCommand Next(MachineState state, string operation) => (state, (state as MachineState.Known)?.About.Operation) switch
    {
        (MachineState.Unknown, _) => B % 4 == 0 ? new EnlistMachine(Id, Evidence) : Lives.OnPaper,
        (MachineState.Enlisted, _) => A % 5 == 0 ? new RejectMachine(Id, "not ours") : new AcceptMachine(Id, Place, Bmc, "compute", null) { Operation = operation, KeepPassword = B % 2 == 0 },
        (_, { Kind: Workflows.Inspect }) => new RecordInspection(Id, operation, Pick(Found, B % 5), Healthy, Pick(Profiles, C % 3)),
        (_, { Kind: Workflows.RotateBmc }) => B % 2 == 0 ? new RecordPendingPassword(Id, operation, new SecretRef("bmc", 1 + (C % 3))) : new RecordErrand(Id, operation),
        (_, { Kind: Workflows.PowerOn or Workflows.PowerOff or Workflows.LocateOn or Workflows.LocateOff }) => new RecordErrand(Id, operation),
        (_, { Writing: false }) => new RecordWriting(Id, operation),
        (_, { Kind: Workflows.Provision or Workflows.Reimage }) => new RecordProvisioned(Id, operation, Written, "10.1.0.5"),
        (_, { Kind: Workflows.Release }) => new RecordReleased(Id, operation, Pick(Found, B), Healthy, Pick(Profiles, C)),
        (_, { }) => new RecordRetired(Id, operation),
        (MachineState.Inventory s, _) when s.About.Holds.ContainsKey(Holds.Dirty) => new ReleaseMachine(Id) { Operation = operation },
        (MachineState.Inventory, _) when B % 3 == 0 => new PromoteMachine(Id),
        (MachineState.Inventory s, _) when s.About.Holds.Count > 0 && B % 3 == 1 => new UnholdMachine(Id, s.About.Holds.Keys.First()),
        (MachineState.Racked or MachineState.Inventory, _) => new InspectMachine(Id) { Operation = operation },
        (MachineState.Spare s, _) when s.About.Holds.Count > 0 => new UnholdMachine(Id, s.About.Holds.Keys.First()),
        (MachineState.Spare, _) => B % 8 == 0 ? new RetireMachine(Id) { Operation = operation } : new ProvisionMachine(Id, Samples.Spec, Debian) { Operation = operation },
        (MachineState.Baremetal, _) => B % 2 == 0 ? new ReleaseMachine(Id) { Operation = operation } : new ReimageMachine(Id, Samples.Spec, Debian) { Operation = operation },
        _ => new UnrackMachine(Id),
    };

    MachineCommand Arbitrary(DateTimeOffset now, string operation) => (Kind % 43) switch
    {
        0 => new RackMachine(Id, Pick([Serial, "S-2", ""], A), Place with { Unit = B }, C % 2 == 0 ? null : Bmc, C % 3 == 0 ? null : "compute", A % 2 == 0 ? default : ["aa:00:00:00:00:01"], Text(B)),
        1 => new EnlistMachine(Id, Evidence with { Serial = Text(A), Macs = B % 2 == 0 ? default : Evidence.Macs }),
        2 => new AcceptMachine(Id, Place with { Unit = B }, C % 2 == 0 ? null : Bmc, null, Text(A)) { Operation = operation, KeepPassword = A % 2 == 0 },
        3 => new MergeMachine(Id, Text(A)),
        4 => new RejectMachine(Id, Text(A)),
        5 => new SetMachine(Id, Text(A), Text(B), Text(C), null, null),
        6 => new SetMachine(Id, null, A % 2 == 0 ? null : Text(A), null, B % 2 == 0 ? null : "compute", C % 2 == 0 ? null : Place with { Unit = C }),
        7 => new SetMachineBmc(Id, Bmc with { Address = Text(A) }),
        8 => new RekeyMachine(Id, Evidence with { BoardSerial = Text(A), Macs = B % 2 == 0 ? default : [Text(B)] }, Text(C)),
        9 or 10 => new HoldMachine(Id, Text(A), Text(B), Expiry(now), null),
        11 => new UnholdMachine(Id, Text(A)),
        12 => new TagMachine(Id, ImmutableDictionary<string, string>.Empty.Add(Text(A), Text(B)), C % 2 == 0 ? default : [Text(C), Text(A)]),
        13 => new WaiveGap(Id, Text(A), Expiry(now) ?? now, Text(B)),
        14 => new RepairMachine(Id, Text(A), Text(B), C % 2 == 0 ? null : Text(C)),
        15 => new NoteDrift(Id, Text(A), Text(B), Text(C)),
        16 => new InspectMachine(Id) { Operation = operation },
        17 => new PromoteMachine(Id),
        18 => new ProvisionMachine(Id, Samples.Spec with { Hostname = Text(A), RootDisk = Pick(["first", "smallest", "largest", "", San.Serial, Text(C)], C) }, B % 5 == 0 ? null : Debian) { Operation = operation, PlanHash = B % 7 == 0 ? Text(B) : null },
        19 => new ReimageMachine(Id, Samples.Spec with { Dns = default, SshKeys = default }, Debian) { Operation = operation },
        20 => new ReleaseMachine(Id) { Operation = operation },
        21 => new RetireMachine(Id) { Operation = operation },
        22 => new RetireDestroyed(Id, (A % 6) switch { 0 => default, 1 => [new DestroyedDisk(Text(B), Text(C))], _ => B % 4 == 0 ? [new DestroyedDisk(Nvme.Serial, "x"), new DestroyedDisk(Sata.Serial, "y")] : [] }),
        23 => new AdoptMachine(Id, Evidence with { Macs = A % 2 == 0 ? default : [] }, Text(B), Text(C)),
        24 => new StartMaintenance(Id, Text(A), Expiry(now) ?? now),
        25 => new EndMaintenance(Id, A % 2 == 0 ? null : Pick(Found, B)),
        26 => new UnrackMachine(Id),
        27 => new RecordInspection(Id, operation, Pick(Found, B), A % 3 == 0 ? Sick : Healthy, Pick(Profiles, C)),
        28 => new RecordWriting(Id, operation),
        29 => new RecordProvisioned(Id, operation, Written, Text(B)),
        30 => new RecordWipes(Id, operation, [WipeOf(Nvme), WipeOf(Sata) with { Error = Text(B) }, WipeOf(Nvme)]),
        39 => new ClearDrift(Id, Text(A)),
        40 => new RecordLook(Id, C % 5 == 0 ? null : new(B % 6 == 0 ? Text(B) : null, A % 5, Pick([Serial, "S-2", ""], A), B % 2 == 0 ? "" : Uuid, null, Pick(["on", "off", null], C), A % 3 == 0 ? null : A * 8192L, B % 3)),
        41 => new RecordBootRequest(Id),
        42 => new RecordBoot(Id, A % 2 == 0 ? operation : Text(A), new("", Id, "", B % 2 == 0 ? Debian.Id : Text(B), Evidence, C % 2 == 0 ? default : [Nvme.Serial], A * 8192L)),
        31 => B % 2 == 0 ? new RecordReleased(Id, operation, Pick(Found, B), Healthy, Pick(Profiles, C)) : new RecordRetired(Id, operation),
        32 => new RotateBmc(Id) { Operation = operation },
        33 => new PowerMachine(Id, A % 2 == 0) { Operation = operation },
        34 => new LocateMachine(Id, A % 2 == 0) { Operation = operation },
        35 => new RecordPendingPassword(Id, operation, new SecretRef(Text(A), B)),
        36 => new RecordErrand(Id, operation),
        37 => new TakeEvidence(Id, Evidence with { Serial = Text(A), Macs = B % 2 == 0 ? default : Evidence.Macs }, Text(C)),
        _ => new AbandonOperation(Id, operation, Text(B), C % 2 == 0),
    };
}
