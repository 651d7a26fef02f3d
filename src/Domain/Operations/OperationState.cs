using System.Collections.Immutable;
using Ppec.Contracts.Operations;

namespace Ppec.Domain.Operations;

/// <summary>Where an operation stands.</summary>
public abstract record OperationState
{
    public sealed record Absent : OperationState;

    public abstract record Known(OperationFacts Facts) : OperationState;

    /// <summary>The step at <paramref name="Index"/> is next; not before <paramref name="NotBefore"/>.</summary>
    public sealed record Ready(OperationFacts Facts, int Index, DateTimeOffset NotBefore) : Known(Facts);

    /// <summary>An attempt is under way.</summary>
    public sealed record Active(OperationFacts Facts, int Index, Attempt Attempt) : Known(Facts);

    /// <summary>Held before the step at <paramref name="Index"/>; given up at <paramref name="Until"/>.</summary>
    public sealed record Paused(OperationFacts Facts, int Index, string Why, DateTimeOffset Until) : Known(Facts);

    /// <summary>It will not reach its goal; compensations run, the last begun step's first.</summary>
    public sealed record Undoing(OperationFacts Facts, ImmutableArray<string> Left, int Failures, DateTimeOffset NotBefore, Ending Ending) : Known(Facts);

    /// <summary>Nothing is left to undo: the machine is to be told.</summary>
    public sealed record Concluding(OperationFacts Facts, Ending Ending) : Known(Facts);

    public sealed record Ended(OperationFacts Facts, Ending Ending, DateTimeOffset At) : Known(Facts);
}

/// <summary>What holds whatever the state.</summary>
public sealed record OperationFacts(string Id, string Kind, string Machine, OperationInput Input, DateTimeOffset StartedAt)
{
    /// <summary>Where the machine stood and whose it was when the work began.</summary>
    public WorkPlace? On { get; init; }

    /// <summary>Counts every attempt of every step: executors refuse an older one.</summary>
    public long Generation { get; init; }

    public ImmutableDictionary<string, StepOutput> Outputs { get; init; } = ImmutableDictionary<string, StepOutput>.Empty;
    public ImmutableDictionary<string, StepRecord> Steps { get; init; } = ImmutableDictionary<string, StepRecord>.Empty;

    /// <summary>Ids of boot tokens that were exchanged; none is taken twice.</summary>
    public ImmutableHashSet<string> UsedTokens { get; init; } = [];

    public AgentSession? Session { get; init; }

    /// <summary>Why a cancel was asked for; null = none was.</summary>
    public string? Cancel { get; init; }

    /// <summary>The point of no return was begun.</summary>
    public bool Writing { get; init; }

    /// <summary>Output of the latest step that has what <paramref name="pick"/> wants.</summary>
    public T? Output<T>(Func<StepOutput, T?> pick, params ReadOnlySpan<string> steps) where T : class
    {
        foreach (var step in steps)
            if (Outputs.TryGetValue(step, out var output) && pick(output) is { } found) return found;
        return null;
    }
}

/// <summary>One try at a step.</summary>
public sealed record Attempt(long Generation, DateTimeOffset StartedAt, DateTimeOffset Deadline);

/// <summary>What happened to a step so far.</summary>
public sealed record StepRecord(int Attempts, int Failures, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Message, bool Done, bool Undone);

/// <summary>The agent that holds the machine now; <paramref name="CredentialSha256"/> is of its whole credential, lower-case hex. A boot token that expires before <paramref name="TokenExpiresAt"/> is of an earlier boot.</summary>
public sealed record AgentSession(DateTimeOffset TokenExpiresAt, string CredentialSha256, DateTimeOffset ExpiresAt);

/// <summary>How it ended: <paramref name="Result"/> is <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</summary>
public sealed record Ending(string Result, string Why)
{
    public const string Succeeded = "succeeded";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";
}
