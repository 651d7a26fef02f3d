using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Operations;
using static Ppec.Contracts.Gate.ProblemCodes;
using static Ppec.Domain.Decide;
using static Ppec.Domain.Operations.Parents.ChildStage;

namespace Ppec.Domain.Operations.Parents;

/// <summary>
/// The rules of work on many things at once: how many are under way, when no more begin, who takes the place of a machine that was refused,
/// and that a list is racked whole or not at all. What each child does is its own operation's affair.
/// </summary>
public static class Parent
{
    /// <summary>An event stays well below the size that any store takes.</summary>
    const int ChildrenAnEvent = 200;

    public const string Refused = "refused";

    public static Decision<ParentEvent> Decide(ParentState? state, OperationCommand command)
    {
        var decision = Rules(state, command);
        return decision.Problem is null ? decision with { Events = [.. decision.Events.Select(e => e with { At = command.At })] } : decision;
    }

    static Decision<ParentEvent> Rules(ParentState? state, OperationCommand command) => (state, command) switch
    {
        (null, StartParent c)                                   => Start(c),
        (null, _)                                               => No(OperationUnknown, $"There is no operation {command.Operation}."),
        (_, StartParent)                                        => Nothing<ParentEvent>(),

        ({ Ending: { } end }, CancelOperation)                  => No(Contracts.Gate.ProblemCodes.OperationEnded, $"Operation {command.Operation} has ended: {end.Result}."),
        ({ Cancel: not null }, CancelOperation)                 => Nothing<ParentEvent>(),
        (_, CancelOperation c)                                  => new ParentCancelRequested(c.Why),

        ({ Ending.Result: Ending.Failed } s, RetryOperation)    => Retry(s),
        ({ Ending: null }, RetryOperation)                      => Nothing<ParentEvent>(),
        (_, RetryOperation)                                     => No(OperationNotFailed, $"Operation {command.Operation} did not fail: start a new one."),

        ({ Ending: not null }, ConcludeParent)                  => Nothing<ParentEvent>(),
        ({ Ending: not null }, BeginChildren or EndChildren)    => No(OperationStale, "That attempt is over: an older one takes no effect."),
        ({ } s, BeginChildren c)                                => Begin(s, c),
        ({ } s, EndChildren c)                                  => End(s, c),
        ({ } s, ConcludeParent)                                 => Resume(s) is { IsOver: true } ? Conclude(s) : No(OperationStale, "Children are still under way."),
        _                                                       => No(OperationStale, $"Operation {command.Operation} goes through many machines: this is for one of its children."),
    };

    /// <summary>What to do now.</summary>
    public static ParentNext Resume(ParentState? state)
    {
        if (state is not { Ending: null } s) return ParentNext.Rest;
        var (running, pending) = (s.Indices(Running), s.Indices(Pending));
        if (s.Stopping)
        {
            // Claims are given back when no more are being taken.
            var claimed = running.IsEmpty ? pending.Where(i => s.AllOrNothing && s.VerbOf(i) == ChildVerbs.Rack).ToImmutableArray() : [];
            return new([], running, claimed, running.IsEmpty && claimed.IsEmpty);
        }
        var step = s.AllOrNothing ? pending.Concat(running).Select(i => StepOf(s, i)).DefaultIfEmpty().Min() : 0;
        ImmutableArray<ChildStart> starts = [.. pending
            .Where(i => !s.AllOrNothing || StepOf(s, i) == step)
            .Take(Math.Max(0, s.MaxParallel - running.Length))
            .Select(i => new ChildStart(i, s.Stand[i].Target, s.Stand[i].Verb, s.Stand[i].Attempt + 1))];
        return new(starts, running, [], starts.IsEmpty && running.IsEmpty);
    }

    /// <summary>Children that go in step: what others stand on comes first, and every name is taken before anything is racked.</summary>
    static int StepOf(ParentState s, int index) => s.VerbOf(index) switch { ChildVerbs.Rack => int.MaxValue, ChildVerbs.Claim => int.MaxValue - 1, _ => s.Children[index].Turn };

    static Decision<ParentEvent> Start(StartParent c) => Then<ParentEvent>(
    [
        new ParentStarted(c.Operation, c.Kind, c.Children.Length, c.Substitutes, c.MaxParallel, c.StopAfterFailures, c.AllOrNothing, c.Plan),
        .. c.Children.Chunk(ChildrenAnEvent).Select(some => new ChildrenPlanned([.. some])),
    ]);

    static Decision<ParentEvent> Begin(ParentState s, BeginChildren c)
    {
        ImmutableArray<ChildStart> now = [.. c.Starts.Where(b => s.Stand[b.Index] is { State: Pending } stand && stand.Attempt + 1 == b.Attempt)];
        return now.IsEmpty || s.Stopping ? Nothing<ParentEvent>() : new ChildrenStarted(now);
    }

