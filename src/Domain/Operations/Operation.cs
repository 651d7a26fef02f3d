using System.Collections.Immutable;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using static Ppec.Contracts.Gate.ProblemCodes;
using static Ppec.Domain.Decide;
using static Ppec.Domain.Operations.OperationState;

namespace Ppec.Domain.Operations;

/// <summary>
/// The workflow engine's rules: what a report, a failure, a deadline or a cancel leads to. It knows steps only as data;
/// what to do next is <see cref="Resume"/>, a pure function of the state, so that any node can carry on at any moment.
/// </summary>
public static partial class Operation
{
    /// <summary>How long a hold may pause an operation before it is given up.</summary>
    public static readonly TimeSpan PauseLimit = TimeSpan.FromHours(24);

    /// <summary>How often a compensation is tried before it is left to a person.</summary>
    public const int UndoAttempts = 5;

    static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(10);

    public static Decision<OperationEvent> Decide(OperationState state, OperationCommand command)
    {
        var decision = Rules(state, command);
        return decision.Problem is null
            ? decision with { Events = [.. decision.Events.Select(e => e with { At = command.At })] }
            : decision;
    }

    static Decision<OperationEvent> Rules(OperationState state, OperationCommand command) => (state, command) switch
    {
        (Absent, StartOperation c)                          => new OperationStarted(c.Operation, c.Kind, c.Machine, c.Input, c.On),
        (Absent, _)                                         => No(OperationUnknown, $"There is no operation {command.Operation}."),
        (Known, StartOperation)                              => Nothing<OperationEvent>(),

        (Active s, BeginStep c) when StepOf(s).Name == c.Step => Nothing<OperationEvent>(),
        (Ready s, BeginStep c) when StepOf(s).Name == c.Step && c.At >= s.NotBefore
                                                             => new StepStarted(c.Step, s.Facts.Generation + 1, c.At + StepOf(s).Deadline),

        (Active s, CompleteStep c) when Is(s, c.Step, c.Generation) => Succeed(s, c.Output),
        (Active s, FailStep c) when Is(s, c.Step, c.Generation)     => Fail(s, c.Why, c.Final, c.At),
        (Paused s, FailStep c) when c.Step == StepOf(s).Name && c.Generation == s.Facts.Generation && c.At >= s.Until => Then<OperationEvent>(new OperationTurnedBack(Ending.Failed, c.Why)),
        (Known, CompleteStep or FailStep)                    => No(OperationStale, "That attempt is over: an older generation takes no effect."),

        (Ready s, PauseOperation c) when StepOf(s).SafePoint => new OperationPaused(StepOf(s).Name, c.Why, c.At + PauseLimit),
        (Paused, PauseOperation)                             => Nothing<OperationEvent>(),
        (Paused s, ResumeOperation)                          => new OperationResumed(StepOf(s).Name),
        (Ready or Active, ResumeOperation)                   => Nothing<OperationEvent>(),

        (Active s, ConnectAgent c)                           => Connect(s, c),
        (Active s, ReportTask c) when Is(s, c.Step, c.Generation) && StepOf(s).Kind == StepKind.Agent => Judge(s, Judgement.OfTask(s.Facts, c.Step, c.Result), c.At),
        (Active s, ReportBeacon c) when StepOf(s).Name == Workflows.Steps.AwaitFirstBoot => Judge(s, Judgement.OfBeacon(s.Facts, c.Beacon, c.SourceAddress), c.At),
        (Known s, ReportBeacon) when s.Facts.Steps.GetValueOrDefault(Workflows.Steps.AwaitFirstBoot)?.Done == true => Nothing<OperationEvent>(),
        (Known s, ReportTask c) when s.Facts.Steps.GetValueOrDefault(c.Step)?.Done == true => Nothing<OperationEvent>(),
        (Known, ConnectAgent)                                => No(BootTokenRefused, "This operation does not wait for PIOUS now."),
        (Known, ReportTask or ReportBeacon)                  => No(OperationStale, "That task is over: an older generation takes no effect."),

        (Ended s, CancelOperation)                           => No(ProblemCodes.OperationEnded, $"Operation {s.Facts.Id} has ended: {s.Ending.Result}."),
        (Known { Facts.Cancel: not null } or Undoing or Concluding, CancelOperation) => Nothing<OperationEvent>(),
        (Known s, CancelOperation c)                         => Cancel(s, c),

        (Ready s, RetryOperation c)                          => s.NotBefore > c.At ? new StepRetried(StepOf(s).Name) : Nothing<OperationEvent>(),
        (Active, RetryOperation)                             => Nothing<OperationEvent>(),
        (Known s, RetryOperation)                            => No(OperationNotFailed, $"Operation {s.Facts.Id} is not waiting to try again: start a new one."),

        (Undoing s, CompleteCompensation c) when s.Left[0] == c.Step => Undone(s, c),
        (Known, CompleteCompensation)                        => Nothing<OperationEvent>(),
        (Concluding s, ConcludeOperation)                    => new OperationEnded(s.Ending.Result, s.Ending.Why),
        (Ended, ConcludeOperation)                           => Nothing<OperationEvent>(),
        _                                                    => No(OperationStale, $"Operation {command.Operation} is not there now."),
    };

