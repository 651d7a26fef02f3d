using System.Collections.Immutable;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using static Ppec.Contracts.Gate.ProblemCodes;
using static Ppec.Domain.Decide;
using static Ppec.Domain.Machines.MachineState;
using HardwareInventory = Ppec.Contracts.Hardware.Inventory;

namespace Ppec.Domain.Machines;

/// <summary>
/// The rules of a machine's life. One row per rule, most specific first, refusals last;
/// <c>tests/Domain.Tests/tables/machine.txt</c> is the whole table of stage × command, generated.
/// </summary>
public static partial class Machine
{
    public static Decision<MachineEvent> Decide(MachineState state, MachineCommand command)
    {
        var decision = Rules(state, Filled(command));
        return decision.Problem is null
            ? decision with { Events = [.. decision.Events.Select(e => e with { At = command.At })] }
            : decision;
    }

    static Decision<MachineEvent> Rules(MachineState state, MachineCommand command) => (state, command) switch
    {
        // A machine appears, on paper or by itself.
        (Unknown, RackMachine c)                                   => new MachineRacked(c.Machine, c.Serial, c.Place, c.Bmc, c.Profile, c.Macs, c.Name),
        (Unknown, EnlistMachine c)                                 => new MachineEnlisted(c.Machine, c.Evidence),
        (Unknown, RejectMachine or MergeMachine)                   => Nothing<MachineEvent>(),
        (Unknown, _)                                               => No(MachineUnknown, $"There is no machine {command.Machine}. Rack it first."),
        (Known s, RackMachine c)                                   => AsRacked(s, c),
        (Known, EnlistMachine)                                     => Nothing<MachineEvent>(),

        // Reports: only of the operation under way; repeated once it ended, they write nothing.
        (Known s, _) when ReportOf(command) is { } operation && s.About.Operation?.Id != operation
                                                                   => s.About.LastOperation == operation ? Nothing<MachineEvent>() : No(OperationStale, $"Operation {operation} is not under way on {command.Machine}."),
        (Known { About.Operation: { } o }, _) when ReportOf(command) is not null && !MayReport(o, command)
                                                                   => No(OperationStale, $"Operation {o.Id} ({o.Kind}) cannot report this now."),
        (Known { About.Operation.Writing: true }, RecordWriting)   => Nothing<MachineEvent>(),
        (Known, RecordWriting c)                                   => new DiskWritingStarted(c.Operation),
        (Known s, AbandonOperation c)                              => Abandon(s, c),
        (Known s, RecordWipes c)                                   => Wiped(s, c),
        (Racked or Inventory or Spare, RecordInspection c)         => Inspected((Known)state, c.Operation, c.Inventory, c.Health, c.Profiles, c.At),
        (Baremetal or Inventory, RecordReleased c)                 => Released((Known)state, c),
        (Known { About.Bmc.Pending: { } pending }, RecordPendingPassword c) when pending == c.Secret => Nothing<MachineEvent>(),
        (Known { About.Bmc: { Pending: null } }, RecordPendingPassword c) => new PasswordPending(c.Operation, c.Secret),
        (Known { About.Bmc: not null }, RecordPendingPassword c)   => No(OperationStale, "Another password is pending already."),
        (Known { About: { Bmc: not { Pending: not null }, Operation.Kind: Workflows.RotateBmc } }, RecordErrand) => No(OperationStale, "Its BMC was set anew meanwhile: there is no password pending."),
        (Known, RecordErrand c)                                    => new ErrandDone(c.Operation),
        (Spare or Baremetal, RecordProvisioned c)                  => new MachineProvisioned(c.Operation, c.Install, c.BeaconAddress),
        (Racked or Inventory or Spare, RecordRetired c)            => new MachineRetired(c.Operation, []),

        // Notes, tags and holds are accepted at any time.
        (Known s, HoldMachine c)                                   => Hold(s, c),
        (Known s, UnholdMachine c)                                 => Unhold(s, c),
        (Known s, TagMachine c)                                    => Tag(s, c),
        (Baremetal { Maintenance: { } m }, NoteDrift) when m.ExpiresAt > command.At => Nothing<MachineEvent>(),
        (Known s, NoteDrift c)                                     => Drifts.Settle(s.About, c.At, new Drifts.Finding(c.Kind, c.Expected, c.Found)),
        (Known s, ClearDrift c)                                    => Drifts.Settle(s.About, c.At, new Drifts.Finding(c.Kind)),
        (Known { About.Operation: not null }, RecordLook or RecordBootRequest or RecordBoot) => Nothing<MachineEvent>(),
        (Known s, RecordLook c)                                    => Drifts.OfLook(s, c),
        (Known s, RecordBootRequest c)                             => Drifts.OfBootRequest(s, c.At),
        (Known s, RecordBoot c)                                    => Drifts.OfBoot(s, c),
        (Enlisted, SetMachine { Place: not null })                 => No(MachineNotAccepted, $"{command.Machine} enlisted itself: it gets its place when it is accepted."),
        (Retired, SetMachine { Name: null, Owner: null, Profile: null, Place: null } c) => Describe((Known)state, c),
        (not Retired, SetMachine c)                                => Describe((Known)state, c),

        // Kept for a change: whatever else would begin waits for that to end.
        (Known { About.Reserved: { } r }, ReserveMachine c) when r.Change == c.For => Nothing<MachineEvent>(),
        (Known { About.Reserved: { } r }, not FreeMachine) when r.Until > command.At && r.Change != command.ForChange
                                                                   => KeptFor(r),
        (Known, ReserveMachine c)                                  => new MachineReserved(c.For, c.Until),
        (Known { About.Reserved: { } r }, FreeMachine c) when r.Change == c.From => new MachineFreed(c.From),
        (Known, FreeMachine)                                       => Nothing<MachineEvent>(),

        // Retired is the end, but for leaving the rack.
        (Retired { Unracked: true }, UnrackMachine)                => Nothing<MachineEvent>(),
        (Retired, UnrackMachine)                                   => new MachineUnracked(),
        (Retired s, RetireDestroyed or RetireMachine) when Repeats(s, command) => Nothing<MachineEvent>(),
        (Retired, _)                                               => WrongStage(state, command),

        // One operation at a time; the same one asked again is already under way.
        (Known s, IStartsOperation o) when s.About.Operation?.Id == o.Operation || s.About.LastOperation == o.Operation => Nothing<MachineEvent>(),
        (Known { About.Operation: { } busy }, not (RekeyMachine or WaiveGap or RepairMachine or SetMachineBmc))
                                                                   => No(MachineBusy, $"Operation {busy.Id} ({busy.Kind}) is under way: wait for it, or cancel it first."),

        // Enlisted: ours or not?
        (Enlisted, AcceptMachine c) when c.Bmc is null || c.KeepPassword => new MachineAccepted(c.Place, c.Bmc, c.Profile, c.Name),
        (Enlisted, AcceptMachine c)                                => Then<MachineEvent>(new MachineAccepted(c.Place, c.Bmc, c.Profile, c.Name), new ErrandStarted(c.Operation, Workflows.RotateBmc)),
        (Enlisted, RejectMachine c)                                => new MachineRejected(c.Why),
        (Enlisted, MergeMachine c)                                 => new MachineMerged(c.As),
        (Enlisted, _)                                              => No(MachineNotAccepted, $"{command.Machine} enlisted itself and waits to be accepted or rejected."),
        (Known s, AcceptMachine c) when s.About.Place == c.Place   => Nothing<MachineEvent>(),

        (Racked s, TakeEvidence c)                                 => Take(s, c),
        (Known s, TakeEvidence c)                                  => Same(s.About.Evidence, c.Evidence) ? Nothing<MachineEvent>() : Seen(c),

        (Known s, SetMachineBmc c)                                 => s.About.Bmc == c.Bmc ? Nothing<MachineEvent>() : new MachineBmcSet(c.Bmc),
        (Known s, RekeyMachine c)                                  => Same(s.About.Evidence, c.Evidence) ? Nothing<MachineEvent>() : new MachineRekeyed(c.Evidence, c.Why),
        (Known s, WaiveGap c)                                      => Waive(s, c),
        (Known s, RepairMachine c)                                 => Repair(s, c),

        // Errands leave the stage as it is.
        (Known { About.Bmc: null }, RotateBmc or PowerMachine or LocateMachine) => NoBmc(command),
        (Known, RotateBmc c)                                       => new ErrandStarted(c.Operation, Workflows.RotateBmc),
        (Known, LocateMachine c)                                   => new ErrandStarted(c.Operation, c.On ? Workflows.LocateOn : Workflows.LocateOff),
        (Baremetal, PowerMachine { On: true } c)                   => new ErrandStarted(c.Operation, Workflows.PowerOn),
        (Baremetal { Maintenance: { } m }, PowerMachine c) when m.ExpiresAt > c.At => new ErrandStarted(c.Operation, Workflows.PowerOff),
        (Baremetal, PowerMachine)                                  => No(MachineNotInMaintenance, "A machine in production is switched off only in maintenance: start that first."),

        // Inspect: never from production.
        (Racked { About.Bmc: null } or Inventory { About.Bmc: null } or Spare { About.Bmc: null }, InspectMachine) => NoBmc(command),
        (Inventory s, InspectMachine) when s.About.Holds.ContainsKey(Holds.Dirty) => No(ProblemCodes.MachineHeld, "Its disks are half written: release it, which wipes and inspects it."),
        (Racked or Inventory or Spare, InspectMachine c)           => new InspectionStarted(c.Operation),

        (Spare, PromoteMachine)                                    => Nothing<MachineEvent>(),
        (Inventory s, PromoteMachine c)                            => Promote(s, c),

        (Spare s, ProvisionMachine c)                              => MachinePlans.Start(MachinePlans.Provision(s, s.Type, c.Spec, c.Image, c.At, c.Quota), c.PlanHash, (install, plan) => new ProvisioningStarted(c.Operation, install, plan.Hash)),
        (Baremetal s, ReimageMachine c)                            => MachinePlans.Start(MachinePlans.Reimage(s, c.Spec, c.Image, c.At), c.PlanHash, (install, plan) => new ReimagingStarted(c.Operation, install, plan.Hash)),
        (Baremetal or Inventory, ReleaseMachine c)                 => MachinePlans.Start(MachinePlans.Release((Known)state), c.PlanHash, (disks, plan) => new ReleaseStarted(c.Operation, disks, plan.Hash)),
        (Racked or Inventory or Spare, RetireMachine c)            => MachinePlans.Start(MachinePlans.Retire((Known)state), c.PlanHash, (disks, plan) => new RetirementStarted(c.Operation, disks, plan.Hash)),
        (Racked or Inventory or Spare, RetireDestroyed c)          => Destroyed((Known)state, c),
        (Baremetal s, RetireDestroyed c)                           => s.About.HoldsAt(c.At).Any() ? Destroyed(s, c) : No(MachineBoots, "A machine in production is released first; only one that is held because it cannot boot is retired as destroyed."),

        (Racked s, AdoptMachine c)                                 => Adopt(s, c),
        (Baremetal s, AdoptMachine c) when !s.Verified && s.Hostname == c.Hostname => Nothing<MachineEvent>(),

        (Baremetal { Maintenance: { } m }, StartMaintenance c) when m == new Maintenance(c.Why, c.ExpiresAt) => Nothing<MachineEvent>(),
        (Baremetal { Maintenance: { } m }, StartMaintenance c) when m.ExpiresAt > c.At => No(MachineInMaintenance, $"Already in maintenance until {m.ExpiresAt:u}: {m.Why}."),
        (Baremetal, StartMaintenance c)                            => new MaintenanceStarted(c.Why, c.ExpiresAt),
        (Baremetal { Maintenance: null }, EndMaintenance)          => Nothing<MachineEvent>(),
        (Baremetal s, EndMaintenance c)                            => AfterMaintenance(s, c),

        (_, UnrackMachine)                                         => No(MachineStillRacked, "Only a retired machine leaves its rack: retire it first."),
        _                                                          => WrongStage(state, command),
    };

