using Ppec.Contracts.Agents;
using Ppec.Contracts.Events;
using Ppec.Contracts.Operations;

namespace Ppec.Domain.Operations;

/// <summary>What can happen to an operation. <see cref="At"/> is when it was decided, UTC.</summary>
public abstract record OperationEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record OperationStarted(string Operation, string Kind, string Machine, OperationInput Input, WorkPlace? On = null) : OperationEvent;
public sealed record StepStarted(string Step, long Generation, DateTimeOffset Deadline) : OperationEvent;
public sealed record StepSucceeded(string Step, long Generation, StepOutput? Output) : OperationEvent;

/// <summary>The next attempt begins at <paramref name="NextStep"/>, not before <paramref name="RetryAt"/>; both null = no more attempts.</summary>
public sealed record StepFailed(string Step, long Generation, string Why, string? NextStep, DateTimeOffset? RetryAt) : OperationEvent;
public sealed record StepRetried(string Step) : OperationEvent;
public sealed record OperationPaused(string Step, string Why, DateTimeOffset Until) : OperationEvent;
public sealed record OperationResumed(string Step) : OperationEvent;
public sealed record AgentConnected(string TokenId, DateTimeOffset TokenExpiresAt, string CredentialSha256, DateTimeOffset ExpiresAt, MachineEvidence Evidence) : OperationEvent;
public sealed record CancelRequested(string Why) : OperationEvent;
public sealed record OperationTurnedBack(string Result, string Why) : OperationEvent;
public sealed record StepUndone(string Step) : OperationEvent;
public sealed record UndoFailed(string Step, string Why, DateTimeOffset? RetryAt) : OperationEvent;
public sealed record OperationEnded(string Result, string Why) : OperationEvent;
