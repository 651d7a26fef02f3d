using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ppec.Contracts;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>
/// Follows the log into the read model: every event in order, from the checkpoint, once. An event it cannot fold stops it; nothing is skipped.
/// As long as it is behind what the log held at its start, it folds each stream whole, several at once, when it meets the first of its events, and passes the others over:
/// so every document is written once, however the streams are interleaved. One batch is read while the one before it is folded and the one before that is written.
/// </summary>
public sealed class Feed(IEventStore store, IEventCodec codec, ReadModel model, ILogger<Feed> logger) : BackgroundService
{
    const int LargestBatch = 1_000;
    const int FewEvents = 64;
    const int MostStreams = 20_000;
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Between two batches, so that the next has something to gather: under load half the transactions, and no reader waits longer than this for it.</summary>
    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(3);

    readonly Dictionary<string, Folded> _streams = new(StringComparer.Ordinal);

    /// <summary>Streams that were folded beyond the feed's position, and how many of their events.</summary>
    readonly Dictionary<string, long> _ahead = new(StringComparer.Ordinal);

    /// <summary>A stream as far as it was read: one state for each noun it tells of.</summary>
    sealed class Folded(ImmutableArray<Noun> nouns, string id, EventMetadata first)
    {
        public ImmutableArray<Noun> Nouns => nouns;
        public string Id => id;
        public EventMetadata First => first;
        public object?[] States { get; } = [.. nouns.Select(n => n.Initial)];

        /// <summary>What was written of each noun; another object is another state.</summary>
        public object?[] Wrote { get; } = new object?[nouns.Length];
        public long Version { get; set; }
        public RecordedEvent? Last { get; set; }