    /// <summary>A list left out is an empty one.</summary>
    static MachineCommand Filled(MachineCommand command) => command switch
    {
        RackMachine { Macs.IsDefault: true } c           => c with { Macs = [] },
        EnlistMachine { Evidence.Macs.IsDefault: true } c => c with { Evidence = c.Evidence with { Macs = [] } },
        TakeEvidence { Evidence.Macs.IsDefault: true } c => c with { Evidence = c.Evidence with { Macs = [] } },
        AdoptMachine { Evidence.Macs.IsDefault: true } c => c with { Evidence = c.Evidence with { Macs = [] } },
        RekeyMachine { Evidence.Macs.IsDefault: true } c => c with { Evidence = c.Evidence with { Macs = [] } },
        TagMachine { Remove.IsDefault: true } c          => c with { Remove = [] },
        RetireDestroyed { Disks.IsDefault: true } c      => c with { Disks = [] },
        _                                                => command,
    };

    internal static Problem KeptFor(Reservation r) =>
        No(ProblemCodes.MachineReserved, $"Change {r.Change} waits for a second person and keeps it until {r.Until:yyyy-MM-dd'T'HH:mm'Z'}: decide that first, or withdraw it.");

    /// <summary>Which operation a report claims to come from; null for commands that are no reports.</summary>
    static string? ReportOf(MachineCommand command) => command switch
    {
        RecordInspection c => c.Operation,
        RecordWriting c => c.Operation,
        RecordProvisioned c => c.Operation,
        RecordWipes c => c.Operation,
        RecordReleased c => c.Operation,
        RecordRetired c => c.Operation,
        RecordPendingPassword c => c.Operation,
        RecordErrand c => c.Operation,
        AbandonOperation c => c.Operation,
        _ => null,
    };

