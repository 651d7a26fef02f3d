using System.Runtime.CompilerServices;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Kurrent;

/// <summary>
/// The log in EventStoreDB or KurrentDB (23.10 to 26), over their gRPC protocol v1. An id already used is found only where the append would put it: the server has no index of ids.
/// The chain of hashes is checked on every append and whenever a stream is read.
/// </summary>
public sealed class KurrentEventStore : IEventStore, IAsyncDisposable, IDisposable
{
    const int Decisions = 3;

    readonly KurrentConnection _connection;
    readonly KurrentReader _reader;
    readonly BatchAppender _appender;
    readonly Wired _wired;
    readonly Lock _lock = new();
    readonly StreamHeads _heads = new();
    long _losses;
    Task _snapshot = Task.CompletedTask;

    KurrentEventStore(KurrentOptions options)
    {
        _wired = new(options.StreamPrefix);
        _connection = new(options);
        _reader = new(_connection, _wired);
        _appender = new(_connection, _wired);
    }

    /// <summary>Connects and reads the end of the log, so that a wrong address, certificate or password is known at the start.</summary>
    /// <exception cref="EventStoreUnavailableException">Says what is wrong and what to change.</exception>
    public static async Task<KurrentEventStore> Open(KurrentOptions options, CancellationToken cancellation)
    {
        var store = new KurrentEventStore(options);
        try
        {
            await store.End(cancellation);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        AppendRules.CheckArguments(stream, expectedVersion, events);
        cancellation.ThrowIfCancellationRequested();
        await Snapshot(cancellation);
        for (var attempt = 1; attempt <= Decisions; attempt++)
        {
            if (Head(stream, expectedVersion) is not { } hash)
            {
                var slice = await Around(stream, expectedVersion, events.Count, cancellation);
                if (slice.Length != expectedVersion) return Settle(stream, expectedVersion, events, slice);
                if (slice.Events is not [var last] || last.Version != expectedVersion - 1)
                    throw new EventLogCorruptException($"Version {expectedVersion - 1} of {stream} is missing though the stream has {slice.Length} events. It was truncated or scavenged: restore it from a backup.");
                hash = last.Hash;
            }
            AppendRules.CheckChain(stream, expectedVersion, hash, events);
            Forget(stream); // until the outcome is known
            var answer = await _appender.Append(stream, expectedVersion, events, cancellation);
            if (!answer.WrongVersion)
            {
                Remember(stream, new(expectedVersion + events.Count, events[^1].Hash.ToArray()));
                if (answer.Position is { } position) return new(true, expectedVersion + events.Count, position);
            }
            var now = await Around(stream, expectedVersion, events.Count, cancellation);
            if (now.Length != expectedVersion) return Settle(stream, expectedVersion, events, now);
        }
        throw new EventStoreUnavailableException($"{_connection.Options} says that {stream} is not at version {expectedVersion}, and that it is. Send the append again.");
    }

    /// <summary>The event before <paramref name="expectedVersion"/> and what stands where the append would put its own.</summary>
    Task<StreamSlice> Around(string stream, long expectedVersion, int count, CancellationToken cancellation) =>
        _reader.Slice(stream, Math.Max(0, expectedVersion - 1), expectedVersion == 0 ? count : count + 1, cancellation);

    static AppendResult Settle(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, StreamSlice slice)
    {
        var places = new Dictionary<Guid, AppendRules.Place>();
        foreach (var e in slice.Events.Where(e => e.Version >= expectedVersion)) places[e.Id] = new(stream, e.Version, e.Position, e.Hash);
        return AppendRules.Settle(stream, expectedVersion, events, slice.Length, places.GetValueOrDefault);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromVersion);
        ReadOnlyMemory<byte>? previous = fromVersion == 0 ? EventChain.Genesis : default(ReadOnlyMemory<byte>?); // otherwise the event before is read for its hash
        await foreach (var e in _reader.ReadStream(stream, Math.Max(0, fromVersion - 1), cancellation))
        {
            if (previous is { } last)
            {
                if (!EventChain.Continues(last.Span, e)) throw KurrentErrors.Broken(e);
                yield return e;
            }
            previous = e.Hash;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation)
    {
        var end = End(cancellation);
        lock (_lock) _snapshot = end; // what this process appends from now on comes behind it
        return ReadTo(after, end, cancellation);
    }

    async IAsyncEnumerable<RecordedEvent> ReadTo(LogPosition after, Task<LogPosition> end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var chain = new FeedChain();
        await foreach (var e in _reader.ReadAll(after, await end, cancellation)) yield return chain.Check(e);
    }

    async Task Snapshot(CancellationToken cancellation)
    {
        Task snapshot;
        lock (_lock) snapshot = _snapshot;
        if (!snapshot.IsCompleted) await snapshot.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, CancellationToken cancellation) => KurrentSubscription.Follow(_reader, _wired, after, cancellation);

    /// <inheritdoc/>
    public Task<LogPosition> End(CancellationToken cancellation) => _reader.End(ours: true, cancellation);

    /// <summary>The hash before <paramref name="version"/>; null: it must be read. Forgotten when the connection was lost: the log may have been restored meanwhile.</summary>
    ReadOnlyMemory<byte>? Head(string stream, long version)
    {
        if (version == 0) return EventChain.Genesis;
        lock (_lock)
        {
            if (_losses != _connection.Losses)
            {
                _losses = _connection.Losses;
                _heads.Clear();
            }
            return _heads.TryGet(stream, out var head) && head.Version == version ? head.Hash : default(ReadOnlyMemory<byte>?);
        }
    }

    void Remember(string stream, StreamHead head)
    {
        lock (_lock) _heads.Set(stream, head);
    }

    void Forget(string stream)
    {
        lock (_lock) _heads.Set(stream, new(-1, default));
    }

    /// <summary>Ends subscriptions and closes the connections. What waits for an answer is told that its outcome is unknown; later calls are answered <see cref="EventStoreUnavailableException"/>.</summary>
    public void Dispose()
    {
        _connection.Dispose();
        _appender.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