    /// <summary>What to do now. <paramref name="now"/> decides only whether a wait is over.</summary>
    public static Next Resume(OperationState state, DateTimeOffset now) => state switch
    {
        Ready s when s.NotBefore > now           => new Next.Wait(s.NotBefore),
        Ready s                                  => new Next.Begin(StepOf(s)),
        Active s when s.Attempt.Deadline <= now  => new Next.Expire(StepOf(s), s.Attempt.Generation),
        Active s                                 => new Next.Run(StepOf(s), s.Attempt),
        Paused s when s.Until <= now             => new Next.Expire(StepOf(s), s.Facts.Generation),
        Paused s                                 => new Next.CheckHold(s.Until),
        Undoing s when s.NotBefore > now         => new Next.Wait(s.NotBefore),
        Undoing s                                => new Next.Undo(s.Left[0], UndoOf(s.Facts, s.Left[0])),
        Concluding s                             => new Next.Conclude(s.Ending),
        _                                        => new Next.Rest(),
    };

    public static Step StepOf(Known s) => Workflows.Named(s.Facts.Kind).Steps[s switch
    {
        Ready r => r.Index,
        Active a => a.Index,
        Paused p => p.Index,
        _ => throw new ArgumentException("There is no current step.", nameof(s)),
    }];

    static string UndoOf(OperationFacts facts, string step)
    {
        var workflow = Workflows.Named(facts.Kind);
        return workflow.Steps[workflow.IndexOf(step)].Undo!;
    }

    static bool Is(Active s, string step, long generation) => StepOf(s).Name == step && s.Attempt.Generation == generation;

    static Decision<OperationEvent> Succeed(Active s, StepOutput? output)
    {
        var done = new StepSucceeded(StepOf(s).Name, s.Attempt.Generation, output);
        var last = s.Index == Workflows.Named(s.Facts.Kind).Steps.Length - 1;
        return (last, s.Facts.Cancel) switch
        {
            (true, _)       => Then<OperationEvent>(done, new OperationEnded(Ending.Succeeded, "")),
            (false, { }) when RecordsAnErase(s.Facts.Kind, s.Index + 1) => done,
            (false, { } why) => Then<OperationEvent>(done, new OperationTurnedBack(Ending.Cancelled, why)),
            _               => done,
        };
    }