    /// <summary>What an operation of each kind may report, and when: nothing is installed, wiped or retired by one that never began to write.</summary>
    static bool MayReport(Ongoing operation, MachineCommand report) => (operation.Kind, report) switch
    {
        (_, AbandonOperation)                                          => true,
        (Workflows.Inspect, RecordInspection)                          => true,
        (Workflows.RotateBmc, RecordPendingPassword)                   => true,
        (var errand, RecordErrand)                                     => Workflows.IsErrand(errand),
        (Workflows.Provision or Workflows.Reimage or Workflows.Release or Workflows.Retire, RecordWriting) => true,
        (Workflows.Provision or Workflows.Reimage, RecordProvisioned)  => operation.Writing,
        (Workflows.Release or Workflows.Retire, RecordWipes)           => operation.Writing,
        (Workflows.Release, RecordReleased)                            => operation.Writing,
        (Workflows.Retire, RecordRetired)                              => operation.Writing,
        _                                                              => false,
    };

    static Decision<MachineEvent> AsRacked(Known s, RackMachine c) =>
        s is Racked && s.About.Serial == c.Serial && s.About.Place == c.Place && s.About.Bmc == c.Bmc && s.About.Profile == c.Profile && s.About.Name == c.Name && s.About.Macs.SequenceEqual(c.Macs)
            ? Nothing<MachineEvent>()
            : No(MachineExists, s is Enlisted
                ? $"{c.Machine} enlisted itself already: accept it instead."
                : $"{c.Machine} is already known, and is {s.Stage}.");

