using Ppec.Contracts.Events;

namespace Ppec.Contracts.Gate;

/// <summary>
/// What an aggregate answers. <paramref name="Version"/> = events in its stream now; <paramref name="Position"/> = that of the last event this command wrote
/// (start of the log when it wrote none); <paramref name="Problem"/> = why it was refused, or null.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Outcome(long Version, LogPosition Position, Problem? Problem)
{
    public bool Accepted => Problem is null;

    /// <summary>Something changed; false also when it was so already.</summary>
    public bool Wrote => Position != LogPosition.Start;
}
