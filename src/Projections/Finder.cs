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
                Add(noun, "id", exact: true, "SELECT id, id FROM document WHERE noun = $0 AND id = $1", [noun, id]);
            foreach (var field in Fields)
                Add(noun, field, exact: true, "SELECT id, value FROM attribute WHERE noun = $0 AND key = $1 AND value = $2", [noun, field, FilterKeys.Fold(field, text)]);
        }
        if (text.Length < 3) return [.. _found];
        foreach (var noun in Nouns)
            foreach (var field in Fields)
                Add(noun, field, exact: false, "SELECT id, value FROM attribute WHERE noun = $0 AND key = $1 AND value >= $2 AND value < $3 ORDER BY value, id", [noun, field, Begin(field), $"{Begin(field)}\uffff"]);
        if (ListSql.Match(text) is { } match)
            foreach (var (noun, id) in reader.Rows($"SELECT i.noun, i.id FROM texts.trigram s CROSS JOIN texts.item i ON i.n = s.rowid CROSS JOIN document d ON d.noun = i.noun AND d.id = i.id WHERE s.text MATCH $0 LIMIT {Most * 2}", [match], row => (row.GetString(0), row.GetString(1))))
                Part(noun, id);
        return [.. _found];
    }

    /// <summary>In which line of its text; a line that is no field of the thing is its note or description.</summary>
    void Part(string noun, string id)
    {
        var line = reader.Rows("SELECT value FROM text WHERE noun = $0 AND id = $1", [noun, id], row => row.GetString(0)).SelectMany(t => t.Split('\n')).FirstOrDefault(l => l.Contains(text.ToLowerInvariant(), StringComparison.Ordinal));
        if (line is null) return; // indexed a moment ago, and changed since
        var field = line == id ? "id" : reader.Rows("SELECT key, value FROM attribute WHERE noun = $0 AND id = $1", [noun, id], row => (Key: row.GetString(0), Value: row.GetString(1)))
            .Where(a => Fields.Contains(a.Key) && a.Value.Equals(line, StringComparison.OrdinalIgnoreCase)).Select(a => a.Key).FirstOrDefault();
        Add(new(noun, id, field ?? "text", line, false));
    }

    void Add(string noun, string field, bool exact, string sql, object[] values)
    {
        if (_found.Count >= Most) return;
        foreach (var (id, value) in reader.Rows($"{sql} LIMIT {Most}", values, row => (row.GetString(0), row.GetString(1))))
            Add(new(noun, noun == "disk" ? id[..id.LastIndexOf('@')] : id, field, value, exact));
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
