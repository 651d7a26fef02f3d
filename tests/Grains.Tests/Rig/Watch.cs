using System.Text.Json;
using Ppec.Contracts.Events;
using Ppec.Stores.Codec;

namespace Ppec.Grains.Tests.Rig;

/// <summary>A fact as the log has it, decoded.</summary>
public sealed record Fact(string Stream, IDomainEvent Event, EventMetadata Metadata, RecordedEvent Recorded);

/// <summary>Follows the log as it grows. A wait that ends badly says what never came, and what came last.</summary>
public sealed class Watch : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly EventCodec _codec = EventNames.Codec();
    readonly CancellationTokenSource _stop = new();
    readonly Lock _lock = new();
    readonly List<Fact> _facts = [];
    readonly Task _following;
    TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Watch(IEventStore store) => _following = Follow(store);

    public IReadOnlyList<Fact> Facts { get { lock (_lock) return [.. _facts]; } }

    public IEnumerable<IDomainEvent> Of(string stream) => Facts.Where(f => f.Stream == stream).Select(f => f.Event);

    /// <summary>The first fact of a stream, from number <paramref name="after"/> of that stream on, that is meant.</summary>
    public async Task<(T Event, int Number)> For<T>(string stream, string what, Func<T, bool>? meant = null, int after = 0) where T : class, IDomainEvent
    {
        var waiting = DateTime.UtcNow + Patience;
        while (true)
        {
            Task grown;
            lock (_lock) grown = _grown.Task;
            var events = Of(stream).ToList();
            for (var i = after; i < events.Count; i++)
                if (events[i] is T e && (meant is null || meant(e))) return (e, i);
            var left = waiting - DateTime.UtcNow;
            if (left <= TimeSpan.Zero || await Task.WhenAny(grown, Task.Delay(left)) != grown)
                throw new TimeoutException($"It never came that {what}. {stream} so far: {string.Join(" | ", events.TakeLast(4))}");
        }
    }

    /// <summary>Waits until it has followed the log to here, so that what is not among the facts did not happen.</summary>
    public async Task Reach(LogPosition end)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (end == LogPosition.Start || (_facts.Count > 0 && _facts[^1].Recorded.Position >= end)) return;
                grown = _grown.Task;
            }
            await grown.WaitAsync(Patience);
        }
    }

    async Task Follow(IEventStore store)
    {
        try
        {
            await foreach (var item in store.Subscribe(LogPosition.Start, _stop.Token))
            {
                if (item.Event is not { } e) continue;
                var fact = new Fact(e.Stream, _codec.Decode(e.Type, e.Data), JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata)!, e);
                TaskCompletionSource grown;
                lock (_lock)
                {
                    _facts.Add(fact);
                    (grown, _grown) = (_grown, new(TaskCreationOptions.RunContinuationsAsynchronously));
                }
                grown.SetResult();
            }
        }
        catch (OperationCanceledException) { /* the test is over */ }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _stop.Dispose();
    }
}