    static Decision<MachineEvent> Inspected(Known s, string operation, HardwareInventory inventory, Contracts.Hardware.HealthReport health, ImmutableArray<Contracts.Profiles.ProfileVersion> profiles, DateTimeOffset at)
    {
        if (Parts.Contradiction(Expected(s.About), Evidence(inventory)) is { } wrong) return Stranger(s, operation, wrong);

        var evaluation = Evaluation.Of(profiles, inventory, health, s.About.Waivers, at);
        var inspected = new MachineInspected(operation, inventory, health, evaluation);
        var changed = Drifts.OfInspection(s.About, inventory);
        var kept = s.About.Holds.RemoveRange([Holds.Inspection, Holds.Unclassified, Workflows.Inspect]).Values.Where(h => h.ExpiresAt is null || h.ExpiresAt > at);
        return (evaluation, kept.Any()) switch
        {
            ({ Passed: false, Type: null } e, _) when e.Gaps.IsEmpty && health.Checks.All(h => h.Status != Contracts.Hardware.HealthStatus.Failed)
                                        => Then<MachineEvent>([inspected, .. changed, new MachineHeld(Holds.Unclassified, e.Summary, null, null)]),
            ({ Passed: false } e, _)    => Then<MachineEvent>([inspected, .. changed, new MachineHeld(Holds.Inspection, e.Summary, null, null)]),
            (_, true)                   => Then<MachineEvent>([inspected, .. changed]),
            _                           => Then<MachineEvent>([inspected, .. changed, new MachinePromoted(evaluation.Type!)]),
        };
    }

