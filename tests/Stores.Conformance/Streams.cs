using System.Text;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Conformance;

/// <summary>Writes one stream as an aggregate would: it knows where the stream ends and continues its chain.</summary>
sealed class StreamAuthor(IEventStore store, string stream)
{
    ReadOnlyMemory<byte> _last = EventChain.Genesis;

    public string Stream => stream;
    public long Version { get; private set; }

    /// <summary>The next events, which are not remembered until they are written by <see cref="Append(IReadOnlyList{NewEvent})"/>.</summary>
    public NewEvent[] Next(int count, int bytes = 64)
    {
        var texts = new string[count];
        for (var i = 0; i < count; i++) texts[i] = $"{stream} {Version + i} ".PadRight(bytes, '.');
        return Chain.Events(stream, Version, _last, texts);
    }

    public async Task<AppendResult> Append(IReadOnlyList<NewEvent> events)
    {
        var result = await store.Append(stream, Version, events, CancellationToken.None);
        if (result.Appended) (Version, _last) = (result.Version, events[^1].Hash);
        return result;
    }

    public Task<AppendResult> Append(int count = 1, int bytes = 64) => Append(Next(count, bytes));
}

static class Chain
{
    static readonly byte[] Metadata = "{\"by\":\"test\"}"u8.ToArray();

    public static NewEvent[] Events(string stream, long version, ReadOnlyMemory<byte> last, params string[] texts)
    {
        var events = new NewEvent[texts.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            events[i] = Event(stream, version + i, last, Guid.NewGuid(), texts[i]);
            last = events[i].Hash;
        }
        return events;
    }

    public static NewEvent Event(string stream, long version, ReadOnlyMemory<byte> last, Guid id, string text)
    {
        var data = Encoding.UTF8.GetBytes(text);
        return new(id, "test.happened.v1", data, Metadata, EventChain.Hash(last.Span, stream, version, id, "test.happened.v1", data, Metadata));
    }

    /// <summary>Throws unless the events are whole streams, each with a chain that holds.</summary>
    public static void Verify(IEnumerable<RecordedEvent> events)
    {
        var heads = new Dictionary<string, (long Version, ReadOnlyMemory<byte> Hash)>();
        foreach (var e in events)
        {
            var (version, hash) = heads.GetValueOrDefault(e.Stream, (0, EventChain.Genesis));
            if (e.Version != version) throw new InvalidDataException($"{e.Stream}: version {e.Version} where {version} belongs");
            if (!EventChain.Continues(hash.Span, e)) throw new InvalidDataException($"{e.Stream}: the chain breaks at version {e.Version}");
            heads[e.Stream] = (version + 1, e.Hash);
        }
    }
}

static class Collect
{
    public static async Task<List<T>> All<T>(this IAsyncEnumerable<T> source)
    {
        var all = new List<T>();
        await foreach (var item in source) all.Add(item);
        return all;
    }
}
