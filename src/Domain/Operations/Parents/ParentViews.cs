using System.Collections.Immutable;
using Ppec.Contracts.Operations;

namespace Ppec.Domain.Operations.Parents;

/// <summary>A parent operation as users see it: an operation whose work is its children.</summary>
public static class ParentViews
{
    /// <summary>So many children are shown with it; all are counted.</summary>
    public const int MostShown = 200;

    public static OperationView? Of(ParentState? state, long version, string actor, string? reason, string? ticket)
    {
        if (state is not { } s) return null;
        int Count(ChildStage stage) => s.Stand.Count(c => c.State == stage);
        var over = Count(ChildStage.Succeeded) + Count(ChildStage.Failed) + Count(ChildStage.Cancelled);
        return new(
            s.Id, s.Kind, "", s.Ending?.Result ?? (s.Stopping ? "stopping" : "running"), null,
            s.Ending?.Result == Ending.Succeeded ? 100 : over * 100 / Math.Max(1, s.Planned),
            [], s.StartedAt, s.EndedAt, null, s.Ending is { Result: Ending.Failed } failed ? failed.Why : null,
            s.Cancel, actor, reason, ticket, version,
            new(s.Planned, s.Planned - over - Count(ChildStage.Running), Count(ChildStage.Running), Count(ChildStage.Succeeded), Count(ChildStage.Failed), Count(ChildStage.Cancelled), Shown(s)));
    }

    static ImmutableArray<ChildView> Shown(ParentState s) =>
        [.. Enumerable.Range(0, s.Stand.Length).OrderBy(i => Rank(s.Stand[i].State)).ThenBy(i => i).Take(MostShown).Select(i => View(s, i))];

    static int Rank(ChildStage stage) => stage switch { ChildStage.Failed => 0, ChildStage.Running => 1, _ => 2 };

    static ChildView View(ParentState s, int i) => new(
        i + 1, s.Stand[i].Target, s.VerbOf(i), s.Stand[i].State.ToString().ToLowerInvariant(), s.Stand[i].Attempt,
        s.Stand[i].Operation, s.Children[i].Provision?.Hostname, s.Stand[i].Message, s.Children[i].Row);
}
