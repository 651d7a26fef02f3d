using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts.Changes;

namespace Ppec.Domain.Changes;

/// <summary>A change's state as users see it.</summary>
public static class ChangeViews
{
    public static ChangeView? Of(string id, ChangeState state, long version) => state is not ChangeState.Known s ? null : new(
        id, StateOf(s), s.Facts.Permission, s.Facts.Target, s.Facts.Maker, s.Facts.Reason, s.Facts.Ticket, s.Facts.Command, JsonSerializer.Deserialize<JsonElement>(s.Facts.Body), s.Facts.Plan,
        [.. s.Facts.Stages.Select(x => new StageView(x.Policy, x.Turn, x.Quorum, x.Approvers, x.Severe, [.. Change.Agreeing(s, x)]))],
        [.. s.Approvals.Select(a => new ApprovalView(a.By, a.At, a.Hash, a.Comment))], s.Facts.OpenedAt, s.Facts.ApproveUntil, (s as ChangeState.Approved)?.ExecuteUntil,
        (s as ChangeState.Ended)?.At, (s as ChangeState.Ended)?.By, (s as ChangeState.Ended)?.Why, (s as ChangeState.Ended)?.Moved ?? [], (s as ChangeState.Ended)?.Operation,
        s.Facts.BreakGlass, Review(s), s.Facts.BreakGlass ? s.Facts.OpenedAt + Change.ReviewWithin : null, Risks.Of(s.Facts.Plan, s.Facts.On), version);

    static string StateOf(ChangeState.Known s) => s switch
    {
        ChangeState.Waiting  => "waiting",
        ChangeState.Approved => "approved",
        ChangeState.Ended e  => e.Result,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static string? Review(ChangeState.Known s) => s switch
    {
        { Facts.BreakGlass: false }               => null,
        ChangeState.Ended { Review: { } review }  => $"{(review.Justified ? "justified" : "not justified")}, says {review.By}: {review.Comment}",
        _                                         => "due",
    };
}
