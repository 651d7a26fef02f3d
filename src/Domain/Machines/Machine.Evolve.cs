using System.Collections.Immutable;
using System.Diagnostics;
using static Ppec.Domain.Machines.MachineState;

namespace Ppec.Domain.Machines;

public static partial class Machine
{
    public static readonly MachineState Initial = new Unknown();

    /// <summary>Folds one fact. Throws on a pair that cannot be: the stream is corrupt, or a row is missing here.</summary>
    public static MachineState Evolve(MachineState state, MachineEvent @event) => (state, @event) switch
    {
        (Unknown, MachineRacked e)             => new Racked(new Dossier(e.Id, e.Serial) { Place = e.Place, Bmc = e.Bmc, Profile = e.Profile, Macs = e.Macs.IsDefault ? [] : e.Macs, Name = e.Name }),
        (Unknown, MachineEnlisted e)           => new Enlisted(new Dossier(e.Id, e.Evidence.Serial) { Evidence = e.Evidence }),
        (Enlisted s, MachineAccepted e)        => new Racked(s.About with { Place = e.Place, Bmc = e.Bmc, Profile = e.Profile, Name = e.Name }),
        (Enlisted, MachineRejected)            => Initial,
        (Enlisted, MachineMerged)              => Initial,

        (Known s, MachineDescribed e)          => s with { About = s.About with { Name = Change(s.About.Name, e.Name), Note = Change(s.About.Note, e.Note), Owner = Change(s.About.Owner, e.Owner), Profile = Change(s.About.Profile, e.Profile) } },
        (Known s, MachineMoved e)              => s with { About = s.About with { Place = e.Place } },
        (Known s, MachineBmcSet e)             => s with { About = s.About with { Bmc = e.Bmc } },
        (Known { About.Bmc: { } bmc } s, PasswordPending e) => s with { About = s.About with { Bmc = bmc with { Pending = e.Secret } } },
        (Known s, MachineRekeyed e)            => s with { About = s.About with { Evidence = e.Evidence } },
        (Known s, MachineHeld e)               => s with { About = s.About with { HeldAt = e.Source is Holds.Inspection or Holds.Unclassified ? s.About.HeldAt : e.At, Holds = s.About.Holds.SetItem(e.Source, new(e.Source, e.Why, e.At, e.ExpiresAt, e.LiftPermission)) } },
        (Known s, MachineUnheld e)             => s with { About = s.About with { Holds = s.About.Holds.Remove(e.Source) } },
        (Known s, MachineReserved e)           => s with { About = s.About with { Reserved = new(e.Change, e.Until) } },
        (Known s, MachineFreed)                => s with { About = s.About with { Reserved = null } },
        (Known s, MachineTagged e)             => s with { About = s.About with { Tags = s.About.Tags.RemoveRange(e.Removed).SetItems(e.Set) } },
        (Known s, GapWaived e)                 => s with { About = s.About with { Waivers = s.About.Waivers.SetItem(e.Gap, new(e.Gap, e.Until, e.Why)) } },
        (Known s, PartReplaced e)              => s with { About = s.About with { Repairs = s.About.Repairs.Add(new(e.Slot, e.Serial, e.Rma, e.Before, null, e.At)) } },
        (Known s, DriftNoted e)                => s with { About = s.About with { Drift = s.About.Drift.SetItem(e.Kind, new(e.Kind, e.Expected, e.Found, e.At)), DriftTimes = Drifts.Counted(s.About.DriftTimes, e) } },
        (Known s, DriftCleared e)              => s with { About = s.About with { Drift = s.About.Drift.Remove(e.Kind) } },

        (Known s, InspectionStarted e)         => Begin(s, new(e.Operation, Workflows.Inspect, null, false)),
        (Known s, ProvisioningStarted e)       => Begin(s, new(e.Operation, Workflows.Provision, e.Plan, false)),
        (Known s, ReimagingStarted e)          => Begin(s, new(e.Operation, Workflows.Reimage, e.Plan, false)),
        (Known s, ReleaseStarted e)            => Begin(s, new(e.Operation, Workflows.Release, null, false) { Disks = e.Disks }),
        (Known s, RetirementStarted e)         => Begin(s, new(e.Operation, Workflows.Retire, null, false) { Disks = e.Disks }),
        (Known s, ErrandStarted e)             => Begin(s, new(e.Operation, e.Kind, null, false)),
        (Known s, ErrandDone e)                => s with { About = Return(End(s.About, e.Operation), s.About.Operation!.Kind) },
        (Known s, DiskWritingStarted)          => s with { About = s.About with { Operation = s.About.Operation! with { Writing = true } } },
        (Known s, OperationAbandoned { Dirty: true } e)  => new Inventory(End(s.About, e.Operation) with { Failures = s.About.Failures + (e.Failed ? 1 : 0) }),
        (Known s, OperationAbandoned e)        => s with { About = End(s.About, e.Operation) with { Failures = s.About.Failures + (e.Failed ? 1 : 0) } },

        (Baremetal s, MachineReleased)         => new Inventory(s.About with { Owner = null, Holds = s.About.Holds.Remove(Holds.Dirty) }),
        (Inventory s, MachineReleased)         => s with { About = s.About with { Owner = null, Holds = s.About.Holds.Remove(Holds.Dirty) } },
        (Racked s, MachineInspected e)         => new Inventory(Inspect(s.About, e)),
        (Inventory s, MachineInspected e)      => s with { About = Inspect(s.About, e) },
        (Spare s, MachineInspected e)          => new Inventory(Inspect(s.About, e)),
        (Inventory s, MachinePromoted e)       => new Spare(s.About, e.Type),
        (Spare s, MachineProvisioned e)        => Install(End(s.About, e.Operation), s.Type, s.About.Operation!),
        (Baremetal s, MachineProvisioned e)    => Install(End(s.About, e.Operation) with { Drift = s.About.Drift.RemoveRange([Drifts.Image, Drifts.HardwareAtBoot]) }, s.Type, s.About.Operation!) with { Maintenance = s.Maintenance },
        (Known s, DiskWiped e)                 => s with { About = s.About with { Wipes = s.About.Wipes.Add(e.Wipe) } },
        (Racked s, MachineAdopted e)           => Adopt(s.About, e),
        (Baremetal s, MaintenanceStarted e)    => s with { Maintenance = new(e.Why, e.ExpiresAt), About = Attended(s.About) },
        (Baremetal s, MaintenanceEnded e)      => s with { Maintenance = null, About = Attended(e.Baseline is null || s.About.Inspection is null ? s.About : s.About with { Inspection = s.About.Inspection with { Inventory = e.Baseline, At = e.At } }) },
        (Known s, MachineRetired e)            => new Retired(Release(e.Operation is null ? s.About : End(s.About, e.Operation)), e.Destroyed.IsDefault ? [] : e.Destroyed, Unracked: false),
        (Retired s, MachineUnracked)           => s with { Unracked = true, About = s.About with { Place = null } },

        _ => throw new UnreachableException($"{@event.GetType().Name} after {state.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    /// <summary>A null leaves, an empty text clears.</summary>
    static string? Change(string? now, string? wanted) => wanted is null ? now : wanted.Length == 0 ? null : wanted;

    static MachineState Begin(Known s, Ongoing operation) => s with { About = s.About with { Operation = operation } };

    static Dossier End(Dossier about, string operation) => about with { Operation = null, LastOperation = operation };

    /// <summary>An errand that succeeds lifts the hold of the one that failed; a rotation leaves the BMC with the password it was to get.</summary>
    static Dossier Return(Dossier about, string kind) => about with
    {
        Holds = about.Holds.Remove(kind),
        Bmc = kind == Workflows.RotateBmc && about.Bmc is { Pending: { } pending } bmc ? bmc with { Secret = pending, Pending = null } : about.Bmc,
    };

    static Dossier Inspect(Dossier about, MachineInspected e) => End(about, e.Operation) with
    {
        Inspection = new(e.Inventory, e.Health, e.Evaluation, e.At),
        Evidence = about.Evidence ?? Evidence(e.Inventory),
        Holds = about.Holds.RemoveRange([Holds.Inspection, Holds.Unclassified, Workflows.Inspect]),
        Drift = ImmutableSortedDictionary<string, Drift>.Empty,
        Repairs = [.. about.Repairs.Select(r => r.After is null ? r with { After = Parts.SerialAt(e.Inventory, r.Slot) ?? "" } : r)],
    };

    static Baremetal Install(Dossier about, string? type, Ongoing done) =>
        new(about with { Owner = done.Plan!.Owner }, type, done.Plan.Hostname, done.Plan, Verified: true, Maintenance: null) { InstalledBy = done.Id };

    /// <summary>Somebody looked after the maintenance whose time was over.</summary>
    static Dossier Attended(Dossier about) => about with { Drift = about.Drift.Remove(Drifts.MaintenanceExpired) };

    static Baremetal Adopt(Dossier about, MachineAdopted e) =>
        new(about with { Evidence = about.Evidence ?? e.Evidence, Owner = e.Owner }, null, e.Hostname, null, Verified: false, Maintenance: null);

    static Dossier Release(Dossier about) => about with { Bmc = null, Name = null, Owner = null, Macs = [] };
}
