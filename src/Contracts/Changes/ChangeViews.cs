using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Changes;

/// <summary>
/// A command that awaits its checkers, or has ended. <paramref name="State"/>: <c>waiting</c>, <c>approved</c>, <c>executed</c>, <c>failed</c>, <c>superseded</c>, <c>rejected</c>, <c>withdrawn</c>, <c>expired</c>.
/// <paramref name="Review"/>: of what was done without approval; <c>due</c> until somebody else has looked, which is to be by <paramref name="ReviewUntil"/>.
/// <paramref name="Risks"/>: what of the plan cannot be taken back, or reaches far.
/// </summary>
public sealed record ChangeView(
    string Id, string State, string Permission, string Target, string Maker, string? Reason, string? Ticket, string Command, JsonElement Body, Plan Plan,
    ImmutableArray<StageView> Stages, ImmutableArray<ApprovalView> Approvals, DateTimeOffset OpenedAt, DateTimeOffset ApproveUntil, DateTimeOffset? ExecuteUntil,
    DateTimeOffset? EndedAt, string? EndedBy, string? Why, ImmutableArray<string> Moved, string? Operation, bool BreakGlass, string? Review, DateTimeOffset? ReviewUntil, ImmutableArray<string> Risks, long Version);

/// <summary>
/// What a change would do if it were carried out now, beside what was planned when it was opened. <paramref name="Moved"/>: what differs, for people; with nothing in it the plan stands.
/// <paramref name="Problem"/>: it would be refused now.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record ChangeNow(bool Stands, Plan? Plan, ImmutableArray<string> Moved, string? Problem, DateTimeOffset At);

/// <summary>That, or why nobody is told.</summary>
[GenerateSerializer, Immutable]
public sealed record ChangeNowAnswer(ChangeNow? Now, Problem? Refused);

/// <summary>A quorum, and who agreed so far.</summary>
public sealed record StageView(string Policy, int Turn, int Quorum, ImmutableArray<string> Approvers, bool Severe, ImmutableArray<string> ApprovedBy);

/// <summary>One agreement.</summary>
public sealed record ApprovalView(string By, DateTimeOffset At, string Hash, string? Comment);

/// <summary>The body of POST /api/v1/changes/{id}/approve. <paramref name="Hash"/> is that of the plan that was looked at.</summary>
public sealed record ApproveBody(string Hash, string? Comment = null);

/// <summary>The body of POST /api/v1/changes/{id}/reject.</summary>
public sealed record RejectChangeBody(string Reason);

/// <summary>The body of POST /api/v1/undo. <paramref name="Of"/>: the thing, <c>machine:sn-1</c>; <paramref name="Version"/>: which of its changes, as its history counts them.</summary>
public sealed record UndoBody(string Of, long Version);

/// <summary>The body of POST /api/v1/changes/{id}/review.</summary>
public sealed record ReviewBody(bool Justified, string Comment);
