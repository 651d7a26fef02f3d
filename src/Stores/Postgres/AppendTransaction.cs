using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>
/// One group of appends as one transaction, in two round trips: lock the head and look up; then write, tell and commit.
/// </summary>
static class AppendTransaction
{
    /// <summary>The channel on which a committed append tells where the log ends.</summary>
    public const string Channel = "ppec_log";

    // Said in full: a role's defaults do not matter. Read committed lets each statement see what was committed while the one before it waited for the lock.
    const string Begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    const string Lock = $"SELECT position, {ServerChecks.Durable} FROM ppec.head FOR UPDATE";
    const string Heads = "SELECT e.stream, e.version, e.hash FROM unnest($1) AS s(stream) CROSS JOIN LATERAL (SELECT stream, version, hash FROM ppec.events WHERE stream = s.stream COLLATE \"C\" ORDER BY version DESC LIMIT 1) AS e";
    const string Places = "SELECT id, stream, version, position, hash FROM ppec.events WHERE id = ANY($1)";
    const string Insert =
        """
        INSERT INTO ppec.events(position, stream, version, id, type, data, metadata, hash)
        SELECT $1 + n, stream, version, id, type, data, metadata, hash
        FROM unnest($2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY AS e(stream, version, id, type, data, metadata, hash, n)
        """;
    const string Move = "UPDATE ppec.head SET position = $1";
    const string Tell = $"SELECT pg_notify('{Channel}', $1)";

    /// <summary>Where the log ends, now that nobody else can append. The group learns what it needs to decide.</summary>
    public static async Task<ulong> Open(NpgsqlConnection connection, AppendGroup group, string where)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(Begin),
                new(Lock),
                new(Heads) { Parameters = { Array(group.Streams) } },
                new(Places) { Parameters = { Array(group.Ids) } },
            },
        };
        await using var row = await batch.ExecuteReaderAsync();
        if (!await row.ReadAsync()) throw PostgresErrors.Corrupt(where, "it has no head");
        var end = (ulong)row.GetInt64(0);
        if (!row.GetBoolean(1)) throw ServerChecks.NotDurable(where);
        await row.NextResultAsync();
        while (await row.ReadAsync()) group.Stands(row.GetString(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2));
        await row.NextResultAsync();
        while (await row.ReadAsync()) group.Stands(row.GetGuid(0), new(row.GetString(1), row.GetInt64(2), new((ulong)row.GetInt64(3)), row.GetFieldValue<byte[]>(4)));
        return end;
    }

    /// <summary>Writes <paramref name="events"/> behind <paramref name="end"/>. When it returns, they are on the server's disk.</summary>
    public static async Task Commit(NpgsqlConnection connection, ulong end, List<RecordedEvent> events)
    {
        var last = (long)end + events.Count;
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(Insert)
                {
                    Parameters =
                    {
                        Value((long)end),
                        Column(events, e => e.Stream), Column(events, e => e.Version), Column(events, e => e.Id), Column(events, e => e.Type),
                        Column(events, e => Bytes(e.Data)), Column(events, e => Bytes(e.Metadata)), Column(events, e => Bytes(e.Hash)),
                    },
                },
                new(Move) { Parameters = { Value(last) } },
                new(Tell) { Parameters = { Value(last.ToString(CultureInfo.InvariantCulture)) } },
                new("COMMIT"),
            },
        };
        await batch.ExecuteNonQueryAsync();
    }

    public static async Task Rollback(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("ROLLBACK", connection);
        await command.ExecuteNonQueryAsync();
    }

    static NpgsqlParameter Value<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };
    static NpgsqlParameter Array<T>(T[] values) => new NpgsqlParameter<T[]> { TypedValue = values };

    static NpgsqlParameter Column<T>(List<RecordedEvent> events, Func<RecordedEvent, T> field)
    {
        var values = new T[events.Count];
        for (var i = 0; i < values.Length; i++) values[i] = field(events[i]);
        return Array(values);
    }

    // The group made these arrays itself, each for one value.
    static byte[] Bytes(ReadOnlyMemory<byte> value) => MemoryMarshal.TryGetArray(value, out var segment) && segment.Count == segment.Array!.Length ? segment.Array : value.ToArray();
}
