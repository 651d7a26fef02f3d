using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Tags;
using Ppec.Domain.Filters;

namespace Ppec.Projections;

/// <summary>The folded log in a local SQLite file, and its full-text index in another beside it. Disposable: another schema, or a log that is shorter than the checkpoint, and it is made anew.</summary>
public sealed class ReadModel : IReadModel, IDisposable
{
    /// <summary>How bodies are read back: what is null was left out of them.</summary>
    static readonly JsonSerializerOptions Kept = new(PpecJson.Options) { RespectRequiredConstructorParameters = false };

    const string OneBody = "SELECT b.json FROM document d JOIN body b ON b.n = d.n WHERE d.noun = ?1 AND d.id = ?2";

    readonly string _path;
    readonly LogPosition _endAtOpen;
    readonly Readers _readers;
    readonly Postings _postings;
    readonly Waiters _reached;
    TaskCompletionSource _written = New();
    ReadModelWriter? _writer;
    long _batch;
    readonly TaskCompletionSource _caughtUp = New();

    ReadModel(string path, ReadModelFile.Checkpoint checkpoint, LogPosition endOfLog)
    {
        (_path, _endAtOpen, _batch, _reached) = (path, endOfLog, checkpoint.Batch, new(checkpoint.Position));
        Fresh = checkpoint.Batch == 0;
        _postings = new(checkpoint.Batch);
        var texts = $"{path}.texts";
        Texts = new(path, texts, checkpoint.File);
        _readers = new(path, texts);
        if (checkpoint.Position >= endOfLog) Index();
    }

    public LogPosition Position => _reached.Position;

    /// <summary>Done when it has folded all that the log held when it was opened.</summary>
    internal Task CaughtUp => _caughtUp.Task;

    internal TextIndex Texts { get; }

    /// <summary>Made anew when it was opened: nothing is there but what this process writes.</summary>
    internal bool Fresh { get; }

    /// <summary>Opens the file, or makes it anew when it is not of this schema or is ahead of the log.</summary>
    public static ReadModel Open(string path, LogPosition endOfLog) => new(path, ReadModelFile.OpenDocuments(path, endOfLog), endOfLog);

    public Task<bool> WaitFor(LogPosition position, TimeSpan timeout, CancellationToken cancellation) => _reached.WaitFor(position, timeout, cancellation);

    public Task<bool> WaitForTexts(LogPosition position, TimeSpan timeout, CancellationToken cancellation) => Texts.Reached.WaitFor(position, timeout, cancellation);

    public bool HasText(string? filter) => Filter.Parse(filter) is { IsEmpty: false } terms && _readers.Use(r => Any(Expanded(r, terms)));

    static bool Any(ImmutableArray<Term> terms) => terms.Any(t => t is Term.Text || (t is Term.All all && Any(all.Terms)));

    public ReadOnlyMemory<byte>? Find(string noun, string id) =>
        _readers.Use(r => r.Rows(OneBody, [noun, id], row => row.Blob(0).ToArray())) is [var body]
            ? new ReadOnlyMemory<byte>(body)
            : default(ReadOnlyMemory<byte>?); // a plain null would become an empty memory

    public bool Sees(Sight sight, string noun, string id) =>
        sight.IsWhole || Sights.Placeless(noun) || _readers.Use(r => r.AtOneMoment(() => new Matching(r, _postings, noun).Sees(sight, id)));

    public Page List(string noun, ListQuery query, Sight? sight = null)
    {
        if (query.Limit is < 1 or > 1000) throw new QueryException("limit", "A page has 1 to 1000 rows.");
        var terms = Filter.Parse(query.Filter);
        return _readers.Use(r => new Lister(r, _postings, noun, Expanded(r, terms), query, sight).Answer());
    }

    public ImmutableArray<FoundView> Search(string text) => _readers.Use(r => new Finder(r, text).Answer());

    public DiskView? Disk(string serial)
    {
        var bodies = _readers.Use(r => r.Rows(
            "SELECT b.json FROM found f JOIN body b ON b.n = f.n WHERE f.noun = 'disk' AND f.key = 'serial' AND f.value = ?1",
            [FilterKeys.Fold("serial", serial)], row => row.Blob(0).ToArray()));
        return Disks.Merge(serial, [.. bodies.Select(b => JsonSerializer.Deserialize<DiskLife>(b, Kept)!)]);
    }

    public ImmutableArray<TagView> Tags()
    {
        var (used, said) = _readers.Use(r => (
            r.Rows("SELECT substr(key, 5), COUNT(*) FROM found WHERE noun = 'machine' AND key LIKE 'tag.%' AND value = '' GROUP BY key", [], row => (Key: row.Text(0), Count: row.Int64(1))),
            r.Rows("SELECT b.json FROM document d JOIN body b ON b.n = d.n WHERE d.noun = 'tag'", [], row => JsonSerializer.Deserialize<TagView>(row.Blob(0), Kept)!)));
        var counts = used.ToDictionary(u => u.Key, u => u.Count, StringComparer.Ordinal);
        return [.. said.Select(t => t with { Used = counts.GetValueOrDefault(t.Id) })
            .Concat(used.Where(u => said.All(t => t.Id != u.Key)).Select(u => new TagView(u.Key, [], [], false, "", u.Count, null, 0)))
            .OrderBy(t => t.Id, StringComparer.Ordinal)];
    }

