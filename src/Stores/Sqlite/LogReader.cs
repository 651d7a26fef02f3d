using System.Text;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// One read-only connection. It reads in pages, so that no snapshot stays open while a consumer thinks: an open snapshot would keep the WAL from being recycled.
/// Every event is checked against its stream's chain before it is handed out.
/// </summary>
sealed class LogReader : IDisposable
{
    const int PageEvents = 512;
    const int PageBytes = 1 << 20;
    const string Columns = "position, stream, version, id, type, data, metadata, hash";

    readonly string _path;
    readonly SqliteConnection _connection;
    readonly Statement _stream;
    readonly Statement _all;
    readonly Statement _hash;
    readonly Dictionary<string, string> _types = [];

    public LogReader(string path)
    {
        _path = path;
        _connection = LogFile.Connect(path, SqliteOpenMode.ReadOnly);
        _stream = new(_connection, $"SELECT {Columns} FROM events WHERE stream = ?1 AND version >= ?2 ORDER BY version LIMIT {PageEvents}");
        _all = new(_connection, $"SELECT {Columns} FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT {PageEvents}");
        _hash = new(_connection, "SELECT hash FROM events WHERE stream = ?1 AND version = ?2");
    }

    public SqliteConnection Connection => _connection;

    /// <summary>The stream's events from <paramref name="version"/> on; <paramref name="previous"/> is the hash before it (null: fetched here) and becomes that of the last event. <c>More</c>: there may be more after this page.</summary>
    public (List<RecordedEvent> Events, bool More) ReadStream(string stream, long version, ref ReadOnlyMemory<byte>? previous)
    {
        previous ??= version == 0 ? EventChain.Genesis : HashAt(stream, version - 1);
        if (previous is not { } last) return (EnsureEnded(stream, version), false);
        _stream.Bind(1, stream);
        _stream.Bind(2, version);
        var page = Page(_stream, PageBytes, out var more);
        foreach (var e in page)
        {
            if (e.Version != version++ || !EventChain.Continues(last.Span, e)) throw Broken(e);
            last = e.Hash;
        }
        previous = last;
        return (page, more);
    }

    /// <summary>Events in (<paramref name="after"/>, <paramref name="end"/>], each checked against its predecessor in its stream, which is fetched when <paramref name="chain"/> has not just seen it.</summary>
    public List<RecordedEvent> ReadAll(long after, long end, ChainCheck chain)
    {
        _all.Bind(1, after);
        _all.Bind(2, end);
        var page = Page(_all, PageBytes, out _);
        if (page.Count == 0) throw LogErrors.Corrupt(_path, $"the event at position {after + 1} is missing");
        foreach (var e in page)
        {
            if (e.Position.Commit != (ulong)++after) throw LogErrors.Corrupt(_path, $"the event at position {after} is missing");
            if (!chain.Continues(e, HashAt)) throw Broken(e);
        }
        return page;
    }

    ReadOnlyMemory<byte>? HashAt(string stream, long version)
    {
        _hash.Bind(1, stream);
        _hash.Bind(2, version);
        try { return _hash.Step() ? _hash.Blob(0).ToArray() : null; }
        finally { _hash.Reset(); }
    }

    // No event before `version`: then the stream is shorter, or its middle is missing.
    List<RecordedEvent> EnsureEnded(string stream, long version)
    {
        _stream.Bind(1, stream);
        _stream.Bind(2, version);
        var page = Page(_stream, 0, out _);
        return page.Count == 0 ? page : throw LogErrors.Corrupt(_path, $"version {version - 1} of {stream} is missing");
    }

    List<RecordedEvent> Page(Statement rows, int bytes, out bool more)
    {
        var page = new List<RecordedEvent>();
        try
        {
            while (rows.Step())
            {
                var e = Event(rows);
                page.Add(e);
                bytes -= e.Data.Length + e.Metadata.Length;
                if (bytes <= 0) break;
            }
        }
        finally { rows.Reset(); }
        more = page.Count == PageEvents || bytes <= 0;
        return page;
    }

    RecordedEvent Event(Statement row)
    {
        // One buffer for the three blobs: a replay makes millions of these.
        ReadOnlySpan<byte> data = row.Blob(5), metadata = row.Blob(6), hash = row.Blob(7);
        var bytes = new byte[data.Length + metadata.Length + hash.Length];
        data.CopyTo(bytes);
        metadata.CopyTo(bytes.AsSpan(data.Length));
        hash.CopyTo(bytes.AsSpan(data.Length + metadata.Length));
        return new(row.Text(1), row.Int64(2), new((ulong)row.Int64(0)), row.Guid(3), Type(row.Utf8(4)),
            bytes.AsMemory(0, data.Length), bytes.AsMemory(data.Length, metadata.Length), bytes.AsMemory(data.Length + metadata.Length));
    }

    // There are a few hundred type names: each is made once.
    string Type(ReadOnlySpan<byte> utf8)
    {
        Span<char> chars = stackalloc char[128];
        if (!Encoding.UTF8.TryGetChars(utf8, chars, out var length)) return Encoding.UTF8.GetString(utf8);
        var known = _types.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(chars[..length], out var type)) return type;
        type = chars[..length].ToString();
        if (_types.Count < 4096) _types.Add(type, type);
        return type;
    }

    EventLogCorruptException Broken(RecordedEvent e) => LogErrors.Corrupt(_path,
        $"the event at position {e.Position} (version {e.Version} of {e.Stream}) does not continue its stream's hash chain; it, or the one before it, was altered");

    public void Dispose()
    {
        _stream.Dispose();
        _all.Dispose();
        _hash.Dispose();
        _connection.Dispose();
    }
}
