using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>Follows the log into the read model: every event in order, from the checkpoint, once. An event it cannot fold stops it; nothing is skipped.</summary>
public sealed class Feed(IEventStore store, IEventCodec codec, ReadModel model, ILogger<Feed> logger) : BackgroundService
{
    const int LargestBatch = 1000;
    const int MostStreams = 20_000;
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Between two batches, so that the next has something to gather: under load half the transactions, and no reader waits longer than this for it.</summary>
    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(3);

    readonly Dictionary<string, Folded> _streams = new(StringComparer.Ordinal);

    sealed class Folded(Noun noun, string id, EventMetadata first)
    {
        public Noun Noun => noun;
        public string Id => id;
        public EventMetadata First => first;
        public object? State { get; set; } = noun.Initial;
        public long Version { get; set; }
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
                _streams.Clear();
                await Task.Delay(Pause, stoppingToken);
            }
        }
    }

    async Task Follow(CancellationToken cancellation)
    {
        var changed = new HashSet<string>(StringComparer.Ordinal);
        var (count, seen) = (0, model.Position);
        await foreach (var item in store.Subscribe(seen, cancellation))
        {
            if (item.Event is { } e)
            {
                if (await Fold(e, cancellation)) changed.Add(e.Stream);
                (seen, count) = (e.Position, count + 1);
                if (count < LargestBatch) continue;
            }
            if (count == 0) continue;
            Write(changed, seen);
            changed.Clear();
            count = 0;
            await Task.Delay(Gather, cancellation);
            if (_streams.Count > MostStreams) _streams.Clear();
        }
    }

    void Write(HashSet<string> changed, LogPosition position) =>
        model.Apply(changed.Select(s => (_streams[s].Noun.Shown, s, _streams[s].Noun.View(_streams[s].State, _streams[s].Version, _streams[s].Id, _streams[s].First))), position);

    async Task<bool> Fold(RecordedEvent e, CancellationToken cancellation)
    {
        if (Nouns.OfStream(e.Stream) is not var (noun, id)) return false;
        if (!_streams.TryGetValue(e.Stream, out var folded) || folded.Version != e.Version)
        {
            folded = null;
            if (e.Version > 0)
                await foreach (var earlier in store.ReadStream(e.Stream, 0, cancellation))
                {
                    if (earlier.Version >= e.Version) break;
                    folded ??= new(noun, id, Metadata(earlier));
                    Apply(folded, earlier);
                }
            _streams[e.Stream] = folded ??= new(noun, id, Metadata(e));
        }
        Apply(folded, e);
        return true;
    }

    void Apply(Folded folded, RecordedEvent e)
    {
        folded.State = folded.Noun.Apply(folded.State, codec.Decode(e.Type, e.Data));
        folded.Version = e.Version + 1;
    }

    internal static EventMetadata Metadata(RecordedEvent e) => JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata)!;
}

static partial class FeedLog
{
    [LoggerMessage(1, LogLevel.Error, "The read model stopped after position {Position}; it tries again")]
    public static partial void FeedStopped(this ILogger logger, string position, Exception exception);
}
