using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Ppec.Contracts;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>
/// The one writer of the read model. Its statements are compiled once, and attributes are written only where they differ:
/// most events change a document and little of what it is found by.
/// </summary>
sealed class ReadModelWriter : IDisposable
{
    readonly SqliteConnection _connection;
    readonly SqliteCommand _ids, _attributes, _forget, _forgetAttribute, _keep, _keepAttribute, _checkpoint;

    public ReadModelWriter(SqliteConnection connection)
    {
        _connection = connection;
        _ids = Prepared("SELECT id FROM document WHERE stream = $1", 1);
        _attributes = Prepared("SELECT key, value FROM attribute WHERE noun = $1 AND id = $2", 2);
        _forget = Prepared("DELETE FROM document WHERE noun = $1 AND id = $2", 2);
        _forgetAttribute = Prepared("DELETE FROM attribute WHERE noun = $1 AND id = $2 AND key = $3 AND value = $4", 4);
        _keep = Prepared("INSERT OR REPLACE INTO document VALUES ($1, $2, $3, $4, $5)", 5);
        _keepAttribute = Prepared("INSERT INTO attribute VALUES ($1, $2, $3, $4)", 4);
        _checkpoint = Prepared("UPDATE checkpoint SET position = $1", 1);
    }

    public void Write(IEnumerable<(string Noun, string Stream, ImmutableArray<Document> Documents)> changes, LogPosition position)
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var command in All) command.Transaction = transaction;
        foreach (var (noun, stream, documents) in changes)
        {
            foreach (var id in Ids(stream))
                if (documents.All(d => d.Id != id))
                {
                    Attributes(noun, id, []);
                    Run(_forget, noun, id);
                }
            foreach (var d in documents)
            {
                Run(_keep, noun, d.Id, stream, ReadModel.Time(d.Time), JsonSerializer.SerializeToUtf8Bytes(d.View, d.View.GetType(), PpecJson.Options));
                Attributes(noun, d.Id, [.. d.Attributes]);
            }
        }
        Run(_checkpoint, position.ToString());
        transaction.Commit();
    }

    /// <summary>Brings what is there to what should be.</summary>
    void Attributes(string noun, string id, HashSet<(string Key, string Value)> wanted)
    {
        foreach (var (key, value) in Present(noun, id))
            if (!wanted.Remove((key, value))) Run(_forgetAttribute, noun, id, key, value);
        foreach (var (key, value) in wanted) Run(_keepAttribute, noun, id, key, value);
    }

    List<(string Key, string Value)> Present(string noun, string id)
    {
        Bind(_attributes, noun, id);
        using var row = _attributes.ExecuteReader();
        var present = new List<(string, string)>();
        while (row.Read()) present.Add((row.GetString(0), row.GetString(1)));
        return present;
    }

    List<string> Ids(string stream)
    {
        Bind(_ids, stream);
        using var row = _ids.ExecuteReader();
        var ids = new List<string>();
        while (row.Read()) ids.Add(row.GetString(0));
        return ids;
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
