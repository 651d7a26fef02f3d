using System.Collections.Immutable;

namespace Ppec.Domain.Operations;

/// <summary>Slow work as data: what is done in which order, how long each step may take, and what happens when it does not succeed.</summary>
public sealed record Workflow(string Kind, ImmutableArray<Step> Steps)
{
    public int IndexOf(string step)
    {
        for (var i = 0; i < Steps.Length; i++) if (Steps[i].Name == step) return i;
        throw new ArgumentException($"Workflow {Kind} has no step {step}.", nameof(step));
    }
}

/// <summary>One step. Every step is repeatable: running it again after a crash does no harm.</summary>
/// <param name="Name">Unique in its workflow; part of task ids.</param>
/// <param name="Kind">Who does it.</param>
/// <param name="Deadline">How long one attempt may take; kept durably, and acted on when it passes.</param>
/// <param name="Attempts">How many attempts may fail before the operation does.</param>
/// <param name="Backoff">Wait before the second attempt; doubles each time, at most ten minutes.</param>
/// <param name="OnCancel">What a cancel does while this step runs.</param>
/// <param name="RetryFrom">The step a new attempt begins at; null = this one.</param>
/// <param name="Undo">The compensation once this step was begun; null = none.</param>
/// <param name="SafePoint">A hold placed during the operation pauses it before this step.</param>
/// <param name="PointOfNoReturn">From this step on disks may have been written.</param>
public sealed record Step(
    string Name, StepKind Kind, TimeSpan Deadline, int Attempts, TimeSpan Backoff, OnCancel OnCancel,
    string? RetryFrom = null, string? Undo = null, bool SafePoint = false, bool PointOfNoReturn = false);

public enum StepKind
{
    /// <summary>PPEC acts on a driver or on the machine's own log.</summary>
    Act,
    /// <summary>The agent in PIOUS does a task.</summary>
    Agent,
    /// <summary>Something must be seen: an agent that connects, a system that calls home.</summary>
    Await,
}

public enum OnCancel
{
    /// <summary>Stops now: before the point of no return the machine lands where it came from, after it at Inventory, held dirty.</summary>
    Lands,
    /// <summary>The step is finished first (an erase is never interrupted), then it lands.</summary>
    Waits,
    /// <summary>Too late: the work is done and only its record is missing. The cancel is refused.</summary>
    Refused,
}
