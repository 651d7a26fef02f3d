using System.Text;
using System.Text.Json;
using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Sqlite;

namespace Ppec.EndToEnd.Running;

/// <summary>Writes one stream as an aggregate would, with events that the product reads.</summary>
sealed class Author(IEventStore store, string stream)
{
    static readonly byte[] Metadata = JsonSerializer.SerializeToUtf8Bytes(
        new EventMetadata("c", "tester", "t", "10.0.0.1", new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), ""), EventMetadataJson.Default.EventMetadata);

    ReadOnlyMemory<byte> _last = EventChain.Genesis;
    long _version;

    public async Task<(ulong Position, Guid Id)> Append(int count, string type = "region.created.v1")
    {
        var events = new NewEvent[count];
        for (var i = 0; i < count; i++)
        {
            var (id, data) = (Guid.NewGuid(), Encoding.UTF8.GetBytes($$"""{"region":"r{{_version + i}}","description":"{{stream}}","at":"2026-01-01T00:00:00+00:00"}"""));
            var hash = EventChain.Hash(_last.Span, stream, _version + i, id, type, data, Metadata);
            events[i] = new(id, type, data, Metadata, hash);
            _last = hash;
        }
        var answer = await store.Append(stream, _version, events, CancellationToken.None);
        Assert.True(answer.Appended);
        _version = answer.Version;
        return (answer.Position.Commit, events[^1].Id);
    }
}

/// <summary>Logs made and read without a node.</summary>
static class Chains
{
    /// <summary>A log of so many events: streams in turn, one to four events at a time.</summary>
    public static async Task Write(string directory, int events, int streams = 50, string prefix = "region")
    {
        using var data = DataDirectory.Lock(directory);
        await using var store = SqliteEventStore.Open(data);
        var authors = Enumerable.Range(0, streams).Select(n => new Author(store, $"{prefix}-{n}")).ToArray();
        var writing = Enumerable.Range(0, streams).Select(n => Task.Run(async () =>
        {
            for (var left = events / streams; left > 0;)
            {
                var count = Math.Min(left, 1 + (left % 4));
                await authors[n].Append(count);
                left -= count;
            }
        }));
        await Task.WhenAll(writing);
    }

    /// <summary>Everything in it, position and all, one line an event.</summary>
    public static async Task<List<string>> Read(string directory)
    {
        await using var store = SqliteEventStore.OpenToRead(directory);
        var lines = new List<string>();
        await foreach (var e in store.ReadAll(LogPosition.Start, CancellationToken.None))
            lines.Add($"{e.Position} {e.Stream} {e.Version} {e.Id} {e.Type} {Encoding.UTF8.GetString(e.Data.Span)} {Encoding.UTF8.GetString(e.Metadata.Span)} {Convert.ToHexString(e.Hash.Span)}");
        return lines;
    }
}