    static Decision<OperationEvent> Fail(Active s, string why, bool final, DateTimeOffset at)
    {
        var step = StepOf(s);
        var failures = (s.Facts.Steps.GetValueOrDefault(step.Name)?.Failures ?? 0) + 1;
        if (s.Facts.Cancel is { } cancel && !RecordsAnErase(s.Facts.Kind, s.Index))
            return Then<OperationEvent>(new StepFailed(step.Name, s.Attempt.Generation, why, null, null), new OperationTurnedBack(Ending.Cancelled, cancel));
        if (final || failures >= step.Attempts)
            return Then<OperationEvent>(
                new StepFailed(step.Name, s.Attempt.Generation, why, null, null),
                new OperationTurnedBack(Ending.Failed, $"{step.Name}: {why}"));
        return new StepFailed(step.Name, s.Attempt.Generation, why, step.RetryFrom ?? step.Name, at + Backoff(step.Backoff, failures));
    }

    static TimeSpan Backoff(TimeSpan first, int failures)
    {
        var wait = first * Math.Pow(2, Math.Min(failures - 1, 20));
        return wait < LongestBackoff ? wait : LongestBackoff;
    }

    static Decision<OperationEvent> Judge(Active s, Judgement judgement, DateTimeOffset at) =>
        judgement.Failure is { } why ? Fail(s, why, judgement.Final, at) : Succeed(s, judgement.Output);

    static Decision<OperationEvent> Connect(Active s, ConnectAgent c)
    {
        var step = StepOf(s);
        if (s.Facts.UsedTokens.Contains(c.TokenId)) return No(BootTokenRefused, "This boot token was used already.");
        if (step.Kind != StepKind.Agent && step.Name != Workflows.Steps.AwaitPious) return No(BootTokenRefused, "This operation does not wait for PIOUS now.");
        if (s.Facts.Session is { } session && session.TokenExpiresAt >= c.TokenExpiresAt) return No(BootTokenRefused, "The machine was booted again since this boot token was made.");
        var connected = new AgentConnected(c.TokenId, c.TokenExpiresAt, c.CredentialSha256, c.ExpiresAt, c.Evidence);
        if (step.Name != Workflows.Steps.AwaitPious) return connected;
        return Then<OperationEvent>([connected, .. Succeed(s, null).Events]);
    }

    static Decision<OperationEvent> Cancel(Known s, CancelOperation c)
    {
        var requested = new CancelRequested(c.Why);
        return s is Active a ? StepOf(a).OnCancel switch
        {
            OnCancel.Lands => Then<OperationEvent>(requested, new OperationTurnedBack(Ending.Cancelled, c.Why)),
            OnCancel.Waits => requested,
            _              => No(ProblemCodes.OperationEnded, "Too late to cancel: the work is done and is being recorded."),
        }
        : s is Ready r && RecordsAnErase(r.Facts.Kind, r.Index) ? requested
        : Then<OperationEvent>(requested, new OperationTurnedBack(Ending.Cancelled, c.Why));
    }

    /// <summary>An erase and the record of its proof are one to a cancel: once disks were erased, the proof is not thrown away.</summary>
    static bool RecordsAnErase(string kind, int index)
    {
        var steps = Workflows.Named(kind).Steps;
        return index > 0 && steps[index - 1].OnCancel == OnCancel.Waits && steps[index].OnCancel == OnCancel.Waits;
    }

    static Decision<OperationEvent> Undone(Undoing s, CompleteCompensation c) => c.Error switch
    {
        null => new StepUndone(c.Step),
        var error when s.Failures + 1 < UndoAttempts => new UndoFailed(c.Step, error, c.At + Backoff(TimeSpan.FromSeconds(5), s.Failures + 1)),
        var error => new UndoFailed(c.Step, error, null),
    };
}

/// <summary>What an operation wants done next.</summary>
public abstract record Next
{
    public sealed record Begin(Step Step) : Next;
    public sealed record Run(Step Step, Attempt Attempt) : Next;
    public sealed record Expire(Step Step, long Generation) : Next;
    public sealed record Wait(DateTimeOffset Until) : Next;
    public sealed record CheckHold(DateTimeOffset Until) : Next;
    public sealed record Undo(string Step, string Compensation) : Next;
    public sealed record Conclude(Ending Ending) : Next;
    public sealed record Rest : Next;
}