    public ImmutableArray<(string Operation, string Machine)> OpenOperations() => Pairs("""
        SELECT value, id FROM found WHERE noun = 'machine' AND key = 'operation'
        UNION
        SELECT o.id, COALESCE((SELECT m.value FROM fact m WHERE m.n = o.n AND m.k = (SELECT k FROM key WHERE noun = 'operation' AND name = 'machine')), '') FROM found o WHERE o.noun = 'operation' AND o.key = 'open'
        """);

    public ImmutableArray<string> OpenChanges() => [.. Pairs("SELECT id, noun FROM found WHERE noun = 'change' AND key = 'open' AND value = 'true'").Select(p => p.Item1)];

    public ImmutableArray<string> Watched() =>
        [.. Pairs("SELECT DISTINCT id, noun FROM found WHERE noun = 'machine' AND key IN ('bmc', 'hold', 'maintenance', 'waiver')").Select(p => p.Item1)];

    public ImmutableArray<(string Name, string Owner)> OrphanClaims() => Pairs("""
        SELECT * FROM (
        SELECT c.id, c.value FROM found c
        WHERE c.noun = 'claim' AND c.key = 'owner' AND (NOT EXISTS (SELECT 1 FROM document m WHERE m.noun = 'machine' AND m.id = c.value)
            OR (c.id LIKE 'bmc:%' AND NOT EXISTS (SELECT 1 FROM found b WHERE b.noun = 'machine' AND b.key = 'bmc' AND b.id = c.value AND b.value = lower(substr(c.id, 5)))))
        UNION
        SELECT 'change:' || r.value, r.id FROM found r
        WHERE r.noun = 'machine' AND r.key = 'reserved' AND NOT EXISTS (SELECT 1 FROM found c WHERE c.noun = 'change' AND c.id = r.value AND c.key = 'open' AND c.value = 'true')
        UNION
        SELECT 'rack:' || substr(s.value, 1, instr(s.value, ' ') - 1), substr(s.value, instr(s.value, ' ') + 1) FROM found s
        WHERE s.noun = 'rack' AND s.key = 'stands' AND NOT EXISTS (SELECT 1 FROM found m WHERE m.noun = 'machine' AND m.key = 'stands' AND m.value = s.value)
        ) WHERE NOT EXISTS (SELECT 1 FROM found WHERE noun = 'operation' AND key = 'claims')
        """);

    /// <summary>Done when the next batch is written.</summary>
    internal Task NextWrite() => Volatile.Read(ref _written).Task;

    /// <summary>Writes one batch and its checkpoint together. What a stream tells of a noun replaces all it told. One caller at a time.</summary>
    internal void Apply(IReadOnlyList<Change> changes, LogPosition position)
    {
        try
        {
            _writer ??= new(ReadModelFile.Connect(_path), _postings, _batch);
            _batch = _writer.Write(changes, position);
            if (position >= _endAtOpen) Index();
        }
        catch
        {
            _writer?.Dispose();
            _writer = null;
            _postings.Forget();
            throw;
        }
        _reached.Reach(position);
        Interlocked.Exchange(ref _written, New()).TrySetResult();
    }

    void Index()
    {
        if (_caughtUp.Task.IsCompleted) return;
        _writer ??= new(ReadModelFile.Connect(_path), _postings, _batch);
        _writer.Index();
        _caughtUp.SetResult();
    }

    public void Dispose()
    {
        _readers.Dispose();
        Texts.Dispose();
        _writer?.Dispose();
    }

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>With what saved filters say in place of their names.</summary>
    static ImmutableArray<Term> Expanded(Reader reader, ImmutableArray<Term> terms) =>
        terms.Any(t => t is Term.Saved) ? [.. terms.SelectMany(t => t is Term.Saved saved ? Saved(reader, saved) : [t])] : terms;

    static IEnumerable<Term> Saved(Reader reader, Term.Saved saved)
    {
        if (reader.Rows(OneBody, ["filter", saved.Name], row => row.Blob(0).ToArray()) is not [var body])
            throw new QueryException("filter", $"There is no saved filter @{saved.Name}: ppec filter list shows them.");
        var terms = Filter.Parse(JsonSerializer.Deserialize<Contracts.Filters.FilterView>(body, Kept)!.Expression);
        return saved.Negated ? [new Term.All(terms, true)] : terms;
    }

    ImmutableArray<(string, string)> Pairs(string sql) => [.. _readers.Use(r => r.Rows(sql, [], row => (row.Text(0), row.Text(1))))];

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
