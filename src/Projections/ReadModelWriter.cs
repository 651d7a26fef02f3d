using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>One thing as it is to be written: a document, and its view as JSON.</summary>
sealed record Written(Document Document, byte[] Body);

/// <summary>All that a stream now tells of one noun; it replaces what it told before. <paramref name="New"/>: it told nothing before.</summary>
sealed record Change(string Noun, string Stream, long Version, DateTimeOffset? Updated, bool New, ImmutableArray<Written> Documents);

/// <summary>
/// The one writer of the read model. Its statements are compiled once; what it wrote last of a stream it remembers, and writes only where that differs:
/// most events change a document and little of what it is found by.
/// </summary>
sealed class ReadModelWriter : IDisposable
{
    const int MostRemembered = 20_000;

    /// <summary>What a document was found by when it was last written.</summary>
    sealed record Finds(HashSet<(string, string)> Attributes, HashSet<(string, string)> Tags, HashSet<(string, long)> Numbers, string? Text)
    {
        public static readonly Finds Nothing = new([], [], [], null);
    }

    readonly SqliteConnection _connection;
    readonly Dictionary<(string Noun, string Stream), Dictionary<string, Finds>> _written = [];
    readonly SqliteCommand _ids, _attributes, _tags, _numbers, _text, _forget, _forgetAttribute, _forgetTag, _forgetNumber, _keep, _keepAttribute, _keepTag, _keepNumber, _keepText, _checkpoint;
    long _batch;

    public ReadModelWriter(SqliteConnection connection, long batch)
    {
        (_connection, _batch) = (connection, batch);
        _ids = Prepared("SELECT id FROM document WHERE stream = $1 AND noun = $2", 2);
        _attributes = Prepared("SELECT key, value FROM attribute WHERE noun = $1 AND id = $2", 2);
        _tags = Prepared("SELECT key, value FROM tag WHERE noun = $1 AND id = $2", 2);
        _numbers = Prepared("SELECT key, value FROM number WHERE noun = $1 AND id = $2", 2);
        _text = Prepared("SELECT value FROM text WHERE noun = $1 AND id = $2", 2);
        _forget = Prepared("DELETE FROM document WHERE noun = $1 AND id = $2", 2);
        _forgetAttribute = Prepared("DELETE FROM attribute WHERE noun = $1 AND id = $2 AND key = $3 AND value = $4", 4);
        _forgetTag = Prepared("DELETE FROM tag WHERE noun = $1 AND id = $2 AND key = $3 AND value = $4", 4);
        _forgetNumber = Prepared("DELETE FROM number WHERE noun = $1 AND id = $2 AND key = $3 AND value = $4", 4);
        _keep = Prepared("INSERT INTO document VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (noun, id) DO UPDATE SET time = $4, updated = $5, version = $6, body = $7", 7);
        _keepAttribute = Prepared("INSERT INTO attribute VALUES ($1, $2, $3, $4)", 4);
        _keepTag = Prepared("INSERT INTO tag VALUES ($1, $2, $3, $4)", 4);
        _keepNumber = Prepared("INSERT INTO number VALUES ($1, $2, $3, $4)", 4);
        _keepText = Prepared("INSERT INTO text VALUES ($1, $2, $3, $4) ON CONFLICT (noun, id) DO UPDATE SET value = $3, batch = $4", 4);
        _checkpoint = Prepared("UPDATE checkpoint SET position = $1, batch = $2", 2);
    }

    /// <summary>The number of this batch.</summary>
    public long Write(IReadOnlyList<Change> changes, LogPosition position)
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var command in All) command.Transaction = transaction;
        _batch++;
        foreach (var change in changes)
        {
            var (before, now) = (Present(change), new Dictionary<string, Finds>(change.Documents.Length, StringComparer.Ordinal));
            foreach (var (d, body) in change.Documents)
            {
                Run(_keep, change.Noun, d.Id, change.Stream, ReadModel.Time(d.Time), ReadModel.Time(change.Updated ?? d.Time), change.Version, body);
                Bring(change.Noun, d.Id, before.GetValueOrDefault(d.Id, Finds.Nothing), now[d.Id] = new([.. d.Attributes], [.. d.Tags], [.. d.Numbers], d.Text.ToLowerInvariant()));
            }
            foreach (var (id, finds) in before)
                if (!now.ContainsKey(id))
                {
                    Bring(change.Noun, id, finds, Finds.Nothing with { Text = "" });
                    Run(_forget, change.Noun, id);
                }
            _written[(change.Noun, change.Stream)] = now;
        }
        if (_written.Count > MostRemembered) _written.Clear();
        Run(_checkpoint, position.ToString(), _batch);
        transaction.Commit();
        return _batch;
    }

    public void Index() => ReadModelFile.Execute(_connection, ReadModelFile.Indexes);

    /// <summary>Brings what is there to what should be: first what goes, since a key has one tag and one number.</summary>
    void Bring(string noun, string id, Finds present, Finds wanted)
    {
        Differ(present.Attributes, wanted.Attributes, _forgetAttribute, _keepAttribute);
        Differ(present.Tags, wanted.Tags, _forgetTag, _keepTag);
        Differ(present.Numbers, wanted.Numbers, _forgetNumber, _keepNumber);
        if ((present.Text ?? "") != wanted.Text) Run(_keepText, noun, id, wanted.Text!, _batch);

        void Differ<T>(HashSet<(string Key, T Value)> there, HashSet<(string Key, T Value)> should, SqliteCommand forget, SqliteCommand keep)
        {
            foreach (var (key, value) in there)
                if (!should.Contains((key, value))) Run(forget, noun, id, key, value!);
            foreach (var (key, value) in should)
                if (!there.Contains((key, value))) Run(keep, noun, id, key, value!);
        }
    }

    Dictionary<string, Finds> Present(Change change)
    {
        if (_written.TryGetValue((change.Noun, change.Stream), out var remembered)) return remembered;
        if (change.New) return [];
        return Rows(_ids, row => row.GetString(0), change.Stream, change.Noun).ToDictionary(id => id, id => new Finds(
            [.. Rows(_attributes, Pair, change.Noun, id)], [.. Rows(_tags, Pair, change.Noun, id)],
            [.. Rows(_numbers, row => (row.GetString(0), row.GetInt64(1)), change.Noun, id)], Rows(_text, row => row.GetString(0), change.Noun, id).FirstOrDefault()), StringComparer.Ordinal);

        static (string, string) Pair(SqliteDataReader row) => (row.GetString(0), row.GetString(1));
    }

    static List<T> Rows<T>(SqliteCommand command, Func<SqliteDataReader, T> read, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        using var row = command.ExecuteReader();
        var rows = new List<T>();
        while (row.Read()) rows.Add(read(row));
        return rows;
    }

    IEnumerable<SqliteCommand> All => [_ids, _attributes, _tags, _numbers, _text, _forget, _forgetAttribute, _forgetTag, _forgetNumber, _keep, _keepAttribute, _keepTag, _keepNumber, _keepText, _checkpoint];

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
