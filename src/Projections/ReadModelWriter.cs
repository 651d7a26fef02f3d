using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Stores.Sqlite;

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

    /// <summary>Keys of which it is asked whether there is any value.</summary>
    static readonly ImmutableHashSet<string> AskedForAny = ["hold", "drift"];

    readonly SqliteConnection _connection;
    readonly Postings _postings;
    readonly Dictionary<(string Noun, string Stream), Dictionary<string, Kept>> _written = [];
    readonly Dictionary<(string Noun, string Name), int> _keys = [];
    readonly Dictionary<int, string> _names = [];
    readonly Statement _begin, _commit, _present, _presentFacts, _presentText, _insert, _update, _forget, _insertBody, _updateBody, _forgetBody, _insertFact, _forgetFact, _keepText, _key, _checkpoint;
    readonly ImmutableArray<Statement> _all;
    long _batch, _last;
    bool _indexed;

    /// <summary>A document as it was last written: its number, and what it is found by, in order.</summary>
    sealed record Kept(long Number, Fact[] Facts, string Text, Written? Of = null);

    /// <summary>A value of a key: a text, or a number when <paramref name="Text"/> is null.</summary>
    readonly record struct Fact(int Key, string? Text, long Number) : IComparable<Fact>
    {
        public int CompareTo(Fact other) =>
            Key != other.Key ? Key.CompareTo(other.Key) : string.CompareOrdinal(Text, other.Text) is var text && text != 0 ? text : Number.CompareTo(other.Number);
    }

    public ReadModelWriter(SqliteConnection connection, Postings postings, long batch)
    {
        (_connection, _postings, _batch) = (connection, postings, batch);
        _all =
        [
            _begin = new(connection, "BEGIN IMMEDIATE"),
            _commit = new(connection, "COMMIT"),
            _present = new(connection, "SELECT n, id FROM document WHERE stream = ?1 AND noun = ?2"),
            _presentFacts = new(connection, "SELECT k, typeof(value) = 'integer', value FROM fact WHERE n = ?1"),
            _presentText = new(connection, "SELECT value FROM text WHERE n = ?1"),
            _insert = new(connection, "INSERT INTO document (noun, id, stream, time, updated, version, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
            _update = new(connection, "UPDATE document SET time = ?1, updated = ?2, version = ?3 WHERE n = ?4"),
            _forget = new(connection, "DELETE FROM document WHERE n = ?1"),
            _insertBody = new(connection, "INSERT INTO body VALUES (?1, ?2)"),
            _updateBody = new(connection, "UPDATE body SET json = ?2 WHERE n = ?1"),
            _forgetBody = new(connection, "DELETE FROM body WHERE n = ?1"),
            _insertFact = new(connection, "INSERT INTO fact VALUES (?1, ?2, ?3)"),
            _forgetFact = new(connection, "DELETE FROM fact WHERE n = ?1 AND k = ?2 AND value = ?3"),
            _keepText = new(connection, "INSERT INTO text VALUES (?1, ?2, ?3) ON CONFLICT (n) DO UPDATE SET value = ?2, batch = ?3"),
            _key = new(connection, "INSERT INTO key (noun, name, k) VALUES (?1, ?2, ?3)"),
            _checkpoint = new(connection, "UPDATE checkpoint SET position = ?1, batch = ?2"),
        ];
        using (var keys = new Statement(connection, "SELECT k, noun, name FROM key"))
            while (keys.Step()) Name((keys.Text(1), keys.Text(2)), (int)keys.Int64(0));
        // A text outlives its document until the text index has seen that it is gone: its number is not given again.
        using var last = new Statement(connection, "SELECT max(coalesce((SELECT max(n) FROM document), 0), coalesce((SELECT max(n) FROM text), 0))");
        if (last.Step()) _last = last.Int64(0);
    }

    /// <summary>The number of this batch.</summary>
    public long Write(IReadOnlyList<Change> changes, LogPosition position)
    {
        _postings.Begin();
        _begin.Execute();
        _batch++;
        foreach (var change in changes) Write(change);
        if (_written.Count > MostRemembered) _written.Clear();
        _checkpoint.Bind(1, position.ToString());
        _checkpoint.Bind(2, _batch);
        _checkpoint.Execute();
        _commit.Execute();
        _postings.Publish(_batch);
        return _batch;
    }

    /// <summary>The fold has come to the end of the log.</summary>
    public void Index()
    {
        ReadModelFile.Execute(_connection, $"PRAGMA threads = {Environment.ProcessorCount}; PRAGMA temp_store = MEMORY; {ReadModelFile.Indexes}");
        _indexed = true;
    }

    void Write(Change change)
    {
        var (before, now) = (Present(change), new Dictionary<string, Kept>(change.Documents.Length, StringComparer.Ordinal));
        foreach (var written in change.Documents)
        {
            var (d, body) = written;
            var present = before.GetValueOrDefault(d.Id);
            if (present is not null && ReferenceEquals(present.Of, written)) // the very same as last time
            {
                now[d.Id] = present;
                continue;
            }
            var kept = new Kept(present?.Number ?? ++_last, Facts(change.Noun, d), d.Text.ToLowerInvariant(), written);
            Document(change, d, kept.Number, present is null);
            Body(kept.Number, body, present is null);
            Bring(change.Noun, kept.Number, present?.Facts ?? [], kept.Facts);
            Text(kept.Number, present?.Text ?? "", kept.Text);
            if (present is null) _postings.Note(new(change.Noun, "", ""), kept.Number, true);
            now[d.Id] = kept;
        }
        foreach (var (id, gone) in before)
            if (!now.ContainsKey(id)) Forget(change.Noun, gone);
        if (_indexed) _written[(change.Noun, change.Stream)] = now; // before that every stream is written once
    }

    void Document(Change change, Document d, long number, bool isNew)
    {
        var (time, updated) = (ReadModel.Time(d.Time), ReadModel.Time(change.Updated ?? d.Time));
        var (statement, at) = (_update, 1);
        if (isNew)
        {
            (statement, at) = (_insert, 4);
            _insert.Bind(1, change.Noun);
            _insert.Bind(2, d.Id);
            _insert.Bind(3, change.Stream);
        }
        statement.Bind(at, time);
        statement.Bind(at + 1, updated);
        statement.Bind(at + 2, change.Version);
        statement.Bind(at + 3, number);
        statement.Execute();
    }

    void Body(long number, byte[] json, bool isNew)
    {
        var statement = isNew ? _insertBody : _updateBody;
        statement.Bind(1, number);
        statement.Bind(2, json.AsSpan());
        statement.Execute();
    }

    void Text(long number, string before, string now)
    {
        if (before == now) return;
        _keepText.Bind(1, number);
        _keepText.Bind(2, now);
        _keepText.Bind(3, _batch);
        _keepText.Execute();
    }

    void Forget(string noun, Kept gone)
    {
        Bring(noun, gone.Number, gone.Facts, []);
        Text(gone.Number, gone.Text, "");
        foreach (var statement in (ReadOnlySpan<Statement>)[_forget, _forgetBody])
        {
            statement.Bind(1, gone.Number);
            statement.Execute();
        }
        _postings.Note(new(noun, "", ""), gone.Number, false);
    }

    /// <summary>What goes is forgotten and what comes is kept; both are in order.</summary>
    void Bring(string noun, long number, Fact[] before, Fact[] now)
    {
        for (int b = 0, n = 0; b < before.Length || n < now.Length;)
        {
            var order = b == before.Length ? 1 : n == now.Length ? -1 : before[b].CompareTo(now[n]);
            if (order < 0) Put(_forgetFact, before[b++], false);
            else if (order > 0) Put(_insertFact, now[n++], true);
            else (b, n) = (b + 1, n + 1);
        }

        void Put(Statement statement, Fact fact, bool there)
        {
            statement.Bind(1, number);
            statement.Bind(2, fact.Key);
            if (fact.Text is null) statement.Bind(3, fact.Number);
            else statement.Bind(3, fact.Text);
            statement.Execute();
            if (fact.Text is not null) _postings.Note(new(noun, _names[fact.Key], fact.Text), number, there);
        }
    }

    /// <summary>All a document is found by, each once and in order. That it has a tag, hold or drift at all is a fact with an empty value, which no real one has.</summary>
    Fact[] Facts(string noun, Document d)
    {
        var facts = new List<Fact>(d.Attributes.Length + (2 * d.Tags.Length) + d.Numbers.Length);
        foreach (var (key, value) in d.Attributes)
        {
            facts.Add(new(Key(noun, key), value, 0));
            if (AskedForAny.Contains(key)) facts.Add(new(Key(noun, key), "", 0));
        }
        foreach (var (key, value) in d.Tags)
        {
            var tag = Key(noun, $"tag.{key}");
            facts.Add(new(tag, value, 0));
            if (value.Length > 0) facts.Add(new(tag, "", 0));
        }
        foreach (var (key, value) in d.Numbers) facts.Add(new(Key(noun, key), null, value));
        facts.Sort();
        return [.. facts.Where((f, i) => i == 0 || f != facts[i - 1])];
    }

    int Key(string noun, string name)
    {
        if (_keys.TryGetValue((noun, name), out var known)) return known;
        var key = _keys.Count + 1;
        _key.Bind(1, noun);
        _key.Bind(2, name);
        _key.Bind(3, key);
        _key.Execute();
        return Name((noun, name), key);
    }

    int Name((string Noun, string Name) name, int key)
    {
        _names[key] = name.Name;
        return _keys[name] = key;
    }

    Dictionary<string, Kept> Present(Change change)
    {
        if (_written.TryGetValue((change.Noun, change.Stream), out var remembered)) return remembered;
        var present = new Dictionary<string, Kept>(StringComparer.Ordinal);
        if (change.New) return present;
        _present.Bind(1, change.Stream);
        _present.Bind(2, change.Noun);
        var found = new List<(long Number, string Id)>();
        while (_present.Step()) found.Add((_present.Int64(0), _present.Text(1)));
        _present.Reset();
        foreach (var (number, id) in found) present[id] = new(number, PresentFacts(number), PresentText(number));
        return present;
    }

    Fact[] PresentFacts(long number)
    {
        var facts = new List<Fact>();
        _presentFacts.Bind(1, number);
        while (_presentFacts.Step())
            facts.Add(_presentFacts.Int64(1) == 1 ? new((int)_presentFacts.Int64(0), null, _presentFacts.Int64(2)) : new((int)_presentFacts.Int64(0), _presentFacts.Text(2), 0));
        _presentFacts.Reset();
        facts.Sort();
        return [.. facts];
    }

    string PresentText(long number)
    {
        _presentText.Bind(1, number);
        var text = _presentText.Step() ? _presentText.Text(0) : "";
        _presentText.Reset();
        return text;
    }

    public void Dispose()
    {
        foreach (var statement in _all) statement.Dispose();
        _connection.Dispose();
    }
}
