using System.Runtime.CompilerServices;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Memory;

/// <summary>A log that lives as long as the object: for tests and simulations. Same rules as the durable adapters, no durability.</summary>
public sealed class MemoryEventStore : IEventStore
{
    readonly Lock _lock = new();
    readonly List<RecordedEvent> _log = [];
    readonly Dictionary<string, List<RecordedEvent>> _streams = [];
    readonly Dictionary<Guid, RecordedEvent> _ids = [];
    readonly LiveTail _tail = new(0);
    readonly List<RecordedEvent> _fresh = [];

    /// <inheritdoc/>
    public Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        try
        {
            AppendRules.CheckArguments(stream, expectedVersion, events);
            cancellation.ThrowIfCancellationRequested();
            lock (_lock) return Task.FromResult(Write(stream, expectedVersion, events));
        }
        catch (OperationCanceledException) { return Task.FromCanceled<AppendResult>(cancellation); }
        catch (Exception e) { return Task.FromException<AppendResult>(e); }
    }

    AppendResult Write(string stream, long expectedVersion, IReadOnlyList<NewEvent> events)
    {
        var known = _streams.GetValueOrDefault(stream);
        var version = known?.Count ?? 0;
        if (expectedVersion != version || events.Any(e => _ids.ContainsKey(e.Id)))
            return AppendRules.Settle(stream, expectedVersion, events, version, Find);
        AppendRules.CheckChain(stream, version, known is null ? EventChain.Genesis : known[^1].Hash, events);
        if (known is null) _streams.Add(stream, known = []);
        _fresh.Clear();
        foreach (var e in events)
        {
            // Copied: a log must not change when the caller uses its buffers again.
            var recorded = new RecordedEvent(stream, known.Count, new((ulong)_log.Count + 1), e.Id, e.Type, e.Data.ToArray(), e.Metadata.ToArray(), e.Hash.ToArray());
            _log.Add(recorded);
            known.Add(recorded);
            _ids.Add(e.Id, recorded);
            _fresh.Add(recorded);
        }
        _tail.Publish(_fresh, (ulong)_log.Count);
        return new(true, known.Count, known[^1].Position);
    }

    AppendRules.Place? Find(Guid id) => _ids.TryGetValue(id, out var e) ? new(e.Stream, e.Version, e.Position, e.Hash) : null;

    /// <inheritdoc/>
    public async IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromVersion);
        List<RecordedEvent> events;
        lock (_lock) events = _streams.TryGetValue(stream, out var known) && fromVersion < known.Count ? known.GetRange((int)fromVersion, known.Count - (int)fromVersion) : [];
        foreach (var e in events)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return e;
        }
        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation) => ReadTo(after, _tail.End, cancellation);

    async IAsyncEnumerable<RecordedEvent> ReadTo(LogPosition after, ulong end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var position = after.Commit; position < end; position++)
        {
            cancellation.ThrowIfCancellationRequested();
            RecordedEvent e;
            lock (_lock) e = _log[(int)position];
            yield return e;
        }
        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, CancellationToken cancellation) => _tail.Follow(after, ReadAll, cancellation);

    /// <inheritdoc/>
    public Task<LogPosition> End(CancellationToken cancellation) => Task.FromResult(new LogPosition(_tail.End));
}
