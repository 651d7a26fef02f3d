using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using SQLitePCL;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// The writer's connection and the transaction that many appends share. Conflicts are decided from the heads and by the unique indexes;
/// no savepoints: an append that fails half-way is undone by deleting the positions it had taken.
/// </summary>
sealed class LogTransaction : IDisposable
{
    readonly SqliteConnection _connection;
    readonly Statement _begin, _commit, _rollback, _insert, _undo, _head, _find;
    readonly StreamHeads _heads = new();
    readonly List<RecordedEvent> _fresh = [];
    readonly string _path;
    readonly byte[] _lastHash = new byte[EventChain.HashBytes];

    public LogTransaction(string path)
    {
        _path = path;
        _connection = LogFile.ConnectWriter(path);
        _begin = new(_connection, "BEGIN IMMEDIATE");
        _commit = new(_connection, "COMMIT");
        _rollback = new(_connection, "ROLLBACK");
        _insert = new(_connection, "INSERT INTO events(position, stream, version, id, type, data, metadata, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING");
        _undo = new(_connection, "DELETE FROM events WHERE position >= ?1");
        _head = new(_connection, "SELECT version, hash FROM events WHERE stream = ?1 ORDER BY version DESC LIMIT 1");
        _find = new(_connection, "SELECT stream, version, position, hash FROM events WHERE id = ?1");
        End = (long)LogFile.Scalar(_connection, "SELECT coalesce(max(position), 0) FROM events")!;
    }

    /// <summary>The last position written, committed or not.</summary>
    public long End { get; private set; }

    /// <summary>The events of this transaction, when they are kept for subscribers.</summary>
    public List<RecordedEvent> Fresh => _fresh;

    /// <summary>The hash of the event at <see cref="End"/>; known after the first append.</summary>
    public ReadOnlySpan<byte> LastHash => _lastHash;

    public void Begin()
    {
        _fresh.Clear();
        _begin.Execute();
    }

    public void Commit() => _commit.Execute();

    /// <summary>Pages written to the WAL since this was last asked.</summary>
    public int WrittenPages()
    {
        raw.sqlite3_db_status(_connection.Handle!, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, 1);
        return pages;
    }

    public void Rollback() => _rollback.Execute();

    public AppendResult Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, bool keep)
    {
        var head = Head(stream);
        if (expectedVersion != head.Version) return AppendRules.Settle(stream, expectedVersion, events, head.Version, Find);
        AppendRules.CheckChain(stream, head.Version, head.Hash, events);
        var before = End;
        for (var i = 0; i < events.Count; i++)
        {
            if (Insert(stream, expectedVersion + i, events[i])) continue;
            Undo(before);
            var known = AppendRules.Settle(stream, expectedVersion, events, head.Version, Find);
            throw LogErrors.Corrupt(_path, $"the end of {stream} is not at version {known.Version} as its index says");
        }
        if (keep) Keep(stream, expectedVersion, events, before);
        var hash = events[^1].Hash.ToArray(); // copied: the caller may use its buffer again
        hash.CopyTo(_lastHash, 0);
        _heads.Set(stream, new(expectedVersion + events.Count, hash));
        return new(true, expectedVersion + events.Count, new((ulong)End));
    }

    bool Insert(string stream, long version, NewEvent e)
    {
        _insert.Bind(1, End + 1);
        _insert.Bind(2, stream);
        _insert.Bind(3, version);
        _insert.Bind(4, e.Id);
        _insert.Bind(5, e.Type);
        _insert.Bind(6, e.Data.Span);
        _insert.Bind(7, e.Metadata.Span);
        _insert.Bind(8, e.Hash.Span);
        if (_insert.Execute() == 0) return false;
        End++;
        return true;
    }

    void Undo(long before)
    {
        if (End > before)
        {
            _undo.Bind(1, before + 1);
            _undo.Execute();
        }
        End = before;
    }

    void Keep(string stream, long version, IReadOnlyList<NewEvent> events, long position)
    {
        foreach (var e in events)
            _fresh.Add(new(stream, version++, new((ulong)++position), e.Id, e.Type, e.Data.ToArray(), e.Metadata.ToArray(), e.Hash.ToArray()));
    }

    StreamHead Head(string stream)
    {
        if (_heads.TryGet(stream, out var head)) return head;
        _head.Bind(1, stream);
        try { head = _head.Step() ? new(_head.Int64(0) + 1, _head.Blob(1).ToArray()) : new(0, EventChain.Genesis); }
        finally { _head.Reset(); }
        _heads.Set(stream, head);
        return head;
    }

    AppendRules.Place? Find(Guid id)
    {
        _find.Bind(1, id);
        try { return _find.Step() ? new(_find.Text(0), _find.Int64(1), new((ulong)_find.Int64(2)), _find.Blob(3).ToArray()) : null; }
        finally { _find.Reset(); }
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _begin, _commit, _rollback, _insert, _undo, _head, _find }) statement.Dispose();
        _connection.Dispose(); // rolls back what is open
    }
}
