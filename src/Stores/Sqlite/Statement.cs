using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// A prepared statement used again and again. It calls SQLite directly because <see cref="SqliteCommand"/> allocates per parameter and per
/// execution, and the writer runs one of these for every event. Belongs to one thread at a time, like its connection.
/// </summary>
sealed class Statement : IDisposable
{
    readonly sqlite3 _db;
    readonly sqlite3_stmt _statement;

    public Statement(SqliteConnection connection, string sql)
    {
        _db = connection.Handle ?? throw new InvalidOperationException("The connection is not open.");
        var rc = raw.sqlite3_prepare_v2(_db, sql, out _statement);
        if (rc != raw.SQLITE_OK) throw Error(rc);
    }

    public void Bind(int index, long value) => Check(raw.sqlite3_bind_int64(_statement, index, value));

    public void Bind(int index, ReadOnlySpan<byte> value) =>
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, index, 0) : raw.sqlite3_bind_blob(_statement, index, value));

    public void Bind(int index, string value)
    {
        Span<byte> utf8 = stackalloc byte[512];
        Check(Encoding.UTF8.TryGetBytes(value, utf8, out var length)
            ? raw.sqlite3_bind_text(_statement, index, utf8[..length])
            : raw.sqlite3_bind_text(_statement, index, value));
    }

    public void Bind(int index, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        Bind(index, bytes);
    }

    /// <summary>True when there is a row to read.</summary>
    public bool Step()
    {
        var rc = raw.sqlite3_step(_statement);
        if (rc == raw.SQLITE_ROW) return true;
        if (rc == raw.SQLITE_DONE) return false;
        var error = Error(rc);
        Reset();
        throw error;
    }

    /// <summary>Runs to the end and makes ready for the next use; the number of rows it changed.</summary>
    public int Execute()
    {
        while (Step()) { }
        Reset();
        return raw.sqlite3_changes(_db);
    }

    /// <summary>Must follow the last <see cref="Step"/>: an unfinished read would hold its snapshot.</summary>
    public void Reset() => raw.sqlite3_reset(_statement); // repeats Step's error code, which was thrown already

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;
    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    public ReadOnlySpan<byte> Utf8(int column) => raw.sqlite3_column_blob(_statement, column); // the bytes of a text column

    public string Text(int column) => Encoding.UTF8.GetString(Utf8(column));

    public Guid Guid(int column)
    {
        var bytes = Blob(column);
        return bytes.Length == 16 ? new(bytes, bigEndian: true) : throw new InvalidDataException($"an event id of {bytes.Length} bytes");
    }

    public void Dispose() => _statement.Dispose();

    void Check(int rc)
    {
        if (rc != raw.SQLITE_OK) throw Error(rc);
    }

    SqliteException Error(int rc)
    {
        var extended = raw.sqlite3_extended_errcode(_db);
        return new(raw.sqlite3_errmsg(_db).utf8_to_string(), rc & 0xFF, extended);
    }
}
