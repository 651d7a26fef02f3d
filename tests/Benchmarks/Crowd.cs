using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Domain.Access;
using Ppec.Stores;
using Ppec.Stores.Codec;
using Ppec.Stores.Sqlite;

namespace Ppec.Benchmarks;

/// <summary>Ten thousand grants to a thousand users, and a thousand policies over all permissions, put into the log of a node that is down. None of the policies holds for what is then done.</summary>
static class Crowd
{
    public const string User = "bench";
    const int Users = 1_000, Grants = 10_000, Policies = 1_000;

    public static async Task Join(string data, DateTimeOffset at)
    {
        using var directory = DataDirectory.Lock(data);
        await using var store = SqliteEventStore.Open(directory);
        const string Stream = $"access-{AccessCommand.Directory}";
        var (version, hash, codec) = (0L, EventChain.Genesis, EventNames.Codec());
        await foreach (var e in store.ReadStream(Stream, 0, CancellationToken.None)) (version, hash) = (e.Version + 1, e.Hash);
        foreach (var some in Events().Chunk(500))
        {
            var batch = new List<NewEvent>();
            foreach (var e in some)
            {
                var metadata = JsonSerializer.SerializeToUtf8Bytes(new EventMetadata(Guid.NewGuid().ToString("N"), "admin", "bench", "127.0.0.1", at, ""), EventMetadataJson.Default.EventMetadata);
                var ((type, bytes), id) = (codec.Encode(e with { At = at }), Guid.NewGuid());
                hash = EventChain.Hash(hash.Span, Stream, version + batch.Count, id, type, bytes, metadata);
                batch.Add(new(id, type, bytes, metadata, hash));
            }
            await store.Append(Stream, version, batch, CancellationToken.None);
            version += batch.Count;
        }
    }

    static IEnumerable<AccessEvent> Events()
    {
        yield return new UserCreated(User, "service", "admin", "admin");
        yield return new Granted("bench-1", $"user:{User}", "operator", "region:bench", null, "admin");
        for (var n = 0; n < Users; n++) yield return new UserCreated($"u{n:0000}", "person", null, "admin");
        for (var n = 1; n < Grants; n++) yield return new Granted($"g{n:00000}", $"user:u{n % Users:0000}", "operator", $"region:r{n / Users}", null, "admin");
        for (var n = 0; n < Policies; n++)
            yield return new PolicySet($"p{n:0000}", "", [Permissions.All[n % Permissions.All.Count]], $"tag:env=e{n}", 1, ["role:approver"], 0, 0, null, 60, 60, null, false, "admin");
    }
}
