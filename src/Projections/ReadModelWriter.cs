using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Ppec.Contracts;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>
/// The one writer of the read model. Its statements are compiled once; what it wrote last of a stream it remembers, and writes only where that differs:
/// most events change a document and little of what it is found by.
/// </summary>
sealed class ReadModelWriter : IDisposable
{
    const int MostRemembered = 20_000;

    readonly SqliteConnection _connection;
    readonly Dictionary<string, Dictionary<string, HashSet<(string Key, string Value)>>> _written = new(StringComparer.Ordinal); // stream → document → attributes
    readonly SqliteCommand _ids, _attributes, _forget, _forgetAttribute, _keep, _keepAttribute, _checkpoint;

    public ReadModelWriter(SqliteConnection connection)
    {
        _connection = connection;
        _ids = Prepared("SELECT id FROM document WHERE stream = $1", 1);
        _attributes = Prepared("SELECT key, value FROM attribute WHERE noun = $1 AND id = $2", 2);
        _forget = Prepared("DELETE FROM document WHERE noun = $1 AND id = $2", 2);
        _forgetAttribute = Prepared("DELETE FROM attribute WHERE noun = $1 AND id = $2 AND key = $3 AND value = $4", 4);
        _keep = Prepared("INSERT INTO document VALUES ($1, $2, $3, $4, $5) ON CONFLICT (noun, id) DO UPDATE SET time = $4, body = $5", 5);
        _keepAttribute = Prepared("INSERT INTO attribute VALUES ($1, $2, $3, $4)", 4);
        _checkpoint = Prepared("UPDATE checkpoint SET position = $1", 1);
    }

    public void Write(IEnumerable<(string Noun, string Stream, ImmutableArray<Document> Documents)> changes, LogPosition position)
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var command in All) command.Transaction = transaction;
        foreach (var (noun, stream, documents) in changes)
        {
            var (before, now) = (Present(noun, stream), new Dictionary<string, HashSet<(string, string)>>(documents.Length, StringComparer.Ordinal));
            foreach (var d in documents)
            {
                Run(_keep, noun, d.Id, stream, ReadModel.Time(d.Time), JsonSerializer.SerializeToUtf8Bytes(d.View, d.View.GetType(), PpecJson.Options));
                Attributes(noun, d.Id, before.GetValueOrDefault(d.Id, []), now[d.Id] = [.. d.Attributes]);
            }
            foreach (var (id, attributes) in before)
                if (!now.ContainsKey(id))
                {
                    Attributes(noun, id, attributes, []);
                    Run(_forget, noun, id);
                }
            _written[stream] = now;
        }
        if (_written.Count > MostRemembered) _written.Clear();
        Run(_checkpoint, position.ToString());
        transaction.Commit();
    }

    /// <summary>Brings what is there to what should be.</summary>
    void Attributes(string noun, string id, HashSet<(string Key, string Value)> present, HashSet<(string Key, string Value)> wanted)
    {
        foreach (var (key, value) in present)
            if (!wanted.Contains((key, value))) Run(_forgetAttribute, noun, id, key, value);
        foreach (var (key, value) in wanted)
            if (!present.Contains((key, value))) Run(_keepAttribute, noun, id, key, value);
    }

    Dictionary<string, HashSet<(string, string)>> Present(string noun, string stream)
    {
        if (_written.TryGetValue(stream, out var remembered)) return remembered;
        var present = Rows(_ids, row => row.GetString(0), stream).ToDictionary(id => id, _ => new HashSet<(string, string)>(), StringComparer.Ordinal);
        foreach (var (id, attributes) in present) attributes.UnionWith(Rows(_attributes, row => (row.GetString(0), row.GetString(1)), noun, id));
        return present;
    }

    static List<T> Rows<T>(SqliteCommand command, Func<SqliteDataReader, T> read, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        using var row = command.ExecuteReader();
        var rows = new List<T>();
        while (row.Read()) rows.Add(read(row));
        return rows;
    }

    IEnumerable<SqliteCommand> All => [_ids, _attributes, _forget, _forgetAttribute, _keep, _keepAttribute, _checkpoint];

    SqliteCommand Prepared(string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++) command.Parameters.AddWithValue($"${i}", "");
        return command;
    }

    static void Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
    }

    static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var command in All) command.Dispose();
        _connection.Dispose();
    }
}
