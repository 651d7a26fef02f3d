namespace Ppec.Contracts.Events;

/// <summary>
/// The log: the only place where PPEC keeps state. Every adapter passes the one conformance suite
/// in <c>tests/Stores.Conformance</c>.
/// </summary>
public interface IEventStore
{
    /// <summary>
    /// Appends <paramref name="events"/> to <paramref name="stream"/>, all or none, durably (after fsync) before it returns.
    /// </summary>
    /// <param name="stream">Stream name, <c>category-id</c>.</param>
    /// <param name="expectedVersion">How many events the stream must hold now; 0 = the stream must not exist yet.</param>
    /// <param name="events">At least one. Hashes continue the stream's chain (<see cref="EventChain"/>).</param>
    /// <param name="cancellation">Cancels waiting, not the write: after a cancellation the outcome is unknown.</param>
    /// <returns>
    /// <see cref="AppendResult.Appended"/>; or not appended, with the stream's actual version.
    /// Repeating an append whose event ids are all already in the stream at the same place answers as the first time and writes nothing.
    /// </returns>
    /// <exception cref="EventStoreUnavailableException">The outcome is unknown, or the store cannot write now (disk full, away).</exception>
    /// <exception cref="EventLogCorruptException">What is stored does not match its checksums.</exception>
    Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation);

    /// <summary>The events of one stream in order, from version <paramref name="fromVersion"/> (0 = the first). Empty when there is no stream. The hash chain is verified as it is read.</summary>
    IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, CancellationToken cancellation);

    /// <summary>Every event after <paramref name="after"/> in log order, up to the end of the log at the time of the call.</summary>
    IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation);

    /// <summary>
    /// As <see cref="ReadAll"/>, and then live, with no gap and no duplicate, until cancelled.
    /// A <see cref="FeedItem"/> without an event says that the subscriber has caught up to <see cref="FeedItem.Position"/>; it is repeated after each catch-up.
    /// </summary>
    IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, CancellationToken cancellation);

    /// <summary>The position of the last event of the log; <see cref="LogPosition.Start"/> when it is empty.</summary>
    Task<LogPosition> End(CancellationToken cancellation);
}

/// <summary>An event to append. <paramref name="Hash"/> is <see cref="EventChain.Hash"/> over the stream's previous hash and this event.</summary>
public sealed record NewEvent(Guid Id, string Type, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Metadata, ReadOnlyMemory<byte> Hash);

/// <summary>An event as the log holds it. <paramref name="Version"/> counts from 0 within the stream.</summary>
public sealed record RecordedEvent(
    string Stream, long Version, LogPosition Position,
    Guid Id, string Type, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Metadata, ReadOnlyMemory<byte> Hash);

/// <summary>One item of a subscription: an event, or (null) word that the subscriber is live at <paramref name="Position"/>.</summary>
public sealed record FeedItem(RecordedEvent? Event, LogPosition Position);

/// <summary>The answer to an append. <paramref name="Version"/> = the number of events in the stream after it (when refused: now). <paramref name="Position"/> is that of the last event appended.</summary>
public readonly record struct AppendResult(bool Appended, long Version, LogPosition Position);

/// <summary>The store cannot answer now. After an append the outcome is unknown: repeat it with the same event ids.</summary>
public sealed class EventStoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The log's bytes are not what was written. Nothing reads past this.</summary>
public sealed class EventLogCorruptException(string message, Exception? inner = null) : Exception(message, inner);
