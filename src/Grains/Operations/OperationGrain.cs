using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Grains.Access;
using static Ppec.Domain.Operations.OperationState;

namespace Ppec.Grains.Operations;

/// <summary>
/// The door to one operation, and the place where it is driven: ask <see cref="Operation.Resume"/>, do that, report it as a command, ask again.
/// The agent's side is in <c>OperationGrain.Agent.cs</c>.
/// </summary>
public sealed partial class OperationGrain(
    Log log, MachineSteps steps, Tickets tickets, PpecOptions options, TimeProvider time, ILogger<OperationGrain> logger)
    : AggregateGrain<OperationState, OperationEvent>("operation", Operation.Initial, Operation.Evolve, log, logger), IOperationGrain, IRemindable
{
    const string Reminder = "open";
    static readonly TimeSpan RemindEvery = TimeSpan.FromMinutes(1); // Orleans' shortest

    /// <summary>The attempt this activation runs now, by generation (below zero: a compensation), and how to stop it.</summary>
    (long Generation, CancellationTokenSource Stop)? _running;
    IGrainTimer? _timer;

    /// <summary>The generation that this activation began, or whose machine asked it what to boot: of that one nothing was missed.</summary>
    long _witnessed;
    bool _bootingAgain;

    string Id => this.GetPrimaryKeyString();

    public async Task<Outcome> Execute(OperationCommand command, Caller caller)
    {
        var outcome = await Handle(state => Operation.Decide(state, command), caller, command.At, command.IfVersion);
        if (outcome.Accepted) await Drive();
        return outcome;
    }

    public async Task Wake(string? machine)
    {
        if (options.Observe) return;
        if (State is Absent && machine is not null && await Machine(machine).Context() is { Operation: { } start } && start.Operation == Id)
            await Do(start, "start");
        await Drive();
    }

    /// <summary>The backstop of the sweep: whatever the read models say, an open operation is looked after.</summary>
    async Task IRemindable.ReceiveReminder(string reminderName, TickStatus status)
    {
        await Drive();
        if (State is Absent or Ended) Remind(on: false);
    }

    /// <summary>Beside the work and not before it: an operation must not wait for the table of reminders, nor fail with it.</summary>
    void Remind(bool on)
    {
        if (options.RemindOperations) Set().Ignore();

        async Task Set()
        {
            try
            {
                if (on) await this.RegisterOrUpdateReminder(Reminder, RemindEvery, RemindEvery);
                else if (await this.GetReminder(Reminder) is { } set) await this.UnregisterReminder(set);
            }
            catch (Exception e)
            {
                logger.ReminderFailed(Id, e);
            }
        }
    }

    public Task<OperationView?> Read() => Task.FromResult(OperationViews.Of(State, Version, First?.Actor ?? "", First?.Reason, First?.Ticket));

    public Task<OperationStanding> Standing() => Task.FromResult(new OperationStanding(State is Known, (State as Ended)?.Ending.Result, (State as Ended)?.Ending.Why));

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _running?.Stop.Cancel();
        return Task.CompletedTask;
    }

    protected override void Happened(IReadOnlyList<OperationEvent> events)
    {
        foreach (var e in events)
            switch (e)
            {
                case StepStarted s:
                    _witnessed = s.Generation;
                    Say("ppec", $"{s.Step} started");
                    break;
                case StepFailed f:
                    Say("ppec", $"{f.Step} failed: {f.Why}", "warning");
                    logger.StepFailed(Id, f.Step, f.Why);
                    break;
                case OperationStarted:
                    Remind(on: true);
                    break;
                case OperationEnded o:
                    Say("ppec", $"{o.Result} {o.Why}".TrimEnd(), o.Result == "failed" ? "error" : "info");
                    Remind(on: false);
                    break;
            }
        _progress = null;
        Changed();
    }

    /// <summary>Does what comes next until something has to be waited for. One drive at a time: calls of an aggregate do not interleave.</summary>
    async Task Drive()
    {
        if (options.Observe) return; // it stands as it is: no step, no deadline
        while (await Act(Operation.Resume(State, time.GetUtcNow()))) { }
        Schedule();
    }

    async Task<bool> Act(Next next)
    {
        switch (next)
        {
            case Next.Begin b:
                // A boot that was begun again is finished even when PIOUS called meanwhile: cut short, it would leave the machine off.
                if (!_bootingAgain) StopRunning();
                return b.Step.SafePoint && await Held() is { } why
                    ? await Do(new PauseOperation(Id, why), $"pause-{Version}")
                    : await Do(new BeginStep(Id, b.Step.Name), $"begin-{Version}");
            case Next.Expire e:
                StopRunning();
                var limit = State is Paused p ? $"It was held too long: {p.Why}" : $"It did not finish within {Describe(e.Step.Deadline)}.";
                return await Do(new FailStep(Id, e.Step.Name, e.Generation, limit, Final: State is Paused), $"expire-{e.Step.Name}-{e.Generation}");
            case Next.Run { Step.Kind: StepKind.Act } r:
                Start(r.Attempt.Generation, r.Step.Name, stop => RunStep(r.Step, r.Attempt, stop));
                return false;
            case Next.Run { Step.Name: Workflows.Steps.AwaitPious } r when r.Attempt.Generation != _witnessed:
                _witnessed = r.Attempt.Generation;
                Start(r.Attempt.Generation, r.Step.Name, stop => BootAgain(r.Step, r.Attempt, stop));
                return false;
            case Next.CheckHold:
                return await Held() is null && await Do(new ResumeOperation(Id), $"resume-{Version}");
            case Next.Undo u:
                Start(-Version, u.Step, stop => RunUndo(u.Step, stop));
                return false;
            case Next.Conclude c:
                StopRunning();
                return await Conclude(c.Ending);
            case Next.Rest when State is Ended:
                StopRunning();
                return false;
            default:
                return false;
        }
    }

    /// <summary>Tells the machine how it ended, then ends. Repeated after a crash between the two, the machine hears it again and writes nothing.</summary>
    async Task<bool> Conclude(Ending ending)
    {
        var facts = ((Known)State).Facts;
        var why = ending.Result == Ending.Cancelled ? $"Cancelled. {ending.Why}".TrimEnd() : ending.Why;
        var told = await Machine(facts.Machine).Execute(
            new AbandonOperation(facts.Machine, Id, why, ending.Result == Ending.Failed) { At = time.GetUtcNow() },
            Caller.ForOperation(Id, $"{Id}/conclude"));
        if (told.Problem is { } problem && problem.Code is ProblemCodes.OutcomeUnknown or ProblemCodes.Unavailable) return false;
        return await Do(new ConcludeOperation(Id), "end");
    }

    /// <summary>A command of PPEC itself; false when nothing came of it, so that the loop ends and the sweep tries again.</summary>
    async Task<bool> Do(OperationCommand command, string what)
    {
        var (before, now) = (Version, time.GetUtcNow());
        await Handle(state => Operation.Decide(state, command with { At = now }), Caller.ForOperation(Id, $"{Id}/{what}"), now);
        return Version > before;
    }

    /// <summary>Steps run beside the grain, so that a cancel, a deadline or a report is heard at any time; their outcome comes back as a command.</summary>
    void Start(long generation, string step, Func<CancellationToken, Task<OperationCommand?>> act)
    {
        if (_running?.Generation == generation) return;
        StopRunning();
        var stop = new CancellationTokenSource();
        _running = (generation, stop);
        Report(generation, step, act, stop).Ignore();
    }

    async Task Report(long generation, string step, Func<CancellationToken, Task<OperationCommand?>> act, CancellationTokenSource stop)
    {
        try
        {
            if (await act(stop.Token) is not { } command || stop.IsCancellationRequested) return;
            await this.AsReference<IOperationGrain>().Execute(command with { At = time.GetUtcNow() }, Caller.ForOperation(Id, $"{Id}/{step}/{generation}/outcome"));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) { /* turned back, expired, or this activation ended: whoever did that goes on */ }
        catch (Exception e)
        {
            logger.DriveFailed(Id, e);
        }
        finally
        {
            if (_running?.Stop == stop) _running = null;
        }
    }

    async Task<OperationCommand?> RunStep(Step step, Attempt attempt, CancellationToken stop)
    {
        var facts = ((Known)State).Facts;
        logger.StepStarted(Id, facts.Kind, facts.Machine, step.Name, attempt.Generation);
        var result = await Guarded(facts, step.Name, attempt.Generation, context => steps.Run(context, stop), stop);
        return result.Failure is { } why
            ? new FailStep(Id, step.Name, attempt.Generation, why, result.Final)
            : new CompleteStep(Id, step.Name, attempt.Generation, result.Output);
    }

    /// <summary>
    /// Who takes a wait for PIOUS over boots the machine once more: it may have asked what to boot while no node answered, and gone on to its disk.
    /// Nothing to report unless that fails; the step is done when PIOUS calls.
    /// </summary>
    async Task<OperationCommand?> BootAgain(Step step, Attempt attempt, CancellationToken stop)
    {
        Say("ppec", "taken over: booting it again");
        _bootingAgain = true;
        try
        {
            var result = await Guarded(((Known)State).Facts, Workflows.Steps.BootPious, attempt.Generation, context => steps.Run(context, stop), stop);
            return result.Failure is { } why ? new FailStep(Id, step.Name, attempt.Generation, why, result.Final) : null;
        }
        finally
        {
            _bootingAgain = false;
        }
    }

    async Task<OperationCommand?> RunUndo(string step, CancellationToken stop)
    {
        var facts = ((Known)State).Facts;
        var result = await Guarded(facts, step, facts.Generation + 1, context => steps.RestorePower(context, stop), stop);
        return new CompleteCompensation(Id, step, result.Failure);
    }

    /// <summary>A bug or broken infrastructure in a step is a failed attempt with its words, not a silent halt.</summary>
    async Task<StepResult> Guarded(OperationFacts facts, string step, long generation, Func<StepContext, Task<StepResult>> run, CancellationToken stop)
    {
        try
        {
            if (await Machine(facts.Machine).Context() is not { } machine) return StepResult.Fail($"Machine {facts.Machine} is gone.");
            return await run(new(facts, machine, generation, step, time.GetUtcNow(), line => Say("ppec", line)));
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            logger.DriveFailed(Id, e);
            return StepResult.Retry($"Unexpected: {e.Message}");
        }
    }

    void StopRunning()
    {
        _running?.Stop.Cancel();
        _running = null;
    }

    /// <summary>A hold placed since the operation began; older ones were known when it was started.</summary>
    async Task<string?> Held()
    {
        var facts = ((Known)State).Facts;
        var now = time.GetUtcNow();
        return (await Machine(facts.Machine).Read())?.Holds
            .Where(h => h.Since > facts.StartedAt && (h.ExpiresAt is null || h.ExpiresAt > now))
            .Select(h => $"{h.Source}: {h.Reason}").FirstOrDefault();
    }

    /// <summary>Wakes this activation at the next deadline; the sweep wakes it anyway.</summary>
    void Schedule()
    {
        _timer?.Dispose();
        _timer = null;
        DateTimeOffset? due = State switch
        {
            Ready r => r.NotBefore,
            Active a => a.Attempt.Deadline,
            Undoing u => u.NotBefore,
            _ => null,
        };
        if (State is Known and not Ended) DelayDeactivation(TimeSpan.FromMinutes(15));
        // The compensation of this version is under way and needs no timer. One that just failed still runs while it reports: its next attempt does need one.
        if (due is not { } at || (State is Undoing && _running?.Generation == -Version)) return;
        var wait = at - time.GetUtcNow();
        _timer = this.RegisterGrainTimer(_ => Drive(), new() { DueTime = wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), Period = Timeout.InfiniteTimeSpan });
    }

    IMachineGrain Machine(string id) => GrainFactory.GetGrain<IMachineGrain>(id);

    static string Describe(TimeSpan span) => span.TotalHours >= 1 ? $"{span.TotalHours:0} h" : $"{span.TotalMinutes:0} min";
}
