using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;

namespace Ppec.Projections;

/// <summary>The folded log in a local SQLite file. Disposable: another schema, or a log that is shorter than the checkpoint, and it is made anew.</summary>
public sealed class ReadModel : IReadModel, IDisposable
{
    const long Schema = 5;
    const int ExactTotal = 10_000;

    readonly string _connection;
    readonly Lock _waiting = new();
    readonly List<(LogPosition Position, TaskCompletionSource Reached)> _waiters = [];
    LogPosition _position;
    ReadModelWriter? _writer;

    ReadModel(string connection, LogPosition position) => (_connection, _position) = (connection, position);

    public LogPosition Position { get { lock (_waiting) return _position; } }

    /// <summary>Opens the file, or makes it anew when it is not of this schema or is ahead of the log.</summary>
    public static ReadModel Open(string path, LogPosition endOfLog)
    {
        if (TryOpen(path) is { } position && position <= endOfLog) return new(Connection(path), position);
        SqliteConnection.ClearAllPools();
        foreach (var file in new[] { path, $"{path}-wal", $"{path}-shm" }) File.Delete(file);
        using var fresh = Connect(Connection(path));
        Execute(fresh, $"""
            PRAGMA journal_mode = WAL; PRAGMA user_version = {Schema};
            CREATE TABLE document (noun TEXT NOT NULL, id TEXT NOT NULL, stream TEXT NOT NULL, time TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (noun, id));
            CREATE INDEX document_stream ON document (stream);
            CREATE INDEX document_time ON document (noun, time, id);
            CREATE TABLE attribute (noun TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (noun, id, key, value)) WITHOUT ROWID;
            CREATE INDEX attribute_value ON attribute (noun, key, value, id);
            CREATE TABLE checkpoint (position TEXT NOT NULL);
            INSERT INTO checkpoint VALUES ('{LogPosition.Start}');
            """);
        return new(Connection(path), LogPosition.Start);
    }

