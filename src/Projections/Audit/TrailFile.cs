using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Stores.Sqlite;

namespace Ppec.Projections.Audit;

/// <summary>By what a row is found.</summary>
enum TrailField { Actor = 1, Action, Target, Region, Rack, Outcome, Problem, Ticket, Credential, Source, Change, Operation }

/// <summary>A value of a field.</summary>
readonly record struct TrailFact(TrailField Field, string Text);

/// <summary>A row as it is to be written; the same number again replaces its body and adds to its facts.</summary>
sealed record TrailRow(long Number, long Time, byte[] Body, IEnumerable<TrailFact> Facts);

/// <summary>
/// Numbered rows in one SQLite file, each found by exact values. A value is a number of the file's own, and a fact is that number beside the row's: so rows that have it are read in order from anywhere,
/// and what several values have in common is found by leaping from one list to the other.
/// </summary>
sealed class TrailFile : IDisposable
{
    public const long Schema = 1;

    /// <summary>Rows are numbered as they came, and times are nearly in that order: of each so many rows (by bits of the number) the earliest and the latest time is kept, and what lies outside is passed over.</summary>
    public const int BlockBits = 8;

    const int MostKnown = 100_000;

    static readonly string Tables = $"""
        CREATE TABLE row (n INTEGER PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE block (b INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL);
        CREATE TABLE value (v INTEGER PRIMARY KEY, field INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (field, text));
        CREATE TABLE fact (v INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (v, n)) WITHOUT ROWID;
        CREATE TABLE place (stream TEXT PRIMARY KEY, region TEXT NOT NULL, rack TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE checkpoint (position TEXT NOT NULL);
        INSERT INTO checkpoint VALUES ('{LogPosition.Start}');
        """;

    readonly string _path;
    readonly SqliteConnection _connection;
    readonly Statement _begin, _commit, _rollback, _put, _block, _fact, _value, _newValue, _place, _keepPlace, _checkpoint;
    readonly ImmutableArray<Statement> _all;
    readonly Dictionary<TrailFact, long> _values = [];
    long _lastValue;

    TrailFile(string path, SqliteConnection connection, long first)
    {
        (_path, _connection, Readers) = (path, connection, new(path));
        _all =
        [
            _begin = new(connection, "BEGIN IMMEDIATE"), _commit = new(connection, "COMMIT"), _rollback = new(connection, "ROLLBACK"),
            _put = new(connection, "INSERT INTO row VALUES (?1, ?2, ?3) ON CONFLICT (n) DO UPDATE SET body = ?3"),
            _block = new(connection, "INSERT INTO block VALUES (?1, ?2, ?2) ON CONFLICT (b) DO UPDATE SET low = min(low, ?2), high = max(high, ?2)"),
            _fact = new(connection, "INSERT OR IGNORE INTO fact VALUES (?1, ?2)"),
            _value = new(connection, "SELECT v FROM value WHERE field = ?1 AND text = ?2"),
            _newValue = new(connection, "INSERT INTO value VALUES (?1, ?2, ?3)"),
            _place = new(connection, "SELECT region, rack FROM place WHERE stream = ?1"),
            _keepPlace = new(connection, "INSERT INTO place VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET region = ?2, rack = ?3"),
            _checkpoint = new(connection, "UPDATE checkpoint SET position = ?1"),
        ];
        (First, Last, _lastValue) = (first, Whole("SELECT max(n) FROM row") ?? first - 1, Whole("SELECT max(v) FROM value") ?? 0);
    }

    /// <summary>The number of its first row.</summary>
    public long First { get; }

    /// <summary>The number of its last row; one less than the first when there is none.</summary>
    public long Last { get; private set; }

    public Readers Readers { get; }

    public LogPosition Position
    {
        get
        {
            using var position = new Statement(_connection, "SELECT position FROM checkpoint");
            return position.Step() && LogPosition.TryParse(position.Text(0), out var at) ? at : LogPosition.Start;
        }
    }

    /// <summary>The bytes it takes, without what is still in its journal.</summary>
    public long Bytes => (Whole("PRAGMA page_count") ?? 0) * (Whole("PRAGMA page_size") ?? 0);

