using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ppec.Contracts;
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

    readonly string _path;
    readonly LogPosition _endAtOpen;
    readonly Readers _readers;
    readonly Waiters _reached;
    TaskCompletionSource _written = New();
    ReadModelWriter? _writer;
    long _batch;
    bool _indexed;

    ReadModel(string path, ReadModelFile.Checkpoint checkpoint, LogPosition endOfLog)
    {
        (_path, _endAtOpen, _batch, _reached) = (path, endOfLog, checkpoint.Batch, new(checkpoint.Position));
        Fresh = checkpoint.Batch == 0;
        var texts = $"{path}.texts";
        Texts = new(path, texts, checkpoint.File);
        _readers = new(path, texts);
        if (checkpoint.Position >= endOfLog) Index();
    }

    public LogPosition Position => _reached.Position;

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
        _readers.Use(r => r.Rows("SELECT body FROM document WHERE noun = $0 AND id = $1", [noun, id], row => row.GetFieldValue<byte[]>(0))) is [var body]
            ? new ReadOnlyMemory<byte>(body)
            : default(ReadOnlyMemory<byte>?); // a plain null would become an empty memory

    public Page List(string noun, ListQuery query)
    {
        if (query.Limit is < 1 or > 1000) throw new QueryException("limit", "A page has 1 to 1000 rows.");
        var terms = Filter.Parse(query.Filter);
        return _readers.Use(r => new Lister(r, noun, Expanded(r, terms), query).Answer());
    }

    public ImmutableArray<FoundView> Search(string text) => _readers.Use(r => new Finder(r, text).Answer());

    public DiskView? Disk(string serial)
    {
        var bodies = _readers.Use(r => r.Rows(
            "SELECT d.body FROM attribute a JOIN document d ON d.noun = a.noun AND d.id = a.id WHERE a.noun = 'disk' AND a.key = 'serial' AND a.value = $0",
            [FilterKeys.Fold("serial", serial)], row => row.GetFieldValue<byte[]>(0)));
        return Disks.Merge(serial, [.. bodies.Select(b => JsonSerializer.Deserialize<DiskLife>(b, Kept)!)]);
    }

    public ImmutableArray<TagView> Tags()
    {
        var (used, said) = _readers.Use(r => (
            r.Rows("SELECT key, COUNT(*) FROM tag WHERE noun = 'machine' GROUP BY key", [], row => (Key: row.GetString(0), Count: row.GetInt64(1))),
            r.Rows("SELECT body FROM document WHERE noun = 'tag'", [], row => JsonSerializer.Deserialize<TagView>(row.GetFieldValue<byte[]>(0), Kept)!)));
        var counts = used.ToDictionary(u => u.Key, u => u.Count, StringComparer.Ordinal);
        return [.. said.Select(t => t with { Used = counts.GetValueOrDefault(t.Id) })
            .Concat(used.Where(u => said.All(t => t.Id != u.Key)).Select(u => new TagView(u.Key, [], [], false, "", u.Count, null, 0)))
            .OrderBy(t => t.Id, StringComparer.Ordinal)];
    }

    public ImmutableArray<(string Operation, string Machine)> OpenOperations() => Pairs("""
        SELECT a.value, a.id FROM attribute a WHERE a.noun = 'machine' AND a.key = 'operation'
        UNION
        SELECT o.id, COALESCE(m.value, '') FROM attribute o LEFT JOIN attribute m ON m.noun = 'operation' AND m.id = o.id AND m.key = 'machine' WHERE o.noun = 'operation' AND o.key = 'open'
        """);

    public ImmutableArray<string> Watched() =>
        [.. Pairs("SELECT DISTINCT a.id, a.noun FROM attribute a WHERE a.noun = 'machine' AND a.key IN ('bmc', 'hold', 'maintenance', 'waiver')").Select(p => p.Item1)];

    public ImmutableArray<(string Name, string Owner)> OrphanClaims() => Pairs("""
        SELECT * FROM (
        SELECT d.id, a.value FROM document d JOIN attribute a ON a.noun = d.noun AND a.id = d.id AND a.key = 'owner'
        WHERE d.noun = 'claim' AND (NOT EXISTS (SELECT 1 FROM document m WHERE m.noun = 'machine' AND m.id = a.value)
            OR (d.id LIKE 'bmc:%' AND NOT EXISTS (SELECT 1 FROM attribute b WHERE b.noun = 'machine' AND b.id = a.value AND b.key = 'bmc' AND b.value = lower(substr(d.id, 5)))))
        UNION
        SELECT 'rack:' || substr(a.value, 1, instr(a.value, ' ') - 1), substr(a.value, instr(a.value, ' ') + 1) FROM attribute a
        WHERE a.noun = 'rack' AND a.key = 'stands' AND NOT EXISTS (SELECT 1 FROM attribute m WHERE m.noun = 'machine' AND m.key = 'stands' AND m.value = a.value)
        ) WHERE NOT EXISTS (SELECT 1 FROM attribute WHERE noun = 'operation' AND key = 'claims')
        """);

    /// <summary>Done when the next batch is written.</summary>
    internal Task NextWrite() => Volatile.Read(ref _written).Task;

    /// <summary>Writes one batch and its checkpoint together. What a stream tells of a noun replaces all it told. One caller at a time.</summary>
    internal void Apply(IReadOnlyList<Change> changes, LogPosition position)
    {
        try
        {
            _writer ??= new(ReadModelFile.Connect(_path), _batch);
            _batch = _writer.Write(changes, position);
            if (position >= _endAtOpen) Index();
        }
        catch
        {
            _writer?.Dispose();
            _writer = null;
            throw;
        }
        _reached.Reach(position);
        Interlocked.Exchange(ref _written, New()).TrySetResult();
    }

    void Index()
    {
        if (_indexed) return;
        _writer ??= new(ReadModelFile.Connect(_path), _batch);
        _writer.Index();
        _indexed = true;
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
        if (reader.Rows("SELECT body FROM document WHERE noun = 'filter' AND id = $0", [saved.Name], row => row.GetFieldValue<byte[]>(0)) is not [var body])
            throw new QueryException("filter", $"There is no saved filter @{saved.Name}: ppec filter list shows them.");
        var terms = Filter.Parse(JsonSerializer.Deserialize<Contracts.Filters.FilterView>(body, Kept)!.Expression);
        return saved.Negated ? [new Term.All(terms, true)] : terms;
    }

    ImmutableArray<(string, string)> Pairs(string sql) => [.. _readers.Use(r => r.Rows(sql, [], row => (row.GetString(0), row.GetString(1))))];

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
