using Ppec.Contracts.Events;
using Ppec.Stores.Codec;

namespace Ppec.Grains.Tests.Rig;

/// <summary>What goes wrong with an append.</summary>
public enum Fault
{
    None,
    /// <summary>It is written, and the answer never arrives.</summary>
    LosesAnswer,
    /// <summary>Nothing is written, and the store says so as if it were away.</summary>
    Refuses,
}

/// <summary>A log with faults on demand. One log outlives the silos that write it.</summary>
public sealed class ScriptedStore(IEventStore log) : IEventStore
{
    public IEventStore Log => log;

    /// <summary>Asked before each append, by stream.</summary>
    public Func<string, Fault> Fails { get; set; } = _ => Fault.None;

    /// <summary>Runs before each append: a second writer gets in first.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Told of each fact just before it is appended, so that the world can change before anyone acts on it.</summary>
    public Action<string, IDomainEvent> Coming { get; set; } = (_, _) => { };

    readonly EventCodec _codec = EventNames.Codec();

    /// <summary>Whether reading this stream fails.</summary>
    public Func<string, bool> Unreadable { get; set; } = _ => false;

    public async Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        await Before(stream);
        foreach (var e in events) Coming(stream, _codec.Decode(e.Type, e.Data));
        var fault = Fails(stream);
        if (fault == Fault.Refuses) throw new EventStoreUnavailableException("The disk is full.");
        var result = await Log.Append(stream, expectedVersion, events, cancellation);
        return fault == Fault.LosesAnswer ? throw new EventStoreUnavailableException("The connection was lost.") : result;
    }

    public IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, CancellationToken cancellation) =>
        Unreadable(stream) ? throw new EventStoreUnavailableException("The store is away.") : Log.ReadStream(stream, fromVersion, cancellation);

    public IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation) => Log.ReadAll(after, cancellation);
    public IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, CancellationToken cancellation) => Log.Subscribe(after, cancellation);
    public Task<LogPosition> End(CancellationToken cancellation) => Log.End(cancellation);
}

/// <summary>One silo's way to the log. Once cut, nothing that silo still does reaches it: as after a kill.</summary>
public sealed class SiloStore(IEventStore store) : IEventStore
{
    readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Cut() => _cut.TrySetResult();

    public Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation) =>
        _cut.Task.IsCompleted ? throw new EventStoreUnavailableException("This silo was killed.") : store.Append(stream, expectedVersion, events, cancellation);

    public IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, CancellationToken cancellation) => store.ReadStream(stream, fromVersion, cancellation);
    public IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation) => store.ReadAll(after, cancellation);
    public IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, CancellationToken cancellation) => store.Subscribe(after, cancellation);
    public Task<LogPosition> End(CancellationToken cancellation) => store.End(cancellation);
}
