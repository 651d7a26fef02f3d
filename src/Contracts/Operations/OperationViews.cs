using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;

namespace Ppec.Contracts.Operations;

/// <summary>What an operation was started with, fixed by the machine's event.</summary>
[GenerateSerializer, Immutable]
public sealed record OperationInput(InstallPlan? Plan = null, ImmutableArray<DiskRef> Disks = default, Inventory? Expected = null);

/// <summary>What a step leaves for the steps after it.</summary>
[GenerateSerializer, Immutable]
public sealed record StepOutput(
    Inventory? Inventory = null, HealthReport? Health = null, InstallReport? Install = null, WipeReport? Wipe = null, string? Note = null);

/// <summary>
/// An operation as users see it. <paramref name="State"/>: <c>running</c>, <c>paused</c>, <c>undoing</c>, <c>succeeded</c>, <c>failed</c>, <c>cancelled</c>.
/// <paramref name="Deadline"/> is when what is under way now is given up and the next action taken.
/// An operation on many things has <paramref name="Children"/> instead of steps and machine, and is <c>stopping</c> when no more of them begin.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record OperationView(
    string Id, string Kind, string Machine, string State, string? Step, int Percent,
    ImmutableArray<StepView> Steps, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, DateTimeOffset? Deadline,
    string? Error, string? CancelRequested, string Actor, string? Reason, string? Ticket, long Version, ChildrenView? Children = null);

/// <summary>One step. <paramref name="State"/>: <c>pending</c>, <c>running</c>, <c>waiting</c> (to be tried again), <c>done</c>, <c>failed</c>, <c>undone</c>. <paramref name="OnCancel"/> says what a cancel does while it runs.</summary>
[GenerateSerializer, Immutable]
public sealed record StepView(
    string Name, string State, int Attempt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, DateTimeOffset? Deadline,
    string? Message, string OnCancel, bool PointOfNoReturn);

/// <summary>A line of an operation's log; bounded and disposable, not an event.</summary>
[GenerateSerializer, Immutable]
public sealed record LogLine(long Number, DateTimeOffset Time, string Source, string Text);

/// <summary>How far the agent is within the current step.</summary>
[GenerateSerializer, Immutable]
public sealed record LiveProgress(int Percent, string Message, DateTimeOffset At);

/// <summary>The body of POST /api/v1/operations/{id}/cancel.</summary>
[GenerateSerializer, Immutable]
public sealed record CancelBody(string Reason = "");
