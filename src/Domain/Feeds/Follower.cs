using System.Diagnostics;
using Ppec.Contracts.Events;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Feeds;

public abstract record FollowerEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

/// <summary>Everything up to <paramref name="Position"/> is dealt with.</summary>
public sealed record PositionReached(string Position) : FollowerEvent;

/// <summary>How far somebody who follows the log has come.</summary>
public static class Follower
{
    public static Decision<FollowerEvent> Reach(LogPosition state, LogPosition position, DateTimeOffset at) =>
        position > state ? new PositionReached(position.ToString()) { At = at } : Nothing<FollowerEvent>();

    public static LogPosition Evolve(LogPosition state, FollowerEvent @event) => @event switch
    {
        PositionReached e when LogPosition.TryParse(e.Position, out var position) => position,
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };
}