    /// <summary>Whatever was reported is not of this machine. If disks were written, nobody knows whose: it lands as any operation does that ended there.</summary>
    static Decision<MachineEvent> Stranger(Known s, string operation, string wrong)
    {
        var abandoned = Abandon(s, new AbandonOperation(s.About.Id, operation, $"Another machine answered: {wrong}.", Failed: true));
        return Then<MachineEvent>([
            .. abandoned.Events.Where(e => e is not MachineHeld { Source: not Holds.Dirty }),
            new MachineHeld(Holds.Identity, $"Another machine answered where this one should: {wrong}. Check the cabling; rekey it if its board was replaced.", null, null)]);
    }

    static Decision<MachineEvent> Released(Known s, RecordReleased c)
    {
        if (Parts.Contradiction(Expected(s.About), Evidence(c.Inventory)) is { } wrong) return Stranger(s, c.Operation, wrong);
        var released = new MachineReleased(c.Operation);
        var inspected = Inspected((Known)Evolve(s, released), c.Operation, c.Inventory, c.Health, c.Profiles, c.At);
        return Then<MachineEvent>([released, .. inspected.Events]);
    }

    static Decision<MachineEvent> Wiped(Known s, RecordWipes c)
    {
        var unknown = c.Wipes.Where(w => !s.About.Wipes.Contains(w)).Select(w => new DiskWiped(c.Operation, w));
        return Then<MachineEvent>([.. unknown]);
    }

    /// <summary>Before the first write the machine keeps its stage; after it, it lands at Inventory, held dirty. A failure always holds.</summary>
    static Decision<MachineEvent> Abandon(Known s, AbandonOperation c)
    {
        var dirty = s.About.Operation!.Writing;
        var abandoned = new OperationAbandoned(c.Operation, c.Why, c.Failed, dirty);
        return (dirty, c.Failed) switch
        {
            (true, _)      => Then<MachineEvent>(abandoned, new MachineHeld(Holds.Dirty, $"{s.About.Operation.Kind} ended after it began to write disks: {c.Why}", null, null)),
            (false, true) when !Workflows.HoldsWhenFailed(s.About.Operation.Kind) => abandoned,
            (false, true)  => Then<MachineEvent>(abandoned, new MachineHeld(s.About.Operation.Kind, c.Why, null, null)),
            (false, false) => abandoned,
        };
    }

