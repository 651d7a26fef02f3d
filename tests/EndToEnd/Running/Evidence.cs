using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Sqlite;

namespace Ppec.EndToEnd.Running;

/// <summary>What a stopped node left on disk, read without asking the node.</summary>
static class Evidence
{
    /// <summary>Proves the whole log (structure, positions, every hash), and counts for each command id the events of each type.</summary>
    public static async Task<(LogPosition End, Dictionary<string, List<RecordedEvent>> ByCommand)> Log(string data)
    {
        using var directory = DataDirectory.Lock(data);
        await using var store = SqliteEventStore.Open(directory);
        var end = await store.Verify(null, CancellationToken.None);
        return (end, await ByCommand(store));
    }

    /// <summary>Every event of a log under the id of the command that it came from.</summary>
    public static async Task<Dictionary<string, List<RecordedEvent>>> ByCommand(IEventStore store)
    {
        var byCommand = new Dictionary<string, List<RecordedEvent>>(StringComparer.Ordinal);
        await foreach (var e in store.ReadAll(LogPosition.Start, CancellationToken.None))
        {
            var command = JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata)!.CommandId;
            if (!byCommand.TryGetValue(command, out var events)) byCommand[command] = events = [];
            events.Add(e);
        }
        return byCommand;
    }

    /// <summary>The command id that the gate gives a key of the bootstrap administrator.</summary>
    public static string CommandId(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"admin\n{key}")))[..32];

    /// <summary>Why a command is not in the log exactly once; null when it is.</summary>
    public static string? NotOnce(string key, Dictionary<string, List<RecordedEvent>> byCommand)
    {
        if (!byCommand.TryGetValue(CommandId(key), out var events)) return $"{key}: acknowledged, and not in the log";
        // Racking claims names in other streams under the same command; in each stream it is one append.
        foreach (var stream in events.GroupBy(e => e.Stream))
            if (stream.Max(e => e.Version) - stream.Min(e => e.Version) + 1 != stream.Count() || stream.GroupBy(e => e.Type).Any(t => t.Count() > 1))
                return $"{key}: more than once in {stream.Key}: {string.Join(", ", stream.Select(e => $"{e.Type} at {e.Version}"))}";
        return null;
    }

    /// <summary>Every document of the read model, and all it is found by.</summary>
    public static SortedDictionary<string, string> ReadModel(string data)
    {
        var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(data, "read.db"), Pooling = false }.ToString());
        connection.Open();
        Add("SELECT 'document ' || d.noun || ' ' || d.id, stream || ' ' || time || ' ' || CAST(json AS TEXT) FROM document d JOIN body b ON b.n = d.n");
        Add("SELECT 'found ' || noun || ' ' || id || ' ' || key || ' ' || value, '' FROM found");
        Add("SELECT 'checkpoint', position FROM checkpoint");
        return rows;

        void Add(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var row = command.ExecuteReader();
            while (row.Read()) rows.Add(row.GetString(0), row.GetString(1));
        }
    }

    public static void ForgetReadModel(string data)
    {
        foreach (var file in Directory.GetFiles(data, "read.db*")) File.Delete(file);
    }
}
