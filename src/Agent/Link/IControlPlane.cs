using Ppec.Contracts.Agents;

namespace Ppec.Agent.Link;

/// <summary>What one attempt to tell PPEC something came to.</summary>
public enum Heard
{
    /// <summary>2xx.</summary>
    Yes,

    /// <summary>409: stop, or drop it.</summary>
    Refused,

    /// <summary>401 or 403: the session is over for good.</summary>
    SessionEnded,

    /// <summary>No answer, or one that says nothing: try again.</summary>
    No,
}

/// <summary>The session is over for good: power the machine off.</summary>
public sealed class SessionEndedException(string message) : Exception(message);

/// <summary>A task came that this agent cannot read: another version's work, or garbage. It is answered with an error, never guessed at.</summary>
public sealed record UnreadableTask(string Id, string Reason);

/// <summary>What asking for work came to: a task, one that cannot be read, or neither (nothing to do, or no answer).</summary>
public readonly record struct Fetched(Heard Heard, AgentTask? Task = null, UnreadableTask? Unreadable = null);

/// <summary>PPEC as the agent sees it. Each call is one attempt; waiting and trying again is the caller's.</summary>
public interface IControlPlane
{
    /// <summary>Asks for the next task, waiting up to <paramref name="wait"/> at the server.</summary>
    Task<Fetched> Fetch(TimeSpan wait, CancellationToken stop);

    /// <summary>Reports where a task is.</summary>
    Task<Heard> Progress(string task, TaskProgress progress, CancellationToken stop);

    /// <summary>Reports a task's end.</summary>
    Task<Heard> Result(string task, TaskResult result, CancellationToken stop);

    /// <summary>Opens the stored image at an offset. Throws <see cref="SessionEndedException"/> on 401 and 403, <see cref="IOException"/> on anything to try again.</summary>
    Task<Stream> Image(string sha256, long offset, CancellationToken stop);
}