        /// <summary>Nothing of it was ever written.</summary>
        public bool New { get; set; }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Follow(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e)
            {
                logger.FeedStopped(model.Position.ToString(), e);
                await Task.Delay(Pause, stoppingToken);
            }
        }
    }

    async Task Follow(CancellationToken cancellation)
    {
        _streams.Clear();
        _ahead.Clear();
        var (batch, folding, writing) = (new List<RecordedEvent>(), default((Task<IReadOnlyList<Change>> Changes, LogPosition End)?), Task.CompletedTask);
        try
        {
            await foreach (var item in store.Subscribe(model.Position, cancellation))
            {
                if (item.Event is { } e)
                {
                    batch.Add(e);
                    if (batch.Count < LargestBatch) continue;
                }
                if (batch.Count == 0) continue;
                await Write();
                var end = batch[^1].Position;
                batch.RemoveAll(Passed);
                folding = (model.CaughtUp.IsCompleted ? Fold(batch, cancellation) : FoldWhole(batch, cancellation), end);
                batch = [];
                if (item.Event is not null) continue; // far behind: the next batch is read meanwhile
                await Write();
                await writing;
                await Task.Delay(Gather, cancellation);
            }
        }
        finally
        {
            if (folding is { Changes: var left }) await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // one writer at a time; its failure was thrown above, or the checkpoint tells of it
        }

        async Task Write()
        {
            if (folding is not { } folded) return;
            var changes = await folded.Changes;
            folding = null;
            await writing;
            writing = Task.Run(() => model.Apply(changes, folded.End), CancellationToken.None);
            if (_streams.Count > MostStreams) Forget();
        }
    }

    /// <summary>Nothing to fold: of no noun, or folded already.</summary>
    bool Passed(RecordedEvent e)
    {
        if (Nouns.OfStream(e.Stream) is null) return true;
        if (!_ahead.TryGetValue(e.Stream, out var folded)) return false;
        if (e.Version + 1 >= folded) _ahead.Remove(e.Stream);
        return e.Version < folded;
    }

    /// <summary>All of every stream in the batch, as far as the log goes by now.</summary>
    async Task<IReadOnlyList<Change>> FoldWhole(List<RecordedEvent> batch, CancellationToken cancellation)
    {
        var met = batch.GroupBy(e => e.Stream).Select(g => (First: g.First(), Last: g.Last())).ToArray();
        var (streams, changes) = (new Folded[met.Length], new List<Change>[met.Length]);
        await Parallel.ForEachAsync(Enumerable.Range(0, met.Length), cancellation, async (i, token) =>
        {
            streams[i] = (await Read(met[i].First.Stream, long.MaxValue, token))!;
            streams[i].New = model.Fresh && met[i].First.Version == 0;
            changes[i] = Changes(streams[i]);
        });
        for (var i = 0; i < met.Length; i++)
            if (streams[i].Version > met[i].Last.Version + 1) _ahead[met[i].First.Stream] = streams[i].Version;
        return [.. changes.SelectMany(c => c)];
    }

    /// <summary>Folds the events of a batch and says what is to be written of the streams they belong to, each once.</summary>
    async Task<IReadOnlyList<Change>> Fold(List<RecordedEvent> batch, CancellationToken cancellation)
    {
        var events = new IDomainEvent[batch.Count];
        if (batch.Count < FewEvents) for (var i = 0; i < events.Length; i++) Decode(i);
        else Parallel.For(0, events.Length, Decode);
        var changed = new HashSet<Folded>();
        for (var i = 0; i < events.Length; i++)
        {
            var folded = await Folding(batch[i], cancellation);
            Apply(folded, events[i], batch[i]);
            changed.Add(folded);
        }
        var streams = changed.ToArray();
        var changes = new List<Change>[streams.Length];
        if (streams.Length < FewEvents) for (var i = 0; i < streams.Length; i++) changes[i] = Changes(streams[i]);
        else Parallel.For(0, streams.Length, i => changes[i] = Changes(streams[i]));
        return [.. changes.SelectMany(c => c)];

        void Decode(int i) => events[i] = codec.Decode(batch[i].Type, batch[i].Data);
    }

    /// <summary>The stream up to just before this event.</summary>
    async ValueTask<Folded> Folding(RecordedEvent e, CancellationToken cancellation)
    {
        if (_streams.TryGetValue(e.Stream, out var folded) && folded.Version == e.Version) return folded;
        folded = await Read(e.Stream, e.Version, cancellation) ?? Of(e);
        folded.New = model.Fresh && e.Version == 0;
        return _streams[e.Stream] = folded;
    }

    /// <summary>The first events of a stream; null for none.</summary>
    async Task<Folded?> Read(string stream, long count, CancellationToken cancellation)
    {
        var folded = default(Folded);
        if (count > 0)
            await foreach (var e in store.ReadStream(stream, 0, cancellation))
            {
                if (e.Version >= count) break;
                Apply(folded ??= Of(e), codec.Decode(e.Type, e.Data), e);
            }
        return folded;
    }

    static Folded Of(RecordedEvent first)
    {
        var (nouns, id) = Nouns.OfStream(first.Stream)!.Value;
        return new(nouns, id, Metadata(first));
    }

    static void Apply(Folded folded, IDomainEvent @event, RecordedEvent e)
    {
        for (var i = 0; i < folded.Nouns.Length; i++) folded.States[i] = folded.Nouns[i].Apply(folded.States[i], @event);
        (folded.Version, folded.Last) = (e.Version + 1, e);
    }

    /// <summary>Bodies of documents that are made once and shown again and again.</summary>
    static readonly ConditionalWeakTable<Document, Written> Once = [];

    static Written Body(Document d) => new(d, JsonSerializer.SerializeToUtf8Bytes(d.View, d.View.GetType(), PpecJson.Options));

    static List<Change> Changes(Folded folded)
    {
        var (changes, updated) = (new List<Change>(folded.Nouns.Length), Metadata(folded.Last!).Time);
        for (var i = 0; i < folded.Nouns.Length; i++)
        {
            var (noun, state) = (folded.Nouns[i], folded.States[i]);
            if (i > 0 && ReferenceEquals(state, folded.Wrote[i])) continue; // the first noun is the stream's own, and has its version
            folded.Wrote[i] = state;
            ImmutableArray<Written> documents = [.. noun.View(state, folded.Version, folded.Id, folded.First).Select(d => noun.IsShared ? Once.GetValue(d, Body) : Body(d))];
            // What is only sometimes written again has no version: it would tell of the batches, not of the log.
            changes.Add(new(noun.Shown, $"{noun.Category}-{folded.Id}", i == 0 ? folded.Version : 0, i == 0 ? updated : null, folded.New, documents));
        }
        folded.New = false;
        return changes;
    }

    /// <summary>Half of the streams that were not needed for longest would have to be known; any half does, since what is forgotten is read again.</summary>
    void Forget()
    {
        foreach (var stream in _streams.Keys.Take(MostStreams / 2).ToList()) _streams.Remove(stream);
    }

    internal static EventMetadata Metadata(RecordedEvent e) => JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata)!;
}

static partial class FeedLog
{
    [LoggerMessage(1, LogLevel.Error, "The read model stopped after position {Position}; it tries again")]
    public static partial void FeedStopped(this ILogger logger, string position, Exception exception);
}
