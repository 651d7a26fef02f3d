using System.Collections.Immutable;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using static Ppec.Domain.Operations.OperationState;

namespace Ppec.Domain.Operations;

/// <summary>An operation's state as users see it.</summary>
public static class OperationViews
{
    public static OperationView? Of(OperationState state, long version, string actor, string? reason, string? ticket)
    {
        if (state is not Known s) return null;
        var steps = Workflows.Named(s.Facts.Kind).Steps;
        var rows = ImmutableArray.CreateRange(steps, step => Row(s, step));
        return new(
            s.Facts.Id, s.Facts.Kind, s.Facts.Machine,
            s switch { Ready or Active => "running", Paused => "paused", Undoing or Concluding => "undoing", Ended e => e.Ending.Result, _ => throw new System.Diagnostics.UnreachableException() },
            Current(s),
            s is Ended { Ending.Result: Ending.Succeeded } ? 100 : rows.Count(r => r.State == "done") * 100 / rows.Length,
            rows, s.Facts.StartedAt, (s as Ended)?.At,
            s switch { Active a => a.Attempt.Deadline, Paused p => p.Until, Ready r => r.NotBefore, Undoing u => u.NotBefore, _ => null },
            s switch
            {
                Undoing { Ending.Result: Ending.Failed } u => u.Ending.Why,
                Concluding { Ending.Result: Ending.Failed } c => c.Ending.Why,
                Ended { Ending.Result: Ending.Failed } e => e.Ending.Why,
                Paused p => p.Why,
                _ => null,
            },
            s.Facts.Cancel, actor, reason, ticket, version);
    }

    /// <summary>The step it is at. None also between the last step and the end: those are two facts of one append, but whoever folds the log can stop between them.</summary>
    static string? Current(Known s) => s switch
    {
        Ready r when r.Index == Workflows.Named(r.Facts.Kind).Steps.Length => null,
        Ready or Active or Paused => Operation.StepOf(s).Name,
        _ => null,
    };

    static StepView Row(Known s, Step step)
    {
        var record = s.Facts.Steps.GetValueOrDefault(step.Name);
        var current = Current(s) == step.Name;
        var state = (record, current, s) switch
        {
            ({ Undone: true }, _, _)          => "undone",
            (_, true, Active)                 => "running",
            ({ Failures: > 0 }, true, Ready)  => "waiting",
            ({ Done: true }, _, _)            => "done",
            (_, true, Paused)                 => "paused",
            (null, _, _)                      => "pending",
            (_, true, _)                      => "waiting",
            _                                 => "failed",
        };
        return new(step.Name, state, record?.Attempts ?? 0, record?.StartedAt, record?.EndedAt,
            current && s is Active a ? a.Attempt.Deadline : null, record?.Message, step.OnCancel.ToString().ToLowerInvariant(), step.PointOfNoReturn);
    }
}