    public async Task<bool> WaitFor(LogPosition position, TimeSpan timeout, CancellationToken cancellation)
    {
        TaskCompletionSource reached;
        lock (_waiting)
        {
            if (_position >= position) return true;
            reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((position, reached));
        }
        try
        {
            await reached.Task.WaitAsync(timeout, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (_waiting) _waiters.RemoveAll(w => w.Reached == reached);
        }
    }

    public ReadOnlyMemory<byte>? Find(string noun, string id)
    {
        using var connection = Connect(_connection);
        using var command = Command(connection, "SELECT body FROM document WHERE noun = $noun AND id = $id", ("$noun", noun), ("$id", id));
        return command.ExecuteScalar() is byte[] body ? new ReadOnlyMemory<byte>(body) : default(ReadOnlyMemory<byte>?); // a plain null would become an empty memory
    }

    public Page List(string noun, ListQuery query)
    {
        if (query.Limit is < 1 or > 1000) throw new QueryException("limit", "A page has 1 to 1000 rows.");
        var (column, descending) = query.Sort switch
        {
            null or "" when noun == "operation" => ("time", true),
            null or "" or "id" => ("id", false),
            "-id" => ("id", true),
            "time" => ("time", false),
            "-time" => ("time", true),
            _ => throw new QueryException("sort", $"Sort by id, -id, time or -time, not '{query.Sort}'."),
        };
        var values = new List<string>();
        var where = $"d.noun = $noun{Filter.Parse(query.Filter).ToSql(values)}";
        using var connection = Connect(_connection);
        using var count = Bound($"SELECT COUNT(*) FROM (SELECT 1 FROM document d WHERE {where} LIMIT {ExactTotal + 1})");
        var total = Convert.ToInt32(count.ExecuteScalar(), CultureInfo.InvariantCulture);

        var after = query.Cursor is null ? "" : $" AND (d.{column}, d.id) {(descending ? "<" : ">")} ($after, $afterId)";
        using var page = Bound($"SELECT d.id, d.{column}, d.body FROM document d WHERE {where}{after} ORDER BY d.{column} {(descending ? "DESC" : "ASC")}, d.id {(descending ? "DESC" : "ASC")} LIMIT {query.Limit + 1}");
        if (query.Cursor is not null)
        {
            var (value, id) = ReadCursor(query.Cursor, column);
            page.Parameters.AddWithValue("$after", value);
            page.Parameters.AddWithValue("$afterId", id);
        }
        var items = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        string? next = null;
        (string Value, string Id) last = ("", "");
        using var row = page.ExecuteReader();
        while (row.Read())
        {
            if (items.Count == query.Limit) { next = WriteCursor(column, last.Value, last.Id); break; }
            items.Add(row.GetFieldValue<byte[]>(2));
            last = (row.GetString(1), row.GetString(0));
        }
        return new(items.ToImmutable(), next, Math.Min(total, ExactTotal), total > ExactTotal);

        SqliteCommand Bound(string sql)
        {
            var command = Command(connection, sql, ("$noun", noun));
            for (var i = 0; i < values.Count; i++) command.Parameters.AddWithValue($"$f{i}", values[i]);
            return command;
        }
    }

    public ImmutableArray<(string Operation, string Machine)> OpenOperations() => Pairs("""
        SELECT a.value, a.id FROM attribute a WHERE a.noun = 'machine' AND a.key = 'operation'
        UNION
        SELECT o.id, COALESCE(m.value, '') FROM attribute o LEFT JOIN attribute m ON m.noun = 'operation' AND m.id = o.id AND m.key = 'machine' WHERE o.noun = 'operation' AND o.key = 'open'
        """);

    public ImmutableArray<(string Name, string Owner)> OrphanClaims() => Pairs("""
        SELECT * FROM (
        SELECT d.id, a.value FROM document d JOIN attribute a ON a.noun = d.noun AND a.id = d.id AND a.key = 'owner'
        WHERE d.noun = 'claim' AND (NOT EXISTS (SELECT 1 FROM document m WHERE m.noun = 'machine' AND m.id = a.value)
            OR (d.id LIKE 'bmc:%' AND NOT EXISTS (SELECT 1 FROM attribute b WHERE b.noun = 'machine' AND b.id = a.value AND b.key = 'bmc' AND b.value = substr(d.id, 5))))
        UNION
        SELECT 'rack:' || substr(a.value, 1, instr(a.value, ' ') - 1), substr(a.value, instr(a.value, ' ') + 1) FROM attribute a
        WHERE a.noun = 'rack' AND a.key = 'stands' AND NOT EXISTS (SELECT 1 FROM attribute m WHERE m.noun = 'machine' AND m.key = 'stands' AND m.value = a.value)
        ) WHERE NOT EXISTS (SELECT 1 FROM attribute WHERE noun = 'operation' AND key = 'claims')
        """);

    /// <summary>Writes one batch and its checkpoint together. A stream's documents replace all it had. One caller at a time.</summary>
    internal void Apply(IEnumerable<(string Noun, string Stream, ImmutableArray<Document> Documents)> changes, LogPosition position)
    {
        _writer ??= new(Connect(_connection));
        try
        {
            _writer.Write(changes, position);
        }
        catch
        {
            _writer.Dispose();
            _writer = null;
            throw;
        }
        lock (_waiting)
        {
            _position = position;
            foreach (var waiter in _waiters.Where(w => w.Position <= position)) waiter.Reached.TrySetResult();
        }
    }

    public void Dispose()
    {
        _writer?.Dispose();
        using var connection = new SqliteConnection(_connection);
        SqliteConnection.ClearPool(connection);
    }

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    ImmutableArray<(string, string)> Pairs(string sql)
    {
        using var connection = Connect(_connection);
        using var command = Command(connection, sql);
        using var row = command.ExecuteReader();
        var pairs = ImmutableArray.CreateBuilder<(string, string)>();
        while (row.Read()) pairs.Add((row.GetString(0), row.GetString(1)));
        return pairs.ToImmutable();
    }

    static LogPosition? TryOpen(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var connection = Connect(Connection(path));
            using var version = Command(connection, "PRAGMA user_version");
            if ((long)version.ExecuteScalar()! != Schema) return null;
            using var checkpoint = Command(connection, "SELECT position FROM checkpoint");
            return LogPosition.TryParse(checkpoint.ExecuteScalar() as string, out var position) ? position : null;
        }
        catch (SqliteException)
        {
            return null; // a cache that cannot be read is made anew
        }
    }

    static string WriteCursor(string column, string value, string id) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes((string[])[column, value, id]));

    static (string Value, string Id) ReadCursor(string cursor, string column)
    {
        try
        {
            if (JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(cursor)) is [{ } by, { } value, { } id] && by == column) return (value, id);
        }
        catch (Exception e) when (e is FormatException or JsonException) { /* said below */ }
        throw new QueryException("cursor", "The cursor is not from a page of this list with this sort: start again without one.");
    }

    static string Connection(string path) => new SqliteConnectionStringBuilder { DataSource = path, Pooling = true }.ToString();

    static SqliteConnection Connect(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        Execute(connection, "PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000;"); // a cache: after a power cut it is folded again
        return connection;
    }

    static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }

    static void Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(connection, sql, parameters);
        command.ExecuteNonQuery();
    }
}
