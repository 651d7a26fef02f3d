using System.Collections.Immutable;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests;

/// <summary>Machines at every stage a test starts from. The first inspection is <c>op-inspect</c>, what follows <c>op-now</c>, and then <c>op-again</c>.</summary>
public static class Lives
{
    public const string First = "op-inspect";
    public const string Now = "op-now";
    public const string Again = "op-again";

    public static readonly RackMachine OnPaper = new(Id, Serial, Place, Bmc, "compute", ["aa:00:00:00:00:01"], "web-1");
    public static readonly HoldMachine Suspicion = new(Id, "operator", "smells of smoke", null, null);

    public static readonly Life Enlisted = Life.None.Do(new EnlistMachine(Id, Evidence)).Later();
    public static readonly Life Racked = Life.None.Do(OnPaper).Later();
    public static readonly Life RackedWithoutBmc = Life.None.Do(OnPaper with { Bmc = null }).Later();
    public static readonly Life RackedUnordered = Life.None.Do(OnPaper with { Profile = null }).Later();
    public static readonly Life Inspecting = Racked.Do(new InspectMachine(Id) { Operation = First }).Later();

    public static readonly Life Spare = Inspecting.Do(Report(Hardware)).Later();
    public static readonly Life InventoryGap = Inspecting.Do(Report(Without("A2"))).Later();
    public static readonly Life InventorySick = Inspecting.Do(Report(Hardware) with { Health = Sick }).Later();
    public static readonly Life InventoryUnclassified = RackedUnordered.Do(new InspectMachine(Id) { Operation = First }).Later()
        .Do(Report(Hardware) with { Profiles = [Compute, Anything] }).Later();
    public static readonly Life InventoryHeld = Inspecting.Do(Suspicion).Later().Do(Report(Hardware)).Later();
    public static readonly Life InventoryReady = InventoryHeld.Do(new UnholdMachine(Id, "operator")).Later();
    public static readonly Life InventoryInspecting = InventoryGap.Do(new InspectMachine(Id) { Operation = Now }).Later();

    public static readonly Life SpareHeld = Spare.Do(Suspicion).Later();
    public static readonly Life SpareReserved = Spare.Do(new ReserveMachine(Id, "change-1", Samples.Start.AddDays(1))).Later();
    public static readonly Life SpareDrifting = Spare.Do(new NoteDrift(Id, Drifts.Power, "off", "on")).Later();
    public static readonly Life SpareInspecting = Spare.Do(new InspectMachine(Id) { Operation = Now }).Later();
    public static readonly Life Provisioning = Spare.Do(new ProvisionMachine(Id, Spec, Debian) { Operation = Now }).Later();
    public static readonly Life ProvisioningWriting = Provisioning.Do(new RecordWriting(Id, Now)).Later();
    public static readonly Life SpareRotating = Spare.Do(new RotateBmc(Id) { Operation = Now }).Later();
    public static readonly Life SpareRotatingPending = SpareRotating.Do(new RecordPendingPassword(Id, Now, NewSecret)).Later();
    public static readonly Life Retiring = Spare.Do(new RetireMachine(Id) { Operation = Now }).Later();
    public static readonly Life RetiringWriting = Retiring.Do(new RecordWriting(Id, Now)).Later();
    public static readonly Life Dirty = ProvisioningWriting.Do(new AbandonOperation(Id, Now, "cancelled", false)).Later();
    public static readonly Life DirtyReleasing = Dirty.Do(new ReleaseMachine(Id) { Operation = Again }).Later();
    public static readonly Life DirtyReleasingWriting = DirtyReleasing.Do(new RecordWriting(Id, Again)).Later();

