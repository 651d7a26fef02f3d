using System.Collections.Immutable;
using Orleans.Concurrency;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Operations;

/// <summary>The door to one operation, and the place where its steps run.</summary>
[Alias("operation")]
public interface IOperationGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(OperationCommand command, Caller caller);

    /// <summary>Carries on from wherever the log says it stands. Called at start, every 10 s while open, and after each change; harmless at any time.</summary>
    Task Wake(string? machine);

    /// <summary>The operation as it is now; null when there is none.</summary>
    Task<OperationView?> Read();

    /// <summary>Whether it began, and how it ended.</summary>
    [AlwaysInterleave]
    Task<OperationStanding> Standing();

    /// <summary>Whether a machine that asks for a boot script now is expected to boot PIOUS for this operation; if so, a fresh one-time token for its kernel command line.</summary>
    Task<string?> MintBootToken();

    /// <summary>Exchanges a boot token for a session.</summary>
    Task<AgentAnswer<SessionGranted>> Connect(SessionRequest request);

    /// <summary>The task for the agent with this credential, waiting up to <paramref name="wait"/> for one; none → null value.</summary>
    [AlwaysInterleave]
    Task<AgentAnswer<AgentTask>> NextTask(string credential, TimeSpan wait);

    /// <summary>Progress and log lines; not state.</summary>
    [AlwaysInterleave]
    Task<AgentAnswer<string>> Progress(string credential, string task, TaskProgress progress);

    Task<AgentAnswer<string>> Result(string credential, string task, TaskResult result);

    Task<AgentAnswer<string>> Beacon(Beacon beacon, string sourceAddress);

    /// <summary>The newest log lines after number <paramref name="after"/>, and the agent's progress in the current step.</summary>
    [AlwaysInterleave]
    Task<OperationLog> Log(long after);
}

/// <summary>An answer to an agent: a value, nothing yet (both null), or a refusal that ends its session or makes it drop the task.</summary>
[GenerateSerializer, Immutable]
public sealed record AgentAnswer<T>(T? Value, Problem? Problem) where T : class;

[GenerateSerializer, Immutable]
public sealed record OperationLog(ImmutableArray<LogLine> Lines, LiveProgress? Progress);

/// <summary>An operation seen from its parent: <paramref name="Result"/> is null until it ended.</summary>
[GenerateSerializer, Immutable]
public sealed record OperationStanding(bool Begun, string? Result, string? Why);