    static Decision<MachineEvent> Promote(Inventory s, PromoteMachine c)
    {
        if (s.About.Inspection is not { } report) return No(MachineEvaluationFailed, "It has never been inspected: inspect it first.");
        var held = s.About.HoldsAt(c.At).Where(h => h.Source is not (Holds.Inspection or Holds.Unclassified)).ToList();
        if (held.Count > 0) return No(ProblemCodes.MachineHeld, $"Lift the hold first: {held[0].Source}: {held[0].Why}");
        var blocking = report.Evaluation.Gaps.Where(g => g.Fails && !Evaluation.IsWaived(s.About.Waivers, g.Key, c.At)).ToList();
        if (blocking.Count > 0) return No(MachineEvaluationFailed, $"{Evaluation.Describe(blocking)} Waive it, or repair it and inspect again.");
        if (Evaluation.Failures(report.Health) is { Length: > 0 } failures) return No(MachineEvaluationFailed, failures);
        if (report.Evaluation.Type is not { } type) return No(MachineEvaluationFailed, "It matches no profile, or more than one: set its profile and inspect again.");
        if (s.About.HeldAt > report.At)
            return No(MachineReportTooOld, "Its report is older than its last hold: inspect it again.");
        ImmutableArray<MachineEvent> lifted = [.. s.About.Holds.Keys.Where(k => k is Holds.Inspection or Holds.Unclassified).Select(k => new MachineUnheld(k))];
        return Then<MachineEvent>([.. lifted, new MachinePromoted(type)]);
    }

    static Decision<MachineEvent> Destroyed(Known s, RetireDestroyed c)
    {
        var missing = s.About.Inspection is { } seen
            ? Parts.LocalDisks(seen.Inventory).Select(d => d.Serial).Except(c.Disks.Select(d => d.Serial)).ToList()
            : [];
        return missing.Count == 0
            ? new MachineRetired(null, c.Disks)
            : No(MachineDisksUnseen, $"Say what became of every disk; missing: {string.Join(", ", missing)}.");
    }

    static Decision<MachineEvent> Adopt(Known s, AdoptMachine c) =>
        Parts.Contradiction(Expected(s.About), c.Evidence) is { } wrong
            ? No(MachineIdentityMismatch, $"That is another machine: {wrong}.")
            : new MachineAdopted(c.Evidence, c.Hostname, c.Owner);

    static Decision<MachineEvent> AfterMaintenance(Baremetal s, EndMaintenance c)
    {
        if (c.Inventory is null || s.About.Inspection is not { } before) return new MaintenanceEnded(null);
        var lost = Parts.Differences(before.Inventory, c.Inventory);
        return lost.IsEmpty
            ? new MaintenanceEnded(null)
            : Then<MachineEvent>(new MaintenanceEnded(c.Inventory), new MachineHeld(Holds.Baseline, $"Maintenance changed the hardware: {string.Join("; ", lost)}. Lift this hold to accept it.", null, null));
    }

    static Decision<MachineEvent> Hold(Known s, HoldMachine c) =>
        s.About.Holds.TryGetValue(c.Source, out var h) && (h.Why, h.ExpiresAt, h.LiftPermission) == (c.Why, c.ExpiresAt, c.LiftPermission)
            ? Nothing<MachineEvent>()
            : h is { Source: Holds.Dirty }
            ? No(ProblemCodes.MachineHeld, "It is held dirty already, until it is wiped.")
            : new MachineHeld(c.Source, c.Why, c.ExpiresAt, c.LiftPermission);

    static Decision<MachineEvent> Unhold(Known s, UnholdMachine c) =>
        !s.About.Holds.ContainsKey(c.Source) ? Nothing<MachineEvent>()
        : c.Source == Holds.Dirty ? No(ProblemCodes.MachineHeld, "Dirty disks are cleaned, not waved through: release the machine, which wipes and inspects it.")
        : new MachineUnheld(c.Source);

    static Decision<MachineEvent> Tag(Known s, TagMachine c)
    {
        var set = c.Set.Where(t => !s.About.Tags.TryGetValue(t.Key, out var value) || value != t.Value).ToImmutableSortedDictionary();
        ImmutableArray<string> removed = [.. c.Remove.Where(k => s.About.Tags.ContainsKey(k) && !c.Set.ContainsKey(k))];
        return set.IsEmpty && removed.IsEmpty ? Nothing<MachineEvent>() : new MachineTagged(set, removed);
    }

