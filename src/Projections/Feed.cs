using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ppec.Contracts;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>
/// Follows the log into the read model: every event in order, from the checkpoint, once. An event it cannot fold stops it; nothing is skipped.
/// Far behind the end, it reads, folds and writes at the same time: the next batch is decoded while the one before it is written.
/// </summary>
public sealed class Feed(IEventStore store, IEventCodec codec, ReadModel model, ILogger<Feed> logger) : BackgroundService
{
    const int LargestBatch = 10_000;
    const int FewEvents = 64;
    const int MostStreams = 20_000;
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Between two batches, so that the next has something to gather: under load half the transactions, and no reader waits longer than this for it.</summary>
    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(3);

    readonly Dictionary<string, Folded> _streams = new(StringComparer.Ordinal);

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
        var (batch, writing) = (new List<RecordedEvent>(), Task.CompletedTask);
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
                var changes = await Fold(batch, cancellation);
                await writing;
                var end = batch[^1].Position;
                writing = Task.Run(() => model.Apply(changes, end), CancellationToken.None);
                batch.Clear();
                if (_streams.Count > MostStreams) Forget();
                if (item.Event is not null) continue; // far behind: the next batch is folded meanwhile
                await writing;
                await Task.Delay(Gather, cancellation);
            }
        }
        finally
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // one writer at a time; its failure was thrown above, or the checkpoint tells of it
        }
    }

    /// <summary>Folds the events of a batch and says what is to be written of the streams they belong to, each once.</summary>
    async Task<IReadOnlyList<Change>> Fold(List<RecordedEvent> batch, CancellationToken cancellation)
    {
        var events = new IDomainEvent?[batch.Count];
        if (batch.Count < FewEvents) for (var i = 0; i < events.Length; i++) Decode(i);
        else Parallel.For(0, events.Length, Decode);
        var changed = new HashSet<Folded>();
        for (var i = 0; i < events.Length; i++)
        {
            if (events[i] is not { } e) continue;
            var folded = await Folding(batch[i], cancellation);
            Apply(folded, e, batch[i]);
            changed.Add(folded);
        }
        var streams = changed.ToArray();
        var changes = new List<Change>[streams.Length];
        if (streams.Length < FewEvents) for (var i = 0; i < streams.Length; i++) changes[i] = Changes(streams[i]);
        else Parallel.For(0, streams.Length, i => changes[i] = Changes(streams[i]));
        return [.. changes.SelectMany(c => c)];

        void Decode(int i) => events[i] = Nouns.OfStream(batch[i].Stream) is null ? null : codec.Decode(batch[i].Type, batch[i].Data);
    }

    /// <summary>The stream up to just before this event.</summary>
    async ValueTask<Folded> Folding(RecordedEvent e, CancellationToken cancellation)
    {
        if (_streams.TryGetValue(e.Stream, out var folded) && folded.Version == e.Version) return folded;
        var (nouns, id) = Nouns.OfStream(e.Stream)!.Value;
        folded = null;
        if (e.Version > 0)
            await foreach (var earlier in store.ReadStream(e.Stream, 0, cancellation))
            {
                if (earlier.Version >= e.Version) break;
                folded ??= new(nouns, id, Metadata(earlier));
                Apply(folded, codec.Decode(earlier.Type, earlier.Data), earlier);
            }
        return _streams[e.Stream] = folded ?? new(nouns, id, Metadata(e)) { New = model.Fresh };
    }

    static void Apply(Folded folded, IDomainEvent @event, RecordedEvent e)
    {
        for (var i = 0; i < folded.Nouns.Length; i++) folded.States[i] = folded.Nouns[i].Apply(folded.States[i], @event);
        (folded.Version, folded.Last) = (e.Version + 1, e);
    }

    static List<Change> Changes(Folded folded)
    {
        var (changes, updated) = (new List<Change>(folded.Nouns.Length), Metadata(folded.Last!).Time);
        for (var i = 0; i < folded.Nouns.Length; i++)
        {
            var (noun, state) = (folded.Nouns[i], folded.States[i]);
            if (i > 0 && ReferenceEquals(state, folded.Wrote[i])) continue; // the first noun is the stream's own, and has its version
            folded.Wrote[i] = state;
            ImmutableArray<Written> documents = [.. noun.View(state, folded.Version, folded.Id, folded.First).Select(d => new Written(d, JsonSerializer.SerializeToUtf8Bytes(d.View, d.View.GetType(), PpecJson.Options)))];
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