    /// <param name="path">The file.</param>
    /// <param name="first">The number of its first row.</param>
    /// <param name="fold">It can be folded again: after a power cut it need not be there. Otherwise what was committed is.</param>
    /// <param name="usable">Whether it may go on from its checkpoint; made anew when not, or when it is of another schema.</param>
    public static TrailFile Open(string path, long first, bool fold, Func<TrailFile, bool>? usable = null)
    {
        if (File.Exists(path) && TryOpen(path, first, fold) is { } found)
        {
            if (usable?.Invoke(found) != false) return found;
            found.Dispose();
        }
        Remove(path);
        using (var fresh = ReadModelFile.Connect(path)) ReadModelFile.Execute(fresh, $"PRAGMA journal_mode = WAL; PRAGMA user_version = {Schema}; {Tables}");
        return TryOpen(path, first, fold) ?? throw new IOException($"{path} cannot be opened just after it was made.");
    }

    public static void Remove(string path)
    {
        foreach (var old in new[] { path, $"{path}-wal", $"{path}-shm" }) File.Delete(old);
    }

    static TrailFile? TryOpen(string path, long first, bool fold)
    {
        var connection = default(SqliteConnection);
        try
        {
            connection = ReadModelFile.Connect(path);
            if (!fold) ReadModelFile.Execute(connection, "PRAGMA synchronous = FULL;");
            using var version = new Statement(connection, "PRAGMA user_version");
            if (version.Step() && version.Int64(0) == Schema) return new(path, connection, first);
        }
        catch (SqliteException) { } // what cannot be read is made anew
        connection?.Dispose();
        return null;
    }

    /// <summary>Writes rows and places together, all or none, and how far the log was read.</summary>
    public void Write(IEnumerable<TrailRow> rows, IEnumerable<(string Stream, string Region, string Rack)> places, LogPosition position)
    {
        var last = Last;
        _begin.Execute();
        try
        {
            foreach (var row in rows) Put(row);
            foreach (var (stream, region, rack) in places)
            {
                _keepPlace.Bind(1, stream);
                _keepPlace.Bind(2, region);
                _keepPlace.Bind(3, rack);
                _keepPlace.Execute();
            }
            _checkpoint.Bind(1, position.ToString());
            _checkpoint.Execute();
            _commit.Execute();
        }
        catch
        {
            try { _rollback.Execute(); }
            catch (SqliteException) { } // it rolled back by itself
            (Last, _lastValue) = (last, Whole("SELECT max(v) FROM value") ?? 0);
            _values.Clear();
            throw;
        }
        if (_values.Count > MostKnown) _values.Clear();
    }

    public (string Region, string Rack)? Place(string stream)
    {
        _place.Bind(1, stream);
        var found = _place.Step() ? (_place.Text(0), _place.Text(1)) : default((string, string)?);
        _place.Reset();
        return found;
    }

    void Put(TrailRow row)
    {
        Last = Math.Max(Last, row.Number);
        _put.Bind(1, row.Number);
        _put.Bind(2, row.Time);
        _put.Bind(3, row.Body.AsSpan());
        _put.Execute();
        _block.Bind(1, row.Number >> BlockBits);
        _block.Bind(2, row.Time);
        _block.Execute();
        foreach (var fact in row.Facts)
        {
            _fact.Bind(1, Value(fact));
            _fact.Bind(2, row.Number);
            _fact.Execute();
        }
    }

    long Value(TrailFact fact)
    {
        if (_values.TryGetValue(fact, out var known)) return known;
        _value.Bind(1, (long)fact.Field);
        _value.Bind(2, fact.Text);
        var found = _value.Step() ? _value.Int64(0) : 0;
        _value.Reset();
        if (found == 0)
        {
            _newValue.Bind(1, found = ++_lastValue);
            _newValue.Bind(2, (long)fact.Field);
            _newValue.Bind(3, fact.Text);
            _newValue.Execute();
        }
        return _values[fact] = found;
    }

    long? Whole(string sql)
    {
        using var statement = new Statement(_connection, sql);
        return statement.Step() && !statement.IsNull(0) ? statement.Int64(0) : null;
    }

    /// <summary>It is not needed any more.</summary>
    public void Remove()
    {
        Dispose();
        Remove(_path);
    }

    public void Dispose()
    {
        Readers.Dispose();
        foreach (var statement in _all) statement.Dispose();
        _connection.Dispose();
    }
}