    static Decision<ParentEvent> End(ParentState s, EndChildren c)
    {
        var left = s.Substitutes;
        var ends = ImmutableArray.CreateBuilder<ChildEnded>();
        foreach (var end in c.Ends)
        {
            var stand = s.Stand[end.Index];
            // Only a claim that is given back ends what waits.
            if (stand.Attempt != end.Attempt || !(stand.State == Running || (stand.State == Pending && end.Result == Ending.Cancelled))) continue;
            string? substitute = null;
            if (end.Result is Refused or Ending.Failed && s.Cancel is null && !left.IsEmpty) (substitute, left) = (left[0], left.RemoveAt(0));
            ends.Add(new(end.Index, end.Attempt, end.Result, end.Why, substitute));
        }
        return ends.Count == 0 ? Nothing<ParentEvent>() : new ChildrenEnded(ends.DrainToImmutable());
    }

    /// <summary>Whatever succeeded stays. A list that goes whole or not at all goes whole again.</summary>
    static Decision<ParentEvent> Retry(ParentState s) =>
        new ParentRetried([.. Enumerable.Range(0, s.Stand.Length).Where(i => s.Stand[i].State is Failed or Pending || (s.AllOrNothing && s.Stand[i].State == Cancelled))]);

    static ParentEnded Conclude(ParentState s)
    {
        var (failed, pending) = (s.Indices(Failed), s.Indices(Pending));
        if (s.Stand.All(c => c.State is Succeeded)) return new(Ending.Succeeded, "");
        if (failed.IsEmpty) return new(Ending.Cancelled, s.Cancel ?? $"{s.Indices(Cancelled).Length} of {s.Stand.Length} were cancelled.");
        var first = s.Stand[failed[0]];
        var unbegun = pending.IsEmpty ? "" : $" {pending.Length} were not begun.";
        var undone = s.AllOrNothing && !s.RackedAny ? " Nothing was racked." : "";
        return new(s.Cancel is null ? Ending.Failed : Ending.Cancelled, $"{failed.Length} of {s.Stand.Length} failed.{unbegun}{undone} First: {first.Target}: {first.Message}");
    }

    public static ParentState? Evolve(ParentState? state, ParentEvent @event) => (state, @event) switch
    {
        (null, ParentStarted e)             => new(e.Operation, e.Kind, e.Children, e.MaxParallel, e.StopAfterFailures, e.AllOrNothing, e.PlanHash, e.At) { Substitutes = e.Substitutes },
        ({ } s, ChildrenPlanned e)          => s with { Children = s.Children.AddRange(e.Children), Stand = s.Stand.AddRange(e.Children.Select(c => new ChildState(c.Target, 0, Pending, 0, null, null))) },
        ({ } s, ChildrenStarted e)          => s with { Stand = s.Stand.With(e.Starts, b => (b.Index, new(b.Target, b.Verb, Running, b.Attempt, b.Operation, null))) },
        ({ } s, ChildrenEnded e)            => Ended(s, e),
        ({ } s, ParentCancelRequested e)    => s with { Cancel = e.Why },
        ({ } s, ParentRetried e)            => s with { Ending = null, EndedAt = null, Failures = 0, Stand = s.Stand.With(e.Children, i => (i, s.Stand[i] with { State = Pending, Verb = s.AllOrNothing ? 0 : s.Stand[i].Verb })) },
        ({ } s, ParentEnded e)              => s with { Ending = new(e.Result, e.Why), EndedAt = e.At },
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    static ParentState Ended(ParentState s, ChildrenEnded e) => s with
    {
        Substitutes = s.Substitutes.RemoveRange(e.Ends.Select(x => x.Substitute!).Where(x => x is not null)),
        Failures = s.Failures + e.Ends.Count(x => x.Result == Ending.Failed || (x.Result == Refused && x.Substitute is null)),
        Stand = s.Stand.With(e.Ends, x => (x.Index, (x.Result, x.Substitute) switch
        {
            (Ending.Succeeded, _) when s.Stand[x.Index].Verb + 1 < s.Children[x.Index].Verbs.Length => s.Stand[x.Index] with { State = Pending, Verb = s.Stand[x.Index].Verb + 1 },
            (Ending.Succeeded, _)          => s.Stand[x.Index] with { State = Succeeded },
            (_, { } substitute)            => s.Stand[x.Index] with { State = Pending, Target = substitute, Message = $"In place of {s.Stand[x.Index].Target}: {x.Why}" },
            (Ending.Cancelled, _)          => s.Stand[x.Index] with { State = Cancelled, Message = x.Why },
            _                              => s.Stand[x.Index] with { State = Failed, Message = x.Why },
        })),
    };

    internal static ImmutableArray<int> Indices(this ParentState s, ChildStage state)
    {
        var found = ImmutableArray.CreateBuilder<int>();
        for (var i = 0; i < s.Stand.Length; i++) if (s.Stand[i].State == state) found.Add(i);
        return found.DrainToImmutable();
    }

    static ImmutableArray<ChildState> With<T>(this ImmutableArray<ChildState> stand, ImmutableArray<T> changes, Func<T, (int Index, ChildState State)> change)
    {
        var changed = stand.ToBuilder();
        foreach (var c in changes)
        {
            var (index, state) = change(c);
            changed[index] = state;
        }
        return changed.MoveToImmutable();
    }
}

/// <summary>What a parent wants done: children to begin, those to ask how far they are, claims to give back; or it is over.</summary>
public sealed record ParentNext(ImmutableArray<ChildStart> Starts, ImmutableArray<int> Running, ImmutableArray<int> GiveBack, bool IsOver)
{
    public static readonly ParentNext Rest = new([], [], [], false);
}
