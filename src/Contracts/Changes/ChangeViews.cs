using System.Collections.Immutable;
using System.Text.Json;

namespace Ppec.Contracts.Changes;

/// <summary>
/// A command that awaits its checkers, or has ended. <paramref name="State"/>: <c>waiting</c>, <c>approved</c>, <c>executed</c>, <c>failed</c>, <c>superseded</c>, <c>rejected</c>, <c>withdrawn</c>, <c>expired</c>.
/// <paramref name="Review"/>: of what was done without approval; <c>due</c> until somebody else has looked.
/// </summary>
public sealed record ChangeView(
    string Id, string State, string Permission, string Target, string Maker, string? Reason, string? Ticket, string Command, JsonElement Body, Plan Plan,
    ImmutableArray<StageView> Stages, ImmutableArray<ApprovalView> Approvals, DateTimeOffset OpenedAt, DateTimeOffset ApproveUntil, DateTimeOffset? ExecuteUntil,
    DateTimeOffset? EndedAt, string? EndedBy, string? Why, ImmutableArray<string> Moved, string? Operation, bool BreakGlass, string? Review, long Version);

/// <summary>A quorum, and who agreed so far.</summary>
public sealed record StageView(string Policy, int Turn, int Quorum, ImmutableArray<string> Approvers, bool Severe, ImmutableArray<string> ApprovedBy);

/// <summary>One agreement.</summary>
public sealed record ApprovalView(string By, DateTimeOffset At, string Hash, string? Comment);

/// <summary>The body of POST /api/v1/changes/{id}/approve. <paramref name="Hash"/> is that of the plan that was looked at.</summary>
public sealed record ApproveBody(string Hash, string? Comment = null);

/// <summary>The body of POST /api/v1/changes/{id}/reject.</summary>
public sealed record RejectChangeBody(string Reason);

/// <summary>The body of POST /api/v1/changes/{id}/review.</summary>
public sealed record ReviewBody(bool Justified, string Comment);
