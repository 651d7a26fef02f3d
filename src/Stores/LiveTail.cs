using System.Runtime.CompilerServices;
using Ppec.Contracts.Events;

namespace Ppec.Stores;

/// <summary>
/// The newest events in memory, shared by all subscribers. A subscriber holds only its position: it takes what follows from here,
/// or, when it is so slow that this no longer reaches back to it, reads the log. So there is no queue to overflow and no gap to repair.
/// </summary>
sealed class LiveTail(ulong end)
{
    const int MaximumEvents = 4096; // a power of two: positions index the ring
    const long MaximumBytes = 4 << 20;
    const int Take = 512;

    readonly Lock _lock = new();
    readonly RecordedEvent?[] _ring = new RecordedEvent?[MaximumEvents]; // holds positions (_end - _count, _end]
    ulong _count;
    long _bytes;
    ulong _end = end;
    int _subscribers;
    Exception? _closed;
    TaskCompletionSource? _grown;

    public bool HasSubscribers => Volatile.Read(ref _subscribers) > 0;

    public ulong End { get { lock (_lock) return _end; } }

    /// <summary>
    /// The log now ends at <paramref name="end"/>, if that was not known already. <paramref name="events"/> are the last before it;
    /// they may be fewer than what is new, or none: then subscribers read them.
    /// </summary>
    public void Publish(List<RecordedEvent> events, ulong end)
    {
        TaskCompletionSource? grown;
        lock (_lock)
        {
            if (end <= _end) return; // two may tell of the same events: who wrote them, and who heard of them
            var known = events.Count - (long)(end - _end);
            if (known >= 0) Push(events, (int)known);
            else Forget();
            _end = end;
            (grown, _grown) = (_grown, null);
        }
        grown?.TrySetResult();
    }

    /// <summary>Ends all subscriptions with <paramref name="reason"/>.</summary>
    public void Close(Exception reason)
    {
        TaskCompletionSource? grown;
        lock (_lock)
        {
            _closed = reason;
            (grown, _grown) = (_grown, null);
        }
        grown?.TrySetResult();
    }

    /// <summary>Catches up by <paramref name="read"/> (the events after a position up to the end), then follows live.</summary>
    public async IAsyncEnumerable<FeedItem> Follow(
        LogPosition after, Func<LogPosition, CancellationToken, IAsyncEnumerable<RecordedEvent>> read, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var now = End;
        if (after.Commit > now)
            throw new ArgumentOutOfRangeException(nameof(after), $"Position {after} lies beyond the end of the log ({now}). The reader followed another log, or this one was restored from a backup: start it again from an earlier position.");
        var page = new List<RecordedEvent>(Take);
        var told = false;
        Interlocked.Increment(ref _subscribers);
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                page.Clear();
                if (!TryTake(after.Commit, page))
                {
                    await foreach (var e in read(after, cancellation))
                    {
                        after = e.Position;
                        told = false;
                        yield return new(e, after);
                    }
                }
                else if (page.Count > 0)
                {
                    foreach (var e in page)
                    {
                        after = e.Position;
                        yield return new(e, after);
                    }
                    told = false;
                }
                else if (!told)
                {
                    told = true;
                    yield return new(null, after);
                }
                else
                {
                    await Grown(after.Commit).WaitAsync(cancellation);
                }
            }
        }
        finally { Interlocked.Decrement(ref _subscribers); }
    }

    /// <summary>False when the tail does not reach back to <paramref name="after"/>; otherwise adds what follows it (nothing when it is the end).</summary>
    bool TryTake(ulong after, List<RecordedEvent> page)
    {
        lock (_lock)
        {
            if (_closed is not null) throw _closed;
            if (_end - after > _count) return false;
            while (after < _end && page.Count < Take) page.Add(_ring[++after % MaximumEvents]!);
            return true;
        }
    }

    Task Grown(ulong after)
    {
        lock (_lock)
        {
            if (_end > after || _closed is not null) return Task.CompletedTask;
            return (_grown ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    void Push(List<RecordedEvent> events, int from)
    {
        for (var i = from; i < events.Count; i++)
        {
            var e = events[i];
            if (_count == MaximumEvents) DropOldest();
            _ring[++_end % MaximumEvents] = e;
            _count++;
            _bytes += Size(e);
            while (_bytes > MaximumBytes) DropOldest();
        }
    }

    void DropOldest()
    {
        ref var oldest = ref _ring[(_end - _count + 1) % MaximumEvents];
        _bytes -= Size(oldest!);
        oldest = null;
        _count--;
    }

    void Forget()
    {
        Array.Clear(_ring);
        (_count, _bytes) = (0, 0);
    }

    static long Size(RecordedEvent e) => 200 + e.Data.Length + e.Metadata.Length;
}
