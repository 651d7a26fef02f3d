using System.Collections.Immutable;
using Ppec.Contracts.Queries;
using Ppec.Domain.Filters;

namespace Ppec.Projections;

/// <summary>Finds a thing by whatever names it, in every noun: exactly, then by how a field begins, then by a part of its text.</summary>
sealed class Finder(Reader reader, string text)
{
    const int Most = 50;

    static readonly ImmutableArray<string> Nouns = ["machine", "disk", "operation", "region", "rack", "profile", "image", "filter", "tag"];
    static readonly ImmutableArray<string> Fields = ["serial", "mac", "ip", "bmc", "disk", "hostname", "name"];

    readonly List<FoundView> _found = [];
    readonly HashSet<(string, string)> _seen = [];

    public ImmutableArray<FoundView> Answer()
    {
        foreach (var noun in Nouns)
        {
            foreach (var id in new[] { text, text.ToLowerInvariant() }.Distinct(StringComparer.Ordinal))
                Add(noun, "id", exact: true, "SELECT id, id FROM document WHERE noun = ?1 AND id = ?2", [noun, id]);
            foreach (var field in Fields)
                Add(noun, field, exact: true, "SELECT id, value FROM found WHERE noun = ?1 AND key = ?2 AND value = ?3", [noun, field, FilterKeys.Fold(field, text)]);
        }
        if (text.Length < 3) return [.. _found];
        foreach (var noun in Nouns)
            foreach (var field in Fields)
                Add(noun, field, exact: false, "SELECT id, value FROM found WHERE noun = ?1 AND key = ?2 AND value >= ?3 AND value < ?4 ORDER BY value, id", [noun, field, Begin(field), $"{Begin(field)}\uffff"]);
        if (Matching.Trigrams(text) is { } trigrams)
            foreach (var (noun, id) in reader.Rows($"SELECT d.noun, d.id FROM texts.trigram s CROSS JOIN document d ON d.n = s.rowid WHERE s.text MATCH ?1 LIMIT {Most * 2}", [trigrams], row => (row.Text(0), row.Text(1))))
                Part(noun, id);
        return [.. _found];
    }

    /// <summary>In which line of its text; a line that is no field of the thing is its note or description.</summary>
    void Part(string noun, string id)
    {
        var line = reader.Rows("SELECT t.value FROM document d JOIN text t ON t.n = d.n WHERE d.noun = ?1 AND d.id = ?2", [noun, id], row => row.Text(0)).SelectMany(t => t.Split('\n')).FirstOrDefault(l => l.Contains(text.ToLowerInvariant(), StringComparison.Ordinal));
        if (line is null) return; // indexed a moment ago, and changed since
        var field = line == id ? "id" : reader.Rows("SELECT k.name, f.value FROM document d JOIN fact f ON f.n = d.n JOIN key k ON k.k = f.k WHERE d.noun = ?1 AND d.id = ?2", [noun, id], row => (Key: row.Text(0), Value: row.Text(1)))
            .Where(a => Fields.Contains(a.Key) && a.Value.Equals(line, StringComparison.OrdinalIgnoreCase)).Select(a => a.Key).FirstOrDefault();
        Add(new(noun, id, field ?? "text", line, false));
    }

    void Add(string noun, string field, bool exact, string sql, object[] values)
    {
        if (_found.Count >= Most) return;
        foreach (var (id, value) in reader.Rows($"{sql} LIMIT {Most}", values, row => (row.Text(0), row.Text(1))))
            Add(new FoundView(noun, noun == "disk" ? id[..id.LastIndexOf('@')] : id, field, value, exact) { On = noun == "disk" ? id[(id.LastIndexOf('@') + 1)..] : null });
    }

    /// <summary>A thing is named once, by what found it best.</summary>
    void Add(FoundView found)
    {
        if (_found.Count < Most && _seen.Add((found.Noun, found.Id))) _found.Add(found);
    }

    /// <summary>The beginning of a MAC address in any notation is one in ours.</summary>
    string Begin(string field)
    {
        if (field != "mac" || !text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '-' or '.')) return FilterKeys.Fold(field, text);
        return string.Join(':', text.Where(char.IsAsciiHexDigit).Chunk(2).Select(pair => new string(pair))).ToLowerInvariant();
    }
}
