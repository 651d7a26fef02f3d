using Ppec.Agent.Link;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tasks;

/// <summary>Does one kind of work after another; a failure is a sentence in the result, never an exception that ends the loop.</summary>
public delegate Task<TaskResult> Perform(AgentTask task, WorkLog log, CancellationToken stop);

/// <summary>
/// Fetch, run, report, for ever. Ends when the session does, or after a power-down: either way the machine is to be powered off.
/// Restarts of PPEC are invisible here: what was not heard is said again.
/// </summary>
public sealed class TaskLoop(IControlPlane link, Journal journal, Perform perform, TimeProvider clock)
{
    static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(25);

    /// <summary>The time between two reports of a running task.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Runs until the machine is to be powered off; says why.</summary>
    public async Task<string> Run(CancellationToken stop)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var asked = clock.GetTimestamp();
            var (heard, task, unreadable) = await link.Fetch(LongPoll, stop);
            if (heard == Heard.SessionEnded) return "PPEC ended the session";
            // No answer; or "nothing to do" at once, from a server that does not hold long polls: do not hammer it.
            var hasty = task is null && unreadable is null && clock.GetElapsedTime(asked) < TimeSpan.FromSeconds(1);
            if (heard != Heard.Yes || hasty) { await backoff.Wait(stop); continue; }

            backoff.Reset();
            var ended = (task, unreadable) switch
            {
                ({ } t, _)    => await Handle(t, stop),
                (_, { } u)    => await Tell(u.Id, new TaskResult($"This agent cannot read the task: {u.Reason}"), null, stop) == Heard.SessionEnded,
                _             => false,
            };
            if (ended) return "PPEC ended the session";
            if (task?.Work is PowerDown && journal.Find(task.Id) is not null) return "powered down as asked";
        }
    }

    /// <summary>True when the session ended meanwhile.</summary>
    async Task<bool> Handle(AgentTask task, CancellationToken stop)
    {
        if (journal.Find(task.Id) is { } known) return await Tell(task.Id, known, task.Deadline, stop) == Heard.SessionEnded;
        if (task.Generation < journal.Generation)
            return await Tell(task.Id, new TaskResult($"Refused: generation {task.Generation} is older than {journal.Generation}, which this machine has seen."), task.Deadline, stop) == Heard.SessionEnded;

        journal.Start(task);
        var log = new WorkLog();
        log.Line($"task {task.Id}: {task.Work.GetType().Name}"); // not the work itself: user data may hold secrets
        var (result, ending) = await RunWork(task, log, stop);
        if (ending == Heard.SessionEnded) return true;
        log.Line($"task {task.Id}: {result.Error ?? "done"}");

        // Stopped work is not finished work: the same id may be asked for again, and is then done from the start.
        if (ending != Heard.Refused) journal.Finish(task, result);
        await link.Progress(task.Id, log.Peek(), stop);
        return await Tell(task.Id, result, task.Work is PowerDown ? task.Deadline : null, stop) == Heard.SessionEnded;
    }

    async Task<(TaskResult Result, Heard Ending)> RunWork(AgentTask task, WorkLog log, CancellationToken stop)
    {
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var late = new CancellationTokenSource();
        var left = task.Deadline - clock.GetUtcNow();
        using var timer = clock.CreateTimer(_ => late.Cancel(), null, left > TimeSpan.Zero ? Min(left, TimeSpan.FromDays(20)) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(abort.Token, late.Token);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reporting = Report(task.Id, log, abort, done.Token);
        var result = await Guarded(task, log, both.Token, late.Token, stop);
        await done.CancelAsync();
        return (result, await reporting);
    }

    async Task<TaskResult> Guarded(AgentTask task, WorkLog log, CancellationToken abort, CancellationToken late, CancellationToken stop)
    {
        try
        {
            return await Task.Run(() => perform(task, log, abort), CancellationToken.None);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new TaskResult(late.IsCancellationRequested ? "Stopped at a safe point: the task's deadline passed." : "Stopped at a safe point, as PPEC asked.");
        }
        catch (SessionEndedException e) { return new TaskResult(e.Message); } // the next call to PPEC says the same, and ends the loop
#pragma warning disable CA1031 // whatever broke, PPEC must hear it: an agent that dies silently leaves the step to time out
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Console.WriteLine(e);
            return new TaskResult($"{e.GetType().Name}: {e.Message}");
        }
#pragma warning restore CA1031
    }

    /// <summary>The heartbeat: reports until the work is done; a refusal or the session's end aborts the work.</summary>
    async Task<Heard> Report(string id, WorkLog log, CancellationTokenSource abort, CancellationToken done)
    {
        try
        {
            while (true)
            {
                await Task.Delay(ReportEvery, clock, done);
                var progress = log.Peek();
                var heard = await link.Progress(id, progress, done);
                if (heard == Heard.Yes) log.Heard(progress.Lines.Length);
                if (heard is not (Heard.Refused or Heard.SessionEnded)) continue;
                await abort.CancelAsync();
                return heard;
            }
        }
        catch (OperationCanceledException) { return Heard.Yes; }
    }

    /// <summary>Says it until it is heard, refused, or the session is over; or, when there is a time limit, until that.</summary>
    async Task<Heard> Tell(string id, TaskResult result, DateTimeOffset? until, CancellationToken stop)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            var heard = await link.Result(id, result, stop);
            if (heard != Heard.No || clock.GetUtcNow() > until) return heard;
            await backoff.Wait(stop);
        }
    }

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
