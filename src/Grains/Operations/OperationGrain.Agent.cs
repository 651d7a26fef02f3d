using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Logs;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Grains.Access;
using Ppec.Grains.Gate;
using static Ppec.Domain.Operations.OperationState;

namespace Ppec.Grains.Operations;

/// <summary>The agent's side of an operation: tokens, sessions, tasks and reports; and the log lines, which are not state.</summary>
public sealed partial class OperationGrain
{
    const int KeptLines = 2000;
    const int LongestLine = 500;
    static readonly TimeSpan TicketLife = TimeSpan.FromMinutes(30);
    static readonly TimeSpan SessionLife = TimeSpan.FromHours(24);

    readonly Queue<LogLine> _lines = new();
    long _lineNumber;
    LiveProgress? _progress;

    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string?> MintBootToken()
    {
        if (State is not Active s || (Operation.StepOf(s).Kind != StepKind.Agent && Operation.StepOf(s).Name is not (Workflows.Steps.AwaitPious or Workflows.Steps.BootPious)))
            return Task.FromResult<string?>(null);
        _witnessed = s.Attempt.Generation;
        return Task.FromResult<string?>(tickets.Mint(Tickets.Boot, Id, TicketLife, after: s.Facts.Session?.TokenExpiresAt ?? default));
    }

    public async Task<AgentAnswer<SessionGranted>> Connect(SessionRequest request)
    {
        if (tickets.Open(request.Token) is not { Purpose: Tickets.Boot } ticket || ticket.Operation != Id || State is not Known { Facts: var facts })
            return Refused<SessionGranted>(ProblemCodes.BootTokenRefused, "This boot token is not one of ours, or it has expired.");
        if (await Machine(facts.Machine).Read() is not { } machine) return Refused<SessionGranted>(ProblemCodes.MachineUnknown, "The machine is gone.");
        if (Parts.Contradiction(machine.Evidence ?? new(machine.Serial, "", "", []), request.Evidence) is { } wrong)
        {
            var why = $"Another machine booted in its place: {wrong}.";
            Say("ppec", why, "error");
            await Machine(facts.Machine).Execute(
                new HoldMachine(facts.Machine, Holds.Identity, why, null, null) { At = time.GetUtcNow() }, Caller.ForOperation(Id, $"{Id}/identity/{ticket.Id}"));
            return Refused<SessionGranted>(ProblemCodes.MachineIdentityMismatch, why);
        }
        // A machine may boot faster than the step that powered it on is recorded.
        if (State is Active { } early && (Operation.StepOf(early).Name == Workflows.Steps.BootPious || _running is not null))
            return new(null, new(ProblemCodes.Unavailable, "Its power-on is still being recorded: ask again."));

        var credential = tickets.Session(ticket, request.Nonce);
        var now = time.GetUtcNow();
        // The answer to this very request may have been lost: it is given again.
        if (facts.Session is { } session && session.CredentialSha256 == Tokens.Hash(credential))
            return new(new(credential, facts.Machine, Id, now, session.ExpiresAt), null);
        var connect = new ConnectAgent(Id, ticket.Id, ticket.ExpiresAt, Tokens.Hash(credential), now + SessionLife, request.Evidence) { At = now };
        var outcome = await Execute(connect, new("agent:" + facts.Machine, "boot-token", "agent", $"{Id}/connect/{ticket.Id}/{connect.CredentialSha256}", connect.CredentialSha256, Operation: Id));
        if (outcome.Problem is { } problem) return new(null, problem);
        Say("agent", "PIOUS connected");
        return new(new(credential, facts.Machine, Id, now, connect.ExpiresAt), null);
    }

    public async Task<AgentAnswer<AgentTask>> NextTask(string credential, TimeSpan wait)
    {
        for (var until = time.GetUtcNow() + wait; ;)
        {
            if (Trust(credential) is { } problem) return new(null, problem);
            if (CurrentTask() is { } task) return new(task, null);
            var left = until - time.GetUtcNow();
            if (left <= TimeSpan.Zero) return new(null, null);
            await Task.WhenAny(_changed.Task, Task.Delay(left, time));
        }
    }

    public Task<AgentAnswer<string>> Progress(string credential, string task, TaskProgress progress)
    {
        if (Trust(credential) is { } problem) return Task.FromResult(new AgentAnswer<string>(null, problem));
        if (Current(task) is null) return Task.FromResult(Stale());
        _progress = new(Math.Clamp(progress.Percent, 0, 100), Clean(progress.Message), time.GetUtcNow());
        if (!progress.Lines.IsDefaultOrEmpty) Say("agent", [.. progress.Lines.Take(KeptLines)]);
        return Task.FromResult(new AgentAnswer<string>("", null));
    }

    public async Task<AgentAnswer<string>> Result(string credential, string task, TaskResult result)
    {
        if (Trust(credential) is { } problem) return new(null, problem);
        var (step, generation) = ParseTask(task);
        if (step.Length == 0) return Stale();
        var outcome = await Execute(new ReportTask(Id, step, generation, result) { At = time.GetUtcNow() }, FromAgent($"{Id}/{step}/{generation}/result"));
        return outcome.Problem is { } refused ? new(null, refused) : new("", null);
    }