    public static readonly Life Baremetal = ProvisioningWriting.Do(new RecordProvisioned(Id, Now, Written, "10.1.0.5")).Later();
    public static readonly Life BaremetalHeld = Baremetal.Do(Suspicion).Later();
    public static readonly Life Maintained = Baremetal.Do(new StartMaintenance(Id, "new DIMM", Samples.Start.AddDays(1))).Later();
    public static readonly Life SwitchingOn = Baremetal.Do(new PowerMachine(Id, true) { Operation = Again }).Later();
    public static readonly Life Lighting = Baremetal.Do(new LocateMachine(Id, true) { Operation = Again }).Later();
    public static readonly Life Adopted = Racked.Do(new AdoptMachine(Id, Evidence, "old-db", "databases")).Later();
    public static readonly Life AdoptedWithoutBmc = RackedWithoutBmc.Do(new AdoptMachine(Id, Evidence, "old-db", "databases")).Later();
    public static readonly Life Reimaging = Baremetal.Do(new ReimageMachine(Id, Spec, Debian) { Operation = Again }).Later();
    public static readonly Life ReimagingWriting = Reimaging.Do(new RecordWriting(Id, Again)).Later();
    public static readonly Life Releasing = Baremetal.Do(new ReleaseMachine(Id) { Operation = Again }).Later();
    public static readonly Life ReleasingWriting = Releasing.Do(new RecordWriting(Id, Again)).Later();

    public static readonly Life Retired = RetiringWriting
        .Do(new RecordWipes(Id, Now, [WipeOf(Nvme), WipeOf(Sata)])).Do(new RecordRetired(Id, Now)).Later();
    public static readonly Life RetiredDestroyed = Racked.Do(new RetireDestroyed(Id, [new DestroyedDisk("NVME-1", "shredder 7")])).Later();
    public static readonly Life Gone = Retired.Do(new UnrackMachine(Id)).Later();

    /// <summary>Every one of them, by the name the table gives it.</summary>
    public static readonly ImmutableArray<(string Name, Life Life)> All =
    [
        ("unknown", Life.None), ("enlisted", Enlisted),
        ("racked", Racked), ("racked, no BMC", RackedWithoutBmc), ("racked, held", Racked.Do(Suspicion).Later()), ("racked, inspecting", Inspecting),
        ("inventory, a gap", InventoryGap), ("inventory, failed health", InventorySick), ("inventory, unclassified", InventoryUnclassified),
        ("inventory, passed but held", InventoryHeld), ("inventory, passed, hold lifted", InventoryReady), ("inventory, inspecting", InventoryInspecting),
        ("inventory, dirty", Dirty), ("inventory, dirty, releasing", DirtyReleasing), ("inventory, dirty, releasing and writing", DirtyReleasingWriting),
        ("spare", Spare), ("spare, reserved", SpareReserved), ("spare, held", SpareHeld), ("spare, drifting", SpareDrifting), ("spare, inspecting", SpareInspecting), ("spare, provisioning", Provisioning),
        ("spare, provisioning and writing", ProvisioningWriting), ("spare, rotating", SpareRotating), ("spare, rotating, password pending", SpareRotatingPending), ("spare, retiring", Retiring), ("spare, retiring and writing", RetiringWriting),
        ("baremetal", Baremetal), ("baremetal, held", BaremetalHeld), ("baremetal, in maintenance", Maintained),
        ("baremetal, switching on", SwitchingOn), ("baremetal, lighting", Lighting),
        ("baremetal, adopted", Adopted), ("baremetal, adopted, no BMC", AdoptedWithoutBmc),
        ("baremetal, reimaging", Reimaging), ("baremetal, reimaging and writing", ReimagingWriting),
        ("baremetal, releasing", Releasing), ("baremetal, releasing and writing", ReleasingWriting),
        ("retired", Retired), ("retired, destroyed", RetiredDestroyed), ("retired, unracked", Gone),
    ];

    public static RecordInspection Report(Inventory found, string operation = First) => new(Id, operation, found, Healthy, [Compute]);

    /// <summary>The sample hardware without the DIMM in a slot.</summary>
    public static Inventory Without(string slot) => Hardware with { Dimms = Hardware.Dimms.RemoveAll(d => d.Slot == slot) };
}
