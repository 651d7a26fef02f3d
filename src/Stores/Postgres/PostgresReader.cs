using Npgsql;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>
/// Reads in pages, so that no connection and no snapshot is held while a consumer thinks. Every event is checked against its stream's chain before it is handed out.
/// </summary>
sealed class PostgresReader(PostgresDatabase database)
{
    const int PageEvents = 512;
    const string Columns = "position, stream, version, id, type, data, metadata, hash";

    static readonly string Stream = $"SELECT {Columns} FROM ppec.events WHERE stream = $1 AND version >= $2 ORDER BY version LIMIT {PageEvents + 1}";
    static readonly string All = $"SELECT {Columns} FROM ppec.events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT {PageEvents}";
    const string Hashes = "SELECT e.stream, e.version, e.hash FROM unnest($1, $2) AS p(stream, version) JOIN ppec.events AS e ON e.stream = p.stream COLLATE \"C\" AND e.version = p.version";
    const string Head = "SELECT position FROM ppec.head";
    const string Ends = "SELECT (SELECT position FROM ppec.head), (SELECT coalesce(max(position), 0) FROM ppec.events)";

    /// <summary>
    /// A page of the stream from <paramref name="version"/> on, and the last of it, which the next page continues from (null: there is none).
    /// <paramref name="previous"/> is the event before it, when the caller has it.
    /// </summary>
    public Task<(List<RecordedEvent> Events, RecordedEvent? Last)> ReadStream(string stream, long version, RecordedEvent? previous, CancellationToken cancellation) => Ask(async connection =>
    {
        var lead = previous is null && version > 0 ? 1 : 0; // the event before is read with the first page: its hash begins the check
        var page = await Page(connection, Stream, cancellation, Value(stream), Value(version - lead));
        if (page.Count == 0) return (page, null);
        var last = previous?.Hash ?? EventChain.Genesis;
        for (var i = 0; i < page.Count; i++)
        {
            var e = page[i];
            if (e.Version != version - lead + i) throw PostgresErrors.Corrupt(database.Where, $"version {version - lead + i} of {stream} is missing");
            if (i >= lead && !EventChain.Continues(last.Span, e)) throw Broken(e);
            last = e.Hash;
        }
        var end = page.Count > PageEvents ? page[^1] : null;
        page.RemoveRange(0, lead);
        return (page, end);
    }, cancellation);

    /// <summary>A page of the events in (<paramref name="after"/>, <paramref name="end"/>], each checked against its predecessor in its stream, which is fetched when <paramref name="chain"/> has not just seen it.</summary>
    public Task<List<RecordedEvent>> ReadAll(long after, long end, ChainCheck chain, CancellationToken cancellation) => Ask(async connection =>
    {
        var page = await Page(connection, All, cancellation, Value(after), Value(end));
        if (page.Count == 0) throw PostgresErrors.Corrupt(database.Where, $"the event at position {after + 1} is missing");
        var before = await HashesBefore(connection, page, chain, cancellation);
        foreach (var e in page)
        {
            if (e.Position.Commit != (ulong)++after) throw PostgresErrors.Corrupt(database.Where, $"the event at position {after} is missing");
            if (!chain.Continues(e, (stream, version) => before.TryGetValue((stream, version), out var hash) ? hash : page.Find(p => p.Stream == stream && p.Version == version)?.Hash)) throw Broken(e);
        }
        return page;
    }, cancellation);

    /// <summary>Where the log ends now.</summary>
    public Task<ulong> End(CancellationToken cancellation) => Ask(connection => End(connection, cancellation), cancellation);

    public static async Task<ulong> End(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Head, connection);
        return (ulong)(long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>Where the log ends, when its head and its events agree on that.</summary>
    public Task<ulong> ProvenEnd(CancellationToken cancellation) => Ask(async connection =>
    {
        await using var command = new NpgsqlCommand(Ends, connection); // one snapshot
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        if (row.IsDBNull(0)) throw PostgresErrors.Corrupt(database.Where, "it has no head");
        var (head, last) = (row.GetInt64(0), row.GetInt64(1));
        return head == last ? (ulong)head : throw PostgresErrors.Corrupt(database.Where, $"it ends at position {last}, but position {head} had been acknowledged");
    }, cancellation);

    async Task<T> Ask<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            await using var connection = await database.Open(cancellation);
            return await ask(connection);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var translated = database.Translate(e, "be read");
            if (ReferenceEquals(translated, e)) throw;
            throw translated;
        }
    }

    static async Task<List<RecordedEvent>> Page(NpgsqlConnection connection, string sql, CancellationToken cancellation, params NpgsqlParameter[] parameters)
    {
        var page = new List<RecordedEvent>();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
            page.Add(new(row.GetString(1), row.GetInt64(2), new((ulong)row.GetInt64(0)), row.GetGuid(3), row.GetString(4), row.GetFieldValue<byte[]>(5), row.GetFieldValue<byte[]>(6), row.GetFieldValue<byte[]>(7)));
        return page;
    }

    /// <summary>The hashes that the first event of each stream in the page continues, as far as they are not remembered.</summary>
    static async Task<Dictionary<(string Stream, long Version), ReadOnlyMemory<byte>>> HashesBefore(NpgsqlConnection connection, List<RecordedEvent> page, ChainCheck chain, CancellationToken cancellation)
    {
        var hashes = new Dictionary<(string, long), ReadOnlyMemory<byte>>();
        var wanted = page.DistinctBy(e => e.Stream).Where(e => !chain.Remembers(e)).ToList();
        if (wanted.Count == 0) return hashes;
        await using var command = new NpgsqlCommand(Hashes, connection) { Parameters = { Value(wanted.Select(e => e.Stream).ToArray()), Value(wanted.Select(e => e.Version - 1).ToArray()) } };
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) hashes[(row.GetString(0), row.GetInt64(1))] = row.GetFieldValue<byte[]>(2);
        return hashes;
    }

    static NpgsqlParameter Value<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    EventLogCorruptException Broken(RecordedEvent e) => PostgresErrors.Corrupt(database.Where,
        $"the event at position {e.Position} (version {e.Version} of {e.Stream}) does not continue its stream's hash chain; it, or the one before it, was altered");
}
