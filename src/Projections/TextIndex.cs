using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>
/// The full-text index, in a file and with a checkpoint of its own. It is written behind the documents, from the batches they were written in, by whoever follows them
/// (<see cref="TextFollower"/>): so the fold never waits for it, and only who asks for a text does.
/// </summary>
public sealed class TextIndex : IDisposable
{
    const int Step = 20_000;

    readonly string _documents;
    readonly string _path;
    readonly Waiters _reached;
    SqliteConnection? _from, _to;
    long _batch;

    internal TextIndex(string documents, string path, string file)
    {
        (_documents, _path) = (documents, path);
        var checkpoint = ReadModelFile.OpenTexts(path, file);
        (_reached, _batch) = (new(checkpoint.Position), checkpoint.Batch);
    }

    internal Waiters Reached => _reached;

    /// <summary>Indexes what was written since; false when there is nothing more. One caller at a time.</summary>
    internal bool Advance()
    {
        try
        {
            return TryAdvance();
        }
        catch
        {
            Close();
            throw;
        }
    }

    bool TryAdvance()
    {
        _from ??= ReadModelFile.Connect(_documents);
        _to ??= ReadModelFile.Connect(_path);
        List<(string Noun, string Id, string Text, long Batch)> changed = [];
        ReadModelFile.Checkpoint end;
        using (_from.BeginTransaction(deferred: true)) // both from one moment
        {
            end = ReadModelFile.Read(_from)!;
            using var rows = _from.CreateCommand();
            // Whole batches: a checkpoint within one would be lost with the process.
            rows.CommandText = "SELECT noun, id, value, batch FROM text WHERE batch > $batch AND batch <= (SELECT MAX(batch) FROM (SELECT batch FROM text WHERE batch > $batch ORDER BY batch LIMIT $step)) ORDER BY batch";
            rows.Parameters.AddWithValue("$batch", _batch);
            rows.Parameters.AddWithValue("$step", Step);
            using var row = rows.ExecuteReader();
            while (row.Read()) changed.Add((row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3)));
        }
        var whole = changed.Count < Step;
        if (whole && end.Batch == _batch) return false;
        Write(changed, whole ? end : end with { Position = _reached.Position, Batch = changed[^1].Batch });
        return !whole;
    }

    void Write(List<(string Noun, string Id, string Text, long Batch)> changed, ReadModelFile.Checkpoint reached)
    {
        using var transaction = _to!.BeginTransaction();
        using var item = Command("INSERT INTO item (noun, id) VALUES ($0, $1) ON CONFLICT DO UPDATE SET id = id RETURNING n");
        using var forget = Command("DELETE FROM trigram WHERE rowid = $0");
        using var keep = Command("INSERT INTO trigram (rowid, text) VALUES ($0, $1)");
        foreach (var (noun, id, text, _) in changed)
        {
            var n = item.Run(noun, id);
            forget.Run(n!);
            if (text.Length > 0) keep.Run(n!, text);
        }
        using var checkpoint = Command("UPDATE checkpoint SET position = $0, batch = $1");
        checkpoint.Run(reached.Position.ToString(), reached.Batch);
        transaction.Commit();
        _batch = reached.Batch;
        _reached.Reach(reached.Position);

        Statement Command(string sql) => new(_to, transaction, sql);
    }

    sealed class Statement(SqliteConnection connection, SqliteTransaction transaction, string sql) : IDisposable
    {
        readonly SqliteCommand _command = new(sql, connection, transaction);

        public object? Run(params ReadOnlySpan<object> values)
        {
            if (_command.Parameters.Count == 0)
                for (var i = 0; i < values.Length; i++) _command.Parameters.AddWithValue($"${i}", values[i]);
            for (var i = 0; i < values.Length; i++) _command.Parameters[i].Value = values[i];
            return _command.ExecuteScalar();
        }

        public void Dispose() => _command.Dispose();
    }

    void Close()
    {
        _from?.Dispose();
        _to?.Dispose();
        (_from, _to) = (null, null);
    }

    public void Dispose() => Close();
}
