using System.Collections.Immutable;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;

namespace Ppec.Sdk;

/// <summary>The server refused, and said why. Nothing was changed.</summary>
public sealed class PpecException(int status, string code, string message, ImmutableArray<FieldProblem> fields, TimeSpan? retryAfter = null)
    : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The permanent code, one of <see cref="ProblemCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>What is wrong with which field of the request; empty when no single field is to blame.</summary>
    public ImmutableArray<FieldProblem> Fields { get; } = fields.IsDefault ? [] : fields;

    /// <summary>When to try again, if the server said so.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>
/// A policy asks for a second person: nothing was done yet, and <see cref="Change"/> is open for approval. Approved in time, the server carries it out by itself.
/// The same call with the same idempotency key answers the same.
/// </summary>
public sealed class AwaitingApprovalException(Answer<ChangeView> change) : Exception($"Change {change.Value.Id} is open and waits for approval; nothing was done yet.")
{
    /// <summary>The change, with its plan and whose word it needs.</summary>
    public Answer<ChangeView> Change { get; } = change;
}

/// <summary>What a change would do, asked for by <see cref="MutationOptions.PlanOnly"/>. Nothing was changed.</summary>
public sealed class PlannedException(Answer<Plan> plan) : Exception("Planned only: nothing was changed.")
{
    /// <summary>What it would do.</summary>
    public Answer<Plan> Plan { get; } = plan;
}

/// <summary>
/// The third outcome: a change was sent, and whether it took effect is unknown, because no answer came.
/// Send it again with the same <see cref="IdempotencyKey"/>: it takes effect once, and answers as it would have.
/// </summary>
public sealed class OutcomeUnknownException(string idempotencyKey, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The key to send the change again with.</summary>
    public string IdempotencyKey { get; } = idempotencyKey;
}

/// <summary>The server could not be reached, or cannot answer now. Nothing was changed.</summary>
public sealed class ServerUnreachableException(Uri server, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The server that was tried.</summary>
    public Uri Server { get; } = server;
}
