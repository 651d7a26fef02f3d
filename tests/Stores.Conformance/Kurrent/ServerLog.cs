using Google.Protobuf;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>An event as the test server keeps it. As in EventStoreDB, its position is where its record begins in the log, in bytes.</summary>
sealed record StoredEvent(int Index, ulong Position, string Stream, long Revision, Guid Id, string Type, string ContentType, ByteString CustomMetadata, ByteString Data)
{
    public string Created { get; } = ((DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks)).ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What is to be appended.</summary>
sealed record ProposedEvent(Guid Id, string Type, string ContentType, ByteString CustomMetadata, ByteString Data);

/// <summary>The outcome of an append; <see cref="Revision"/> is the stream's last one, -1 when there is no stream.</summary>
readonly record struct Appended(bool WrongVersion, long Revision, ulong Position);

/// <summary>What the servers of one test cluster share, and keep when they restart: the log, decided as EventStoreDB 23.10 decides (IndexWriter.CheckCommit).</summary>
sealed class ServerLog
{
    public const long Any = -2, NoStream = -1, StreamExists = -4;

    readonly Lock _lock = new();
    readonly List<StoredEvent> _log = [];
    readonly Dictionary<string, List<StoredEvent>> _streams = [];
    TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    ulong _end;
    int _appends;

    public ServerLog() => Noise("$users", "$UserCreated"); // position 0 is never ours

    /// <summary>Every so many appends somebody else writes too.</summary>
    public int NoiseInterval { get; init; } = 7;

    public int Count { get { lock (_lock) return _log.Count; } }

    public Appended Append(string stream, long expected, IReadOnlyList<ProposedEvent> events)
    {
        TaskCompletionSource grown;
        Appended answer;
        lock (_lock)
        {
            var known = _streams.GetValueOrDefault(stream);
            var current = (known?.Count ?? 0) - 1;
            if (expected is Any or StreamExists)
            {
                if (expected == StreamExists && current < 0) return new(true, current, 0);
                if (known?.FindLast(e => e.Id == events[^1].Id) is { } earlier) return new(false, earlier.Revision, earlier.Position);
            }
            else if (expected < current)
            {
                for (var i = 0; i < events.Count; i++)
                    if (expected + 1 + i > current || known![(int)expected + 1 + i].Id != events[i].Id) return new(true, current, 0);
                var last = known![(int)expected + events.Count];
                return new(false, last.Revision, last.Position);
            }
            else if (expected > current) return new(true, current, 0);

            foreach (var e in events) Write(stream, e);
            answer = new(false, current + events.Count, _log[^1].Position);
            if (++_appends % NoiseInterval == 0)
            {
                Noise("$stats-0", "$statsCollected");
                Noise("shop.order-1", "ordered");
            }
            (grown, _grown) = (_grown, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        grown.SetResult();
        return answer;
    }

    /// <summary>Others' events, which no filter of ours lets through.</summary>
    public void AppendNoise(int count) => Append("shop.order-2", Any,
        [.. Enumerable.Range(0, count).Select(_ => new ProposedEvent(Guid.NewGuid(), "ordered", "application/json", ByteString.Empty, ByteString.CopyFromUtf8("{}")))]);

    void Noise(string stream, string type) => Write(stream, new(Guid.NewGuid(), type, "application/json", ByteString.Empty, ByteString.CopyFromUtf8("{}")));

    void Write(string stream, ProposedEvent e)
    {
        if (!_streams.TryGetValue(stream, out var known)) _streams.Add(stream, known = []);
        var stored = new StoredEvent(_log.Count, _end, stream, known.Count, e.Id, e.Type, e.ContentType, e.CustomMetadata, e.Data);
        _log.Add(stored);
        known.Add(stored);
        _end += (ulong)(100 + stream.Length + e.Type.Length + e.CustomMetadata.Length + e.Data.Length);
    }

    /// <summary>At most <paramref name="count"/> from index <paramref name="from"/> on, and whether they reach the end.</summary>
    public (List<StoredEvent> Events, bool End) All(int from, int count)
    {
        lock (_lock)
        {
            var take = Math.Clamp(_log.Count - from, 0, count);
            return (take == 0 ? [] : _log.GetRange(from, take), from + take >= _log.Count);
        }
    }

    public (List<StoredEvent> Events, long Last)? Stream(string stream, long from, int count)
    {
        lock (_lock)
        {
            if (!_streams.TryGetValue(stream, out var known)) return null;
            var take = (int)Math.Clamp(known.Count - from, 0, count);
            return (take == 0 ? [] : known.GetRange((int)from, take), known.Count - 1);
        }
    }

    /// <summary>Index of the first event at or behind a position.</summary>
    public int IndexOf(ulong position)
    {
        lock (_lock)
        {
            var (low, high) = (0, _log.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_log[middle].Position < position) low = middle + 1;
                else high = middle;
            }
            return low;
        }
    }

    /// <summary>Where the next record will begin.</summary>
    public ulong End { get { lock (_lock) return _end; } }

    public Task Grown(int count)
    {
        lock (_lock) return _log.Count > count ? Task.CompletedTask : _grown.Task;
    }

    /// <summary>Damages what is stored, as a person with access to the disk could.</summary>
    public void Alter(string stream, long revision, Func<StoredEvent, StoredEvent> change)
    {
        lock (_lock)
        {
            var e = _streams[stream][(int)revision];
            _streams[stream][(int)revision] = _log[e.Index] = change(e);
        }
    }
}
