using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Ppec.Projections;

/// <summary>Connections that read, kept open with their compiled statements: opening and compiling would cost more than most questions. Each serves one caller at a time.</summary>
sealed class Readers(string documents, string texts) : IDisposable
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

/// <summary>One such connection: the documents, and beside them the text index as <c>texts</c>.</summary>
sealed class Reader : IDisposable
{
    const int MostStatements = 200;

    readonly SqliteConnection _connection;
    readonly Dictionary<string, SqliteCommand> _statements = new(StringComparer.Ordinal);

    public Reader(string documents, string texts)
    {
        _connection = ReadModelFile.Connect(documents);
        using var command = _connection.CreateCommand();
        command.CommandText = "ATTACH DATABASE $texts AS texts; PRAGMA query_only = ON; PRAGMA mmap_size = 268435456;";
        command.Parameters.AddWithValue("$texts", texts);
        command.ExecuteNonQuery();
    }

    /// <summary>Every row, read by <paramref name="row"/>. Parameters are <c>$0</c>, <c>$1</c>…</summary>
    public List<T> Rows<T>(string sql, IReadOnlyList<object> values, Func<SqliteDataReader, T> row)
    {
        var command = Bound(sql, values);
        using var found = command.ExecuteReader();
        var rows = new List<T>();
        while (found.Read()) rows.Add(row(found));
        return rows;
    }

    public long Number(string sql, IReadOnlyList<object> values) => (long)Bound(sql, values).ExecuteScalar()!;

    SqliteCommand Bound(string sql, IReadOnlyList<object> values)
    {
        if (!_statements.TryGetValue(sql, out var command))
        {
            if (_statements.Count >= MostStatements) Forget();
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Count; i++) command.Parameters.AddWithValue($"${i}", values[i]);
            _statements.Add(sql, command);
        }
        for (var i = 0; i < values.Count; i++) command.Parameters[i].Value = values[i];
        return command;
    }

    void Forget()
    {
        foreach (var command in _statements.Values) command.Dispose();
        _statements.Clear();
    }

    public void Dispose()
    {
        Forget();
        _connection.Dispose();
    }
}
