using System.Collections.Immutable;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Tables;

/// <summary>At least one command of every type, as it would be sent to a given machine: reports come from the operation under way.</summary>
public static class Commands
{
    static readonly BmcReport Seen = new(null, 0, Serial, Uuid, null, "off", null, null);

    public static ImmutableArray<(string Name, MachineCommand Command)> For(MachineState state)
    {
        var running = (state as MachineState.Known)?.About.Operation?.Id ?? "op-none";
        return
        [
            ("rack", Lives.OnPaper), ("rack elsewhere", Lives.OnPaper with { Place = Place with { Unit = 3 } }),
            ("enlist", new EnlistMachine(Id, Evidence)),
            ("accept", new AcceptMachine(Id, Place, Bmc, "compute", "web-1") { Operation = "op-next" }),
            ("accept, keeping the password", new AcceptMachine(Id, Place, Bmc, "compute", "web-1") { Operation = "op-next", KeepPassword = true }),
            ("accept elsewhere", new AcceptMachine(Id, Place with { Unit = 3 }, Bmc, "compute", "web-1") { Operation = "op-next" }),
            ("merge", new MergeMachine(Id, "sn-other")), ("take evidence", new TakeEvidence(Id, Evidence with { Serial = "7C4KZ" }, "sn-7c4kz")), ("reject", new RejectMachine(Id, "not ours")),
            ("set note", new SetMachine(Id, null, "careful", null, null, null)),
            ("set name", new SetMachine(Id, "web-9", null, null, null, null)),
            ("set place", new SetMachine(Id, null, null, null, null, Place with { Unit = 30 })),
            ("bmc", new SetMachineBmc(Id, OtherBmc)), ("rekey", new RekeyMachine(Id, Evidence with { BoardSerial = "BRD-2" }, "new board")),
            ("rotate bmc", new RotateBmc(Id) { Operation = "op-next" }),
            ("power on", new PowerMachine(Id, true) { Operation = "op-next" }), ("power off", new PowerMachine(Id, false) { Operation = "op-next" }),
            ("locate on", new LocateMachine(Id, true) { Operation = "op-next" }), ("locate off", new LocateMachine(Id, false) { Operation = "op-next" }),
            ("reserve for a change", new ReserveMachine(Id, "change-1", Start.AddDays(1))),
            ("free from that change", new FreeMachine(Id, "change-1")),
            ("hold", new HoldMachine(Id, "security", "CVE", null, null)),
            ("hold as dirty, until soon", new HoldMachine(Id, Holds.Dirty, "nothing to see", Start.AddHours(1), null)),
            ("unhold operator", new UnholdMachine(Id, "operator")), ("unhold dirty", new UnholdMachine(Id, Holds.Dirty)),
            ("tag", new TagMachine(Id, ImmutableDictionary<string, string>.Empty.Add("team", "payments"), ["old"])),
            ("waive dimm:A2", new WaiveGap(Id, "dimm:A2", Start.AddDays(30), "ordered")),
            ("repair A2", new RepairMachine(Id, "A2", "D-9", "RMA-1")), ("drift", new NoteDrift(Id, "power", "on", "off")),
            ("drift cleared", new ClearDrift(Id, "power")),
            ("look: on", new RecordLook(Id, Seen with { Power = "on" })), ("look: off", new RecordLook(Id, Seen)),
            ("look: another machine", new RecordLook(Id, Seen with { Serial = "OTHER-1", Owner = "other-1" })),
            ("look: third without an answer", new RecordLook(Id, new("it does not answer", 3, "", "", null, null, null, null))),
            ("asks what to boot", new RecordBootRequest(Id)),
            ("boots another image", new RecordBoot(Id, Lives.Now, new("token", Id, "web-1", "other@7", Evidence, [Nvme.Serial, Sata.Serial], Hardware.MemoryMiB))),
            ("inspect", new InspectMachine(Id) { Operation = "op-next" }), ("promote", new PromoteMachine(Id)),
            ("provision", new ProvisionMachine(Id, Spec, Debian) { Operation = "op-next" }),
            ("reimage", new ReimageMachine(Id, Spec, Debian) { Operation = "op-next" }),
            ("release", new ReleaseMachine(Id) { Operation = "op-next" }),
            ("retire", new RetireMachine(Id) { Operation = "op-next" }),
            ("retire, stale plan", new RetireMachine(Id) { Operation = "op-next", PlanHash = "0000" }),
            ("retire destroyed", new RetireDestroyed(Id, [new DestroyedDisk(Nvme.Serial, "shredder 7"), new DestroyedDisk(Sata.Serial, "shredder 7")])),
            ("adopt", new AdoptMachine(Id, Evidence, "old-db", "databases")),
            ("maintain start", new StartMaintenance(Id, "new fan", Start.AddDays(2))),
            ("maintain end", new EndMaintenance(Id, null)), ("maintain end, a DIMM gone", new EndMaintenance(Id, Lives.Without("A2"))),
            ("unrack", new UnrackMachine(Id)),
            ("record inspection", Lives.Report(Hardware, running)), ("record writing", new RecordWriting(Id, running)),
            ("record inspection, other machine", Lives.Report(Hardware with { System = Hardware.System with { Serial = "OTHER-1", Uuid = "ffffffff-0000-0000-0000-000000000000" } }, running)),
            ("record provisioned", new RecordProvisioned(Id, running, Written, "10.1.0.5")),
            ("record wipes", new RecordWipes(Id, running, [WipeOf(Nvme), WipeOf(Sata)])),
            ("record released", new RecordReleased(Id, running, Hardware, Healthy, [Compute])),
            ("record pending password", new RecordPendingPassword(Id, running, NewSecret)), ("record errand", new RecordErrand(Id, running)),
            ("record retired", new RecordRetired(Id, running)),
            ("abandon, cancelled", new AbandonOperation(Id, running, "a person said so", false)),
            ("abandon, failed", new AbandonOperation(Id, running, "it did not boot", true)),
            ("abandon, another operation", new AbandonOperation(Id, "op-stale", "late", true)),
        ];
    }
}
