using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Ppec.Stores.Sqlite;

namespace Ppec.Projections;

/// <summary>Connections that read, kept open with their compiled statements: opening and compiling would cost more than most questions. Each serves one caller at a time.</summary>
sealed class Readers(string documents, string? texts = null) : IDisposable
{
    readonly ConcurrentBag<Reader> _idle = [];
    volatile bool _closed;

    public T Use<T>(Func<Reader, T> read)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        var reader = _idle.TryTake(out var idle) ? idle : new(documents, texts);
        try
        {
            var answer = read(reader);
            _idle.Add(reader);
            reader = null;
            if (_closed) Dispose(); // closed meanwhile: what was given back is closed as well
            return answer;
        }
        finally
        {
            reader?.Dispose(); // it failed: its state is not known
        }
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var reader)) reader.Dispose();
    }
}

/// <summary>One such connection: the documents, and beside them, where there is one, the text index as <c>texts</c>.</summary>
sealed class Reader : IDisposable
{
    readonly SqliteConnection _connection;

    /// <summary>By their text, of which the program has a few dozen.</summary>
    readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    public Reader(string documents, string? texts)
    {
        _connection = ReadModelFile.Connect(documents);
        using var command = _connection.CreateCommand();
        command.CommandText = $"{(texts is null ? "" : "ATTACH DATABASE $texts AS texts;")} PRAGMA query_only = ON; PRAGMA mmap_size = 268435456;";
        if (texts is not null) command.Parameters.AddWithValue("$texts", texts);
        command.ExecuteNonQuery();
    }

    /// <summary>All that is read within is of one moment.</summary>
    public T AtOneMoment<T>(Func<T> read)
    {
        Statement("BEGIN").Execute();
        var answer = read(); // when it fails, so does this connection
        Statement("COMMIT").Execute();
        return answer;
    }

    /// <summary>Every row, read by <paramref name="row"/>. Parameters are <c>?1</c>, <c>?2</c>…: texts and whole numbers.</summary>
    public List<T> Rows<T>(string sql, ReadOnlySpan<object> values, Func<Statement, T> row)
    {
        var rows = new List<T>();
        Each(sql, values, found =>
        {
            rows.Add(row(found));
            return true;
        });
        return rows;
    }

    /// <summary>Each row in turn, as long as <paramref name="more"/> says so.</summary>
    public void Each(string sql, ReadOnlySpan<object> values, Func<Statement, bool> more)
    {
        var statement = Statement(sql);
        for (var i = 0; i < values.Length; i++)
            if (values[i] is long number) statement.Bind(i + 1, number);
            else statement.Bind(i + 1, (string)values[i]);
        while (statement.Step() && more(statement)) { }
        statement.Reset();
    }

    /// <summary>The first column of every row, a number, as a set.</summary>
    public Bits Numbers(string sql, params ReadOnlySpan<object> values)
    {
        var bits = new Bits();
        Each(sql, values, row =>
        {
            bits.Add(row.Int64(0));
            return true;
        });
        return bits;
    }

    /// <summary>The first column of the first row, a number; null where there is none.</summary>
    public long? Number(string sql, long first, long second = 0)
    {
        var statement = Statement(sql);
        statement.Bind(1, first);
        if (sql.Contains("?2", StringComparison.Ordinal)) statement.Bind(2, second);
        var found = statement.Step() && !statement.IsNull(0) ? statement.Int64(0) : default(long?);
        statement.Reset();
        return found;
    }

    Statement Statement(string sql) => _statements.TryGetValue(sql, out var known) ? known : _statements[sql] = new(_connection, sql);

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _connection.Dispose();
    }
}
