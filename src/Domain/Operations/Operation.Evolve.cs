using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Domain.Machines;
using static Ppec.Domain.Operations.OperationState;

namespace Ppec.Domain.Operations;

public static partial class Operation
{
    public static readonly OperationState Initial = new Absent();

    public static OperationState Evolve(OperationState state, OperationEvent @event) => (state, @event) switch
    {
        (Absent, OperationStarted e)       => new Ready(new(e.Operation, e.Kind, e.Machine, e.Input, e.At) { On = e.On }, 0, e.At),
        (Ready s, StepStarted e)            => new Active(Begun(s, e), s.Index, new(e.Generation, e.At, e.Deadline)),
        (Active s, StepSucceeded e)         => new Ready(Done(s, e), s.Index + 1, e.At),
        (Active s, StepFailed { NextStep: { } next } e) => new Ready(Failed(s, e), Workflows.Named(s.Facts.Kind).IndexOf(next), e.RetryAt!.Value),
        (Active s, StepFailed e)            => s with { Facts = Failed(s, e) },
        (Ready s, StepRetried e)            => s with { NotBefore = e.At },
        (Ready s, OperationPaused e)        => new Paused(s.Facts, s.Index, e.Why, e.Until),
        (Paused s, OperationResumed e)      => new Ready(s.Facts, s.Index, e.At),
        (Active s, AgentConnected e)        => s with { Facts = s.Facts with { UsedTokens = s.Facts.UsedTokens.Add(e.TokenId), Session = new(e.TokenExpiresAt, e.CredentialSha256, e.ExpiresAt) } },
        (Known s, CancelRequested e)        => s with { Facts = s.Facts with { Cancel = e.Why } },
        (Known s, OperationTurnedBack e)    => Unwind(s.Facts with { Session = null }, Compensations(s.Facts), new(e.Result, e.Why), e.At),
        (Undoing s, StepUndone e)           => Unwind(Undone(s.Facts, e), s.Left.RemoveAt(0), s.Ending, e.At),
        (Undoing s, UndoFailed { RetryAt: { } retry }) => s with { Failures = s.Failures + 1, NotBefore = retry },
        (Undoing s, UndoFailed e)           => Unwind(s.Facts, s.Left.RemoveAt(0), s.Ending with { Result = Ending.Failed, Why = $"{s.Ending.Why} Undoing {e.Step} failed too: {e.Why}" }, e.At),
        (Known s, OperationEnded e)         => new Ended(s.Facts with { Session = null }, new(e.Result, e.Why), e.At),
        _ => throw new UnreachableException($"{@event.GetType().Name} after {state.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    static OperationState Unwind(OperationFacts facts, ImmutableArray<string> left, Ending ending, DateTimeOffset at) =>
        left.IsEmpty ? new Concluding(facts, ending) : new Undoing(facts, left, 0, at, ending);

    static OperationFacts Begun(Ready s, StepStarted e)
    {
        var before = s.Facts.Steps.GetValueOrDefault(e.Step);
        return s.Facts with
        {
            Generation = e.Generation,
            Writing = s.Facts.Writing || StepOf(s).PointOfNoReturn,
            Steps = s.Facts.Steps.SetItem(e.Step, new((before?.Attempts ?? 0) + 1, before?.Failures ?? 0, e.At, null, null, false, false)),
        };
    }

    static OperationFacts Done(Active s, StepSucceeded e) => s.Facts with
    {
        Outputs = e.Output is null ? s.Facts.Outputs : s.Facts.Outputs.SetItem(e.Step, e.Output),
        Steps = s.Facts.Steps.SetItem(e.Step, s.Facts.Steps[e.Step] with { EndedAt = e.At, Done = true, Message = e.Output?.Note }),
    };

    static OperationFacts Failed(Active s, StepFailed e) => s.Facts with
    {
        Steps = s.Facts.Steps.SetItem(e.Step, s.Facts.Steps[e.Step] with { EndedAt = e.At, Failures = s.Facts.Steps[e.Step].Failures + 1, Message = e.Why }),
    };

    static OperationFacts Undone(OperationFacts facts, StepUndone e) =>
        facts with { Steps = facts.Steps.SetItem(e.Step, facts.Steps[e.Step] with { Undone = true }) };

    /// <summary>Begun steps that have a compensation, the last first.</summary>
    static ImmutableArray<string> Compensations(OperationFacts facts) =>
        [.. Workflows.Named(facts.Kind).Steps.Reverse().Where(s => s.Undo is not null && facts.Steps.ContainsKey(s.Name)).Select(s => s.Name)];
}