    static Decision<MachineEvent> Describe(Known s, SetMachine c)
    {
        var described = new MachineDescribed(c.Name, c.Note, c.Owner, c.Profile);
        var after = ((Known)Evolve(s, described)).About;
        ImmutableArray<MachineEvent> events = [];
        if ((after.Name, after.Note, after.Owner, after.Profile) != (s.About.Name, s.About.Note, s.About.Owner, s.About.Profile)) events = events.Add(described);
        if (c.Place is { } place && place != s.About.Place) events = events.Add(new MachineMoved(place));
        return events;
    }

    /// <summary>Only a machine that was never seen takes what another one showed: evidence that is there changes by rekey alone.</summary>
    static Decision<MachineEvent> Take(Racked s, TakeEvidence c) =>
        Same(s.About.Evidence, c.Evidence) ? Nothing<MachineEvent>()
        : s.About.Evidence is null ? new MachineRekeyed(c.Evidence, $"It enlisted itself as {c.From}.")
        : Seen(c);

    static Problem Seen(TakeEvidence c) => No(MachineExists, $"{c.Machine} was seen already, so {c.From} is not it. If its board was replaced, rekey it.");

    static Decision<MachineEvent> Waive(Known s, WaiveGap c) =>
        s.About.Waivers.TryGetValue(c.Gap, out var w) && w == new Waiver(c.Gap, c.Until, c.Why) ? Nothing<MachineEvent>()
        : s.About.Inspection?.Evaluation.Gaps.Any(g => g.Key == c.Gap) == true ? new GapWaived(c.Gap, c.Until, c.Why)
        : No(MachineGapUnknown, $"Its last report has no gap {c.Gap}.");

    static Decision<MachineEvent> Repair(Known s, RepairMachine c) =>
        s.About.Repairs.Any(r => (r.Slot, r.Serial, r.Rma) == (c.Slot, c.Serial, c.Rma))
            ? Nothing<MachineEvent>()
            : new PartReplaced(c.Slot, c.Serial, c.Rma, s.About.Inspection is { } i ? Parts.SerialAt(i.Inventory, c.Slot) : null);

    static bool Repeats(Retired s, MachineCommand command) => command switch
    {
        RetireMachine c => s.About.LastOperation == c.Operation,
        RetireDestroyed c => s.Destroyed.SequenceEqual(c.Disks),
        _ => false,
    };

    static bool Same(Contracts.Agents.MachineEvidence? a, Contracts.Agents.MachineEvidence b) =>
        a is not null && (a.Serial, a.Uuid, a.BoardSerial) == (b.Serial, b.Uuid, b.BoardSerial) && a.Macs.SequenceEqual(b.Macs);

    /// <summary>Why what was seen cannot be this machine; null when nothing contradicts it.</summary>
    internal static string? NotOf(Dossier about, Contracts.Agents.MachineEvidence seen) => Parts.Contradiction(Expected(about), seen);

    /// <summary>Who it must be: before it was ever seen, the serial on paper says so.</summary>
    static Contracts.Agents.MachineEvidence Expected(Dossier about) => about.Evidence ?? new(about.Serial, "", "", []);

    static Contracts.Agents.MachineEvidence Evidence(HardwareInventory i) =>
        new(i.System.Serial, i.System.Uuid, i.Board.Serial, [.. i.Nics.Select(n => n.Mac)]);

    static Problem NoBmc(MachineCommand c) => No(MachineNoBmc, $"PPEC does not know how to reach the BMC of {c.Machine}: set it first.");

    static Problem WrongStage(MachineState s, MachineCommand c) =>
        No(MachineWrongStage, $"A machine that is {s.Stage} cannot do this ({c.Permission}).");
}