    public async Task<AgentAnswer<string>> Beacon(Beacon beacon, string sourceAddress)
    {
        if (tickets.Read(beacon.Token) is not { Purpose: Tickets.FirstBoot } ticket || ticket.Operation != Id || State is not Known { Facts: var facts } || facts.Machine != beacon.Machine)
            return Refused<string>(ProblemCodes.BootTokenRefused, "This first-boot token is not one of ours, or it has expired.");
        if (facts.Steps.GetValueOrDefault(Workflows.Steps.AwaitFirstBoot) is { Done: true }) return await LaterBoot(facts.Machine, beacon, sourceAddress);
        if (options.Observe) return new(null, Observing.Refusal);
        if (ticket.ExpiresAt <= time.GetUtcNow()) return Refused<string>(ProblemCodes.BootTokenRefused, "This first-boot token has expired.");
        if (State is Active a && Operation.StepOf(a).Name == Workflows.Steps.BootDisk)
            return new(null, new(ProblemCodes.Unavailable, "Its power-on is still being recorded: ask again."));
        Say("beacon", $"{beacon.Hostname} called home from {sourceAddress}");
        var outcome = await Execute(new ReportBeacon(Id, ticket.Id, beacon, sourceAddress) { At = time.GetUtcNow() }, FromAgent($"{Id}/beacon/{facts.Generation}"));
        return outcome.Problem is { } refused ? new(null, refused) : new("", null);
    }

    /// <summary>
    /// What the token bought is long done. It still proves that this is the system of this installation, so its word is compared with the log;
    /// the machine knows whether this installation is the one that counts.
    /// </summary>
    async Task<AgentAnswer<string>> LaterBoot(string machine, Beacon beacon, string sourceAddress)
    {
        var now = time.GetUtcNow();
        var outcome = await Machine(machine).Execute(new RecordBoot(machine, Id, beacon) { At = now },
            new($"agent:{machine}", "first-boot-token", sourceAddress, $"{Id}/boot/{Guid.NewGuid():N}", "", Operation: Id));
        return outcome.Problem is { } refused ? new(null, refused) : new("", null);
    }

    public Task<OperationLog> Log(long after) =>
        Task.FromResult(new OperationLog([.. _lines.Where(l => l.Number > after)], _progress));

    /// <summary>The task of the current step; the same step of the same generation is always the same task.</summary>
    AgentTask? CurrentTask()
    {
        if (State is not Active s || Operation.StepOf(s) is not { Kind: StepKind.Agent } step) return null;
        AgentWork work = step.Name switch
        {
            Workflows.Steps.Health => new CheckHealth(options.HealthMemoryMiB, options.HealthCpuSeconds, options.HealthDiskReadMiB),
            Workflows.Steps.Install => new InstallImage(s.Facts.Input.Plan!, tickets.Mint(Tickets.FirstBoot, Id, SessionLife), "/agent/v1/beacon"),
            Workflows.Steps.Wipe => new WipeDisks(s.Facts.Input.Disks),
            _ => new GatherInventory(),
        };
        return new(string.Create(CultureInfo.InvariantCulture, $"{Id}.{step.Name}.{s.Attempt.Generation}"), s.Attempt.Generation, s.Attempt.Deadline, work);
    }

    Active? Current(string task) =>
        ParseTask(task) is var (step, generation) && State is Active s && Operation.StepOf(s).Name == step && s.Attempt.Generation == generation ? s : null;

    static (string Step, long Generation) ParseTask(string task) =>
        task.Split('.') is [_, var step, var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? (step, generation) : ("", 0);

    /// <summary>Null when this is the credential of the session that holds the machine now.</summary>
    Problem? Trust(string credential)
    {
        if (State is not Known { Facts.Session: { } session } || session.ExpiresAt <= time.GetUtcNow()
            || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(session.CredentialSha256), Encoding.ASCII.GetBytes(Tokens.Hash(credential))))
            return new(ProblemCodes.Unauthenticated, "This session is over.");
        return null;
    }

    Caller FromAgent(string commandId) => new($"agent:{((Known)State).Facts.Machine}", "agent-session", "agent", commandId, "", Operation: Id);

    static AgentAnswer<T> Refused<T>(string code, string message) where T : class => new(null, new(code, message));

    static AgentAnswer<string> Stale() => Refused<string>(ProblemCodes.OperationStale, "That task is over: drop it and ask for the next one.");

    void Changed()
    {
        _changed.TrySetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Keeps a line; the oldest go when there are too many. Control characters become harmless here, once.</summary>
    void Say(string source, string text, string level = "info") => Say(source, [text], level);

    /// <summary>The same lines go to the log book, where they are looked for across operations.</summary>
    void Say(string source, ImmutableArray<string> texts, string level = "info")
    {
        var (now, machine) = (time.GetUtcNow(), (State as Known)?.Facts.Machine);
        texts = [.. texts.Select(Clean)];
        foreach (var text in texts) _lines.Enqueue(new(++_lineNumber, now, source, text));
        while (_lines.Count > KeptLines) _lines.Dequeue();
        GrainFactory.GetGrain<ILogBookGrain>(0).Keep([.. texts.Select(t => new LogEntry(0, now, level, source, machine, Id, t))]).Ignore();
    }

    static string Clean(string text) =>
        string.Create(Math.Min(text.Length, LongestLine), text, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(from[i]) ? ' ' : from[i];
        });
}
