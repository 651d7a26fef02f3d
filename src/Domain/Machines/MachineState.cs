using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using HardwareInventory = Ppec.Contracts.Hardware.Inventory;

namespace Ppec.Domain.Machines;

/// <summary>A machine is at one of five resting stages; each type carries only what is true there. What is under way is <see cref="Dossier.Operation"/>.</summary>
public abstract record MachineState
{
    /// <summary>No such machine (or an enlisted one that was rejected).</summary>
    public sealed record Unknown : MachineState;

    /// <summary>There is a machine, and this is known of it whatever its stage.</summary>
    public abstract record Known(Dossier About) : MachineState;

    /// <summary>Racked, but only seen, not known on paper: waits for accept or reject.</summary>
    public sealed record Enlisted(Dossier About) : Known(About);

    /// <summary>Bolted in, cabled, known on paper.</summary>
    public sealed record Racked(Dossier About) : Known(About);

    /// <summary>PIOUS has booted on it and reported.</summary>
    public sealed record Inventory(Dossier About) : Known(About);

    /// <summary>Passed everything; powered off; ready to be given away.</summary>
    public sealed record Spare(Dossier About, string Type) : Known(About);

    /// <summary>In production. <paramref name="Verified"/> = it was installed by PIOUS, not adopted as it ran.</summary>
    public sealed record Baremetal(Dossier About, string? Type, string Hostname, InstallPlan? Plan, bool Verified, Maintenance? Maintenance) : Known(About)
    {
        /// <summary>The operation that installed what runs: only its system's calls home count. Null for an adopted machine.</summary>
        public string? InstalledBy { get; init; }
    }

    /// <summary>The end. <paramref name="Destroyed"/>: disks that could not be wiped, attested.</summary>
    public sealed record Retired(Dossier About, ImmutableArray<DestroyedDisk> Destroyed, bool Unracked) : Known(About);

    /// <summary>The stage's name as users see it.</summary>
    public string Stage => this switch
    {
        Unknown => "unknown",
        Enlisted or Racked => "racked",
        Inventory => "inventory",
        Spare => "spare",
        Baremetal => "baremetal",
        Retired => "retired",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

/// <summary>Everything known of a machine that does not depend on its stage.</summary>
public sealed record Dossier(string Id, string Serial)
{
    public string? Name { get; init; }
    public string? Note { get; init; }
    public string? Owner { get; init; }
    public Placement? Place { get; init; }
    public BmcAccess? Bmc { get; init; }
    public string? Profile { get; init; }

    /// <summary>MACs on paper, before any were seen.</summary>
    public ImmutableArray<string> Macs { get; init; } = [];

    /// <summary>What identifies the hardware; null until it was seen once.</summary>
    public MachineEvidence? Evidence { get; init; }

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
    public ImmutableSortedDictionary<string, Hold> Holds { get; init; } = ImmutableSortedDictionary<string, Hold>.Empty;
    public ImmutableSortedDictionary<string, Waiver> Waivers { get; init; } = ImmutableSortedDictionary<string, Waiver>.Empty;
    public ImmutableArray<Repair> Repairs { get; init; } = [];
    public ImmutableArray<DiskWipe> Wipes { get; init; } = [];

    /// <summary>The last full inspection: at Spare and Baremetal, the baseline that later reports are compared with.</summary>
    public Inspection? Inspection { get; init; }

    /// <summary>The change that it is kept for, and until when.</summary>
    public Reservation? Reserved { get; init; }

    public Ongoing? Operation { get; init; }

    /// <summary>The operation that ended last, so that its report can be repeated and writes nothing.</summary>
    public string? LastOperation { get; init; }

    public int Failures { get; init; }

    /// <summary>Drift noted and not yet settled by an inspection, by kind.</summary>
    public ImmutableSortedDictionary<string, Drift> Drift { get; init; } = ImmutableSortedDictionary<string, Drift>.Empty;

    /// <summary>When drift of each kind was noted, the last few times: what comes and goes too often flaps.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<DateTimeOffset>> DriftTimes { get; init; } = ImmutableSortedDictionary<string, ImmutableArray<DateTimeOffset>>.Empty;

    /// <summary>When it was last held for what no inspection had found; a report older than that does not promote it, even once the hold is lifted.</summary>
    public DateTimeOffset? HeldAt { get; init; }

    /// <summary>Holds that count at <paramref name="at"/>; an expired one is history.</summary>
    public IEnumerable<Hold> HoldsAt(DateTimeOffset at) => Holds.Values.Where(h => h.ExpiresAt is null || h.ExpiresAt > at);
}

/// <summary>Why a machine must not be picked. One a source.</summary>
public sealed record Hold(string Source, string Why, DateTimeOffset Since, DateTimeOffset? ExpiresAt, string? LiftPermission);

/// <summary>Kept for a change that waits for a second person.</summary>
public sealed record Reservation(string Change, DateTimeOffset Until);

public sealed record Waiver(string Gap, DateTimeOffset Until, string Why);

/// <summary><paramref name="Before"/> and <paramref name="After"/>: the serial in that slot at the last inspection before, and at the first after.</summary>
public sealed record Repair(string Slot, string Serial, string? Rma, string? Before, string? After, DateTimeOffset At);

public sealed record Inspection(HardwareInventory Inventory, HealthReport Health, EvaluationView Evaluation, DateTimeOffset At);

/// <summary>The operation under way; <paramref name="Writing"/> = past its point of no return.</summary>
public sealed record Ongoing(string Id, string Kind, InstallPlan? Plan, bool Writing)
{
    /// <summary>The disks the operation may erase.</summary>
    public ImmutableArray<DiskRef> Disks { get; init; } = [];
}

public sealed record Maintenance(string Why, DateTimeOffset ExpiresAt);

public sealed record Drift(string Kind, string Expected, string Found, DateTimeOffset At);
