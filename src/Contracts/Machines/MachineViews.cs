using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;

namespace Ppec.Contracts.Machines;

/// <summary>A machine as users see it. <paramref name="Stage"/>: <c>racked</c>, <c>inventory</c>, <c>spare</c>, <c>baremetal</c>, <c>retired</c>.</summary>
[GenerateSerializer, Immutable]
public sealed record MachineView(
    string Id,
    string Serial,
    string Stage,
    string? Name,
    string? Type,
    string? Region,
    string? Rack,
    int? Unit,
    int? Height,
    string? Profile,
    string? Owner,
    string? Hostname,
    string? Image,
    string? Address,
    string? Note,
    bool Held,
    bool Enlisted,
    bool IntegrityVerified,
    ImmutableArray<HoldView> Holds,
    ImmutableSortedDictionary<string, string> Tags,
    OngoingView? Operation,
    BmcView? Bmc,
    MachineEvidence? Evidence,
    Inventory? Inventory,
    HealthReport? Health,
    EvaluationView? Evaluation,
    ImmutableArray<WaiverView> Waivers,
    ImmutableArray<RepairView> Repairs,
    ImmutableArray<DiskWipe> Wipes,
    MaintenanceView? Maintenance,
    ImmutableArray<DriftView> Drift,
    int Failures,
    long Version)
{
    /// <summary>The MAC addresses it is known by: those on paper, then those that were seen.</summary>
    [Id(100)] public ImmutableArray<string> Macs { get; init; } = [];

    /// <summary>The change that keeps it until a second person has decided; when its time is over it keeps nothing.</summary>
    [Id(101)] public string? ReservedFor { get; init; }
}

[GenerateSerializer, Immutable]
public sealed record HoldView(string Source, string Reason, DateTimeOffset Since, DateTimeOffset? ExpiresAt, string? LiftPermission);

[GenerateSerializer, Immutable]
public sealed record OngoingView(string Id, string Kind, bool Writing);

[GenerateSerializer, Immutable]
public sealed record BmcView(string Protocol, string Address, string User, string? PinnedCertificate);

/// <summary>Something that is not as the log has it, noted and never corrected. <paramref name="Kind"/>: <c>power</c>, <c>bmc</c>, <c>bmc-unreachable</c>, <c>hardware</c>, <c>image</c>…</summary>
[GenerateSerializer, Immutable]
public sealed record DriftView(string Kind, string Expected, string Found, DateTimeOffset Since);

/// <summary>Hardware against profile: every gap named.</summary>
[GenerateSerializer, Immutable]
public sealed record EvaluationView(bool Passed, string? Type, string Summary, ImmutableArray<Gap> Gaps);

/// <summary>
/// One difference between what was ordered and what is there. <paramref name="Key"/> names it for a waiver (<c>dimm:DIMM_A2</c>);
/// <paramref name="Waived"/> = a waiver covered it at the evaluation; <paramref name="Fails"/> = it keeps the machine from Spare.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Gap(string Key, string Component, string Slot, string Expected, string Found, bool Fails, bool Waived);

[GenerateSerializer, Immutable]
public sealed record WaiverView(string Gap, DateTimeOffset Until, string Why);

[GenerateSerializer, Immutable]
public sealed record RepairView(string Slot, string Serial, string? Rma, string? Before, string? After, DateTimeOffset At);

/// <summary>What the BMC said of the machine's power, and when: <c>on</c>, <c>off</c>, <c>powering-on</c>, <c>powering-off</c>.</summary>
[GenerateSerializer, Immutable]
public sealed record PowerView(string Machine, string Power, DateTimeOffset ReadAt);

/// <summary><paramref name="Expired"/>: its time is over and nobody ended it; drift counts again.</summary>
[GenerateSerializer, Immutable]
public sealed record MaintenanceView(string Why, DateTimeOffset ExpiresAt, bool Expired = false);

/// <summary>One row of a changelog.</summary>
[GenerateSerializer, Immutable]
public sealed record HistoryEntry(
    long Version, string Position, DateTimeOffset Time, string Type, string Summary,
    string Actor, string? Reason, string? Ticket, string? Operation, ImmutableArray<FieldChange> Changes);

/// <summary>One field before and after, as JSON text; null = absent.</summary>
[GenerateSerializer, Immutable]
public sealed record FieldChange(string Field, string? Before, string? After);
