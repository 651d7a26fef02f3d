using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Stores.Sqlite;

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
        List<(long Number, string Text, long Batch)> changed = [];
        ReadModelFile.Checkpoint end;
        using (_from.BeginTransaction(deferred: true)) // both from one moment
        {
            end = ReadModelFile.Read(_from)!;
            // Whole batches: a checkpoint within one would be lost with the process.
            using var rows = new Statement(_from, "SELECT n, value, batch FROM text WHERE batch > ?1 AND batch <= (SELECT MAX(batch) FROM (SELECT batch FROM text WHERE batch > ?1 ORDER BY batch LIMIT ?2)) ORDER BY batch");
            rows.Bind(1, _batch);
            rows.Bind(2, Step);
            while (rows.Step()) changed.Add((rows.Int64(0), rows.Text(1), rows.Int64(2)));
        }
        var whole = changed.Count < Step;
        if (whole && end.Batch == _batch) return false;
        Write(changed, whole ? end : end with { Position = _reached.Position, Batch = changed[^1].Batch });
        return !whole;
    }

    void Write(List<(long Number, string Text, long Batch)> changed, ReadModelFile.Checkpoint reached)
    {
        using var transaction = _to!.BeginTransaction();
        using var forget = new Statement(_to, "DELETE FROM trigram WHERE rowid = ?1");
        using var keep = new Statement(_to, "INSERT INTO trigram (rowid, text) VALUES (?1, ?2)");
        foreach (var (number, text, _) in changed)
        {
            forget.Bind(1, number);
            forget.Execute();
            if (text.Length == 0) continue;
            keep.Bind(1, number);
            keep.Bind(2, text);
            keep.Execute();
        }
        using var checkpoint = new Statement(_to, "UPDATE checkpoint SET position = ?1, batch = ?2");
        checkpoint.Bind(1, reached.Position.ToString());
        checkpoint.Bind(2, reached.Batch);
        checkpoint.Execute();
        transaction.Commit();
        _batch = reached.Batch;
        _reached.Reach(reached.Position);
    }

    void Close()
    {
        _from?.Dispose();
        _to?.Dispose();
        (_from, _to) = (null, null);
    }

    public void Dispose() => Close();
}
