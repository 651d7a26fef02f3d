using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using SQLitePCL;

namespace Ppec.Stores.Sqlite;

/// <summary>The file of the log: how it is made, and what must hold before it is used.</summary>
static class LogFile
{
    public const string Name = "events.db";
    public const string MarkName = "events.head";

    /// <summary>How many of the newest events have their chain checked at every start.</summary>
    public const int CheckedTail = 1_000;

    /// <summary>Up to this size every start also compares the indexes with the rows; above it only <c>Verify</c> does, since that takes seconds per GiB.</summary>
    const long FullCheckBytes = 64 << 20;

    const int ApplicationId = 0x50504531; // "PPE1"
    const int Format = 1;

    const string Schema =
        """
        CREATE TABLE events(
          position INTEGER PRIMARY KEY CHECK (position > 0),
          stream   TEXT    NOT NULL,
          version  INTEGER NOT NULL CHECK (version >= 0),
          id       BLOB    NOT NULL CHECK (length(id) = 16),
          type     TEXT    NOT NULL,
          data     BLOB    NOT NULL,
          metadata BLOB    NOT NULL,
          hash     BLOB    NOT NULL CHECK (length(hash) = 32)
        ) STRICT;
        CREATE UNIQUE INDEX events_stream ON events(stream, version);
        CREATE UNIQUE INDEX events_id ON events(id);
        """;

