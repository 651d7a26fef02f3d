using Ppec.Contracts.Events;

namespace Ppec.Stores;

/// <summary>What every adapter that decides appends itself has in common: argument checks, the chain, and what a repeat is.</summary>
static class AppendRules
{
    /// <summary>Where an event id already stands in the log.</summary>
    public sealed record Place(string Stream, long Version, LogPosition Position, ReadOnlyMemory<byte> Hash);

    public static void CheckArguments(string stream, long expectedVersion, IReadOnlyList<NewEvent> events)
    {
        ArgumentException.ThrowIfNullOrEmpty(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0) throw new ArgumentException($"An append to {stream} must hold at least one event.", nameof(events));
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            if (e.Hash.Length != EventChain.HashBytes) throw new ArgumentException($"Event {e.Id} for {stream} has a hash of {e.Hash.Length} bytes; it must have {EventChain.HashBytes}.", nameof(events));
            ArgumentException.ThrowIfNullOrEmpty(e.Type, nameof(events));
        }
        if (events.Count > 1 && events.Select(e => e.Id).Distinct().Count() != events.Count)
            throw new ArgumentException($"An append to {stream} holds one event id twice.", nameof(events));
    }

    /// <summary>Throws unless the events continue the chain of a stream that now ends with <paramref name="last"/>.</summary>
    public static void CheckChain(string stream, long version, ReadOnlyMemory<byte> last, IReadOnlyList<NewEvent> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            var hash = EventChain.Hash(last.Span, stream, version + i, e.Id, e.Type, e.Data.Span, e.Metadata.Span);
            if (!hash.AsSpan().SequenceEqual(e.Hash.Span))
                throw new ArgumentException($"The hash of event {e.Id} does not continue the chain of {stream} at version {version + i}. Compute it over the stream's last hash and this event.", nameof(events));
            last = e.Hash;
        }
    }

    /// <summary>
    /// The answer to an append that cannot be written: as the first time when every event already stands where this append would put it,
    /// refused when the log knows none of them, and an error when it knows some otherwise.
    /// </summary>
    public static AppendResult Settle(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, long actualVersion, Func<Guid, Place?> find)
    {
        var found = 0;
        LogPosition position = default;
        for (var i = 0; i < events.Count; i++)
        {
            if (find(events[i].Id) is not { } place) continue;
            if (place.Stream != stream || place.Version != expectedVersion + i)
                throw new EventIdConflictException($"Event id {events[i].Id} is already in the log, at version {place.Version} of {place.Stream}; it cannot also stand at version {expectedVersion + i} of {stream}.");
            if (!place.Hash.Span.SequenceEqual(events[i].Hash.Span))
                throw new EventIdConflictException($"Event id {events[i].Id} is already in the log, at version {place.Version} of {stream}, with other content. Another content needs another id.");
            found++;
            position = place.Position;
        }
        if (found == 0) return new(false, actualVersion, LogPosition.Start);
        if (found < events.Count)
            throw new EventIdConflictException($"{found} of the {events.Count} events of this append are already in {stream}, the others are not: they came from different appends.");
        return new(true, expectedVersion + events.Count, position);
    }
}
