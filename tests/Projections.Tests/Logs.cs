using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Contracts.Events;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Domain.Profiles;
using Ppec.Domain.Racks;
using Ppec.Domain.Regions;
using Ppec.Stores.Codec;
using Ppec.Stores.Memory;

namespace Ppec.Projections.Tests;

/// <summary>A log with a little of everything in it, written as the system writes.</summary>
public sealed class Logs
{
    static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    readonly Dictionary<string, (long Version, ReadOnlyMemory<byte> Hash)> _streams = [];
    int _written;

    public MemoryEventStore Store { get; } = new();

    public IEventCodec Codec { get; } = EventNames.Codec();

    public async Task Write(string stream, params IDomainEvent[] events)
    {
        var (version, hash) = _streams.GetValueOrDefault(stream, (0, EventChain.Genesis));
        foreach (var e in events)
        {
            var at = Noon.AddSeconds(_written++);
            var metadata = JsonSerializer.SerializeToUtf8Bytes(new EventMetadata($"c{_written}", "admin", "cred", "127.0.0.1", at, ""), EventMetadataJson.Default.EventMetadata);
            var (type, data) = Codec.Encode(e);
            var id = Guid.NewGuid();
            hash = EventChain.Hash(hash.Span, stream, version, id, type, data, metadata);
            Assert.True((await Store.Append(stream, version, [new(id, type, data, metadata, hash)], CancellationToken.None)).Appended);
            version++;
        }
        _streams[stream] = (version, hash);
    }

    /// <summary>Regions, racks, a profile and machines with tags and holds, their events interleaved.</summary>
    public async Task Fill(int machines = 30)
    {
        await Write("region-blr1", new RegionCreated("blr1", "d") { At = Noon });
        await Write("rack-blr1.r1", new RackCreated("blr1.r1", "blr1", 42, "", "", "") { At = Noon });
        await Write("profile-fit", new ProfileVersionCreated("fit", 1, new()) { At = Noon }, new ProfileVersionCreated("fit", 2, new(MemoryMiB: 1)) { At = Noon });
        for (var n = 1; n <= machines; n++)
            await Write($"machine-sn{n:000}", new MachineRacked($"sn{n:000}", $"SN{n:000}", new("blr1", "blr1.r1", n), null, null, [], $"name {n}") { At = Noon });
        for (var n = 1; n <= machines; n += 3) await Write($"machine-sn{n:000}", new MachineHeld("operator", "noise", null, null) { At = Noon }, new MachineTagged(new Dictionary<string, string> { ["team"] = n % 2 == 0 ? "pay" : "risk" }.ToSorted(), []) { At = Noon });
        for (var n = 1; n <= machines; n += 6) await Write($"machine-sn{n:000}", new MachineUnheld("operator") { At = Noon });
    }

    /// <summary>Folds the log into the file until it is at the end.</summary>
    public async Task<ReadModel> Folded(string file, ReadModel? model = null)
    {
        var end = await Store.End(CancellationToken.None);
        model ??= ReadModel.Open(file, end);
        using var feed = new Feed(Store, Codec, model, NullLogger<Feed>.Instance);
        await feed.StartAsync(CancellationToken.None);
        Assert.True(await model.WaitFor(end, TimeSpan.FromSeconds(20), CancellationToken.None), "The feed never came to the end of the log.");
        await feed.StopAsync(CancellationToken.None);
        while (model.Texts.Advance()) { }
        return model;
    }

    /// <summary>Everything in the file, as text that can be compared.</summary>
    public static string Everything(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT d.noun || ' ' || d.id || ' ' || stream || ' ' || time || ' ' || updated || ' ' || version || ' ' || CAST(json AS TEXT) FROM document d JOIN body b ON b.n = d.n
            UNION ALL SELECT noun || ' ' || id || ' ' || key || '=' || value FROM found
            UNION ALL SELECT d.noun || ' ' || d.id || ' text ' || t.value FROM text t JOIN document d ON d.n = t.n WHERE t.value != ''
            UNION ALL SELECT 'left over ' || n FROM (SELECT n FROM body UNION SELECT n FROM fact UNION SELECT n FROM text WHERE value != '') WHERE n NOT IN (SELECT n FROM document)
            UNION ALL SELECT position FROM checkpoint ORDER BY 1
            """;
        using var row = command.ExecuteReader();
        var lines = new List<string>();
        while (row.Read()) lines.Add(row.GetString(0));
        return string.Join('\n', lines);
    }
}