    public static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        // Not pooled: a pool would keep the file open after the node has let go of its directory.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_busy_timeout(connection.Handle!, 5_000);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The writer's connection.</summary>
    public static SqliteConnection ConnectWriter(string path)
    {
        var connection = Connect(path, SqliteOpenMode.ReadWrite);
        try
        {
            if (Scalar(connection, "PRAGMA journal_mode = WAL") is not "wal") throw new InvalidDataException("it is not in WAL mode and cannot be switched to it");
            Execute(connection, $"PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = {Checkpointer.InlineFrames}; PRAGMA trusted_schema = OFF;");
            if (Scalar(connection, "PRAGMA synchronous") is not 2L) throw new InvalidDataException("SQLite does not accept synchronous=FULL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes the log when there is none, and refuses it when anything says that it is not what was written. Returns its last position.</summary>
    public static long Prepare(DataDirectory directory)
    {
        var path = directory.File(Name);
        var mark = HeadMark.Read(directory.File(MarkName));
        return Opening(path, () =>
        {
            if (!File.Exists(path))
            {
                if (mark is { Position: > 0 } || HasBytes(path + "-wal")) throw LogErrors.Corrupt(path, "the file is gone, but what belongs to it is still there");
                Create(path);
            }
            // SQLite takes an empty file for a new database and deletes its WAL.
            else if (!HasBytes(path)) throw LogErrors.Corrupt(path, "the file is empty");
            using var connection = ConnectWriter(path); // not read-only: a killed node's WAL is recovered here
            return Check(connection, path, mark);
        });
    }

    /// <summary>The same checks on a log that another process may be writing. Nothing is made or changed. Returns the position it ends at now.</summary>
    public static long Inspect(string directory)
    {
        var path = Path.Combine(directory, Name);
        if (!HasBytes(path)) throw new EventStoreUnavailableException($"There is no event log in {directory}.");
        var mark = HeadMark.Read(Path.Combine(directory, MarkName)); // before the log, which a node may be moving on
        return Opening(path, () =>
        {
            using var connection = Connect(path, SqliteOpenMode.ReadOnly);
            return Check(connection, path, mark);
        });
    }

    static long Opening(string path, Func<long> open)
    {
        try { return open(); }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            throw LogErrors.Corrupt(path, e.Message, e); // "no such table" and the like
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw LogErrors.Translate(e, path, "be opened");
        }
    }

    static long Check(SqliteConnection connection, string path, (long Position, byte[] Hash)? mark)
    {
        if (Scalar(connection, "PRAGMA application_id") is not (long)ApplicationId) throw LogErrors.Corrupt(path, "it is not an event log of this system");
        if (Scalar(connection, "PRAGMA user_version") is not (long and Format))
            throw LogErrors.Corrupt(path, $"its format is {Scalar(connection, "PRAGMA user_version")}, this program knows {Format}; if a newer program wrote it, start that one");
        CheckStructure(connection, path, new FileInfo(path).Length <= FullCheckBytes);
        using var reader = new LogReader(path);
        var end = CheckPositions(connection, path);
        if (mark is { } known) CheckMark(reader, path, end, known);
        try { Walk(reader, Math.Max(0, end - CheckedTail), end); }
        catch (EventLogCorruptException)
        {
            Walk(reader, 0, end); // what does not continue may follow an altered event that lies before the tail: the first fault is named
            throw;
        }
        return end;
    }

    public static void CheckStructure(SqliteConnection connection, string path, bool full)
    {
        var found = Scalar(connection, full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)");
        if (found is not "ok") throw LogErrors.Corrupt(path, $"SQLite found: {found?.ToString()?.ReplaceLineEndings(" ")}");
    }

    /// <summary>Positions count from 1 without a hole. The last of them.</summary>
    public static long CheckPositions(SqliteConnection connection, string path)
    {
        using var row = new Statement(connection, "SELECT (SELECT count(*) FROM events), (SELECT coalesce(max(position), 0) FROM events)"); // one snapshot, each by its index
        row.Step();
        var (count, last) = (row.Int64(0), row.Int64(1));
        if (count == last) return last;
        using var gap = new Statement(connection, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM events WHERE position = 1) UNION ALL SELECT position + 1 FROM events e WHERE NOT EXISTS (SELECT 1 FROM events WHERE position = e.position + 1) LIMIT 1");
        gap.Step();
        throw LogErrors.Corrupt(path, $"it holds {count} events but its last position is {last}: events are missing, the first of them at position {gap.Int64(0)}");
    }

    static void CheckMark(LogReader reader, string path, long end, (long Position, byte[] Hash) mark)
    {
        if (mark.Position > end)
            throw LogErrors.Corrupt(path, $"it ends at position {end}, but position {mark.Position} had been acknowledged. If this is a backup restored on purpose, remove {MarkName} beside it");
        if (mark.Position > 0 && !reader.ReadAll(mark.Position - 1, mark.Position, new())[0].Hash.Span.SequenceEqual(mark.Hash))
            throw LogErrors.Corrupt(path, $"the event at position {mark.Position} is not the one that was acknowledged there. If this is a backup restored on purpose, remove {MarkName} beside it");
    }

    /// <summary>Checks the chain of the events in (<paramref name="after"/>, <paramref name="end"/>].</summary>
    public static void Walk(LogReader reader, long after, long end, Action<long>? reached = null)
    {
        var chain = new ChainCheck();
        while (after < end)
        {
            after += reader.ReadAll(after, end, chain).Count;
            reached?.Invoke(after);
        }
    }

    static void Create(string path)
    {
        // Made under another name: a log that exists is always whole, so an empty one is damage and not an interrupted first start.
        var draft = path + ".new";
        foreach (var leftover in new[] { draft, draft + "-wal", draft + "-shm", draft + "-journal" }) File.Delete(leftover);
        OpenPrivate(draft).Dispose(); // SQLite gives its side files the mode of the main one
        using (var connection = Connect(draft, SqliteOpenMode.ReadWrite))
        {
            Execute(connection, $"PRAGMA page_size = 4096; PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Format};");
            Execute(connection, "PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;");
            Execute(connection, $"BEGIN; {Schema} COMMIT;");
        }
        using (var file = File.OpenHandle(draft, FileMode.Open, FileAccess.ReadWrite)) RandomAccess.FlushToDisk(file);
        File.Move(draft, path); // the directory itself is flushed by SQLite with the first commit's WAL
    }

    /// <summary>A new file that only this user can read.</summary>
    public static FileStream OpenPrivate(string path, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        return new(path, options);
    }

    static bool HasBytes(string path) => new FileInfo(path) is { Exists: true, Length: > 0 };

    public static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
