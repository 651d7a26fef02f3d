using System.Collections.Immutable;
using Ppec.Domain.Filters;

namespace Ppec.Projections;

/// <summary>A filter's terms as SQL: whatever a person wrote is a parameter, never text of a statement.</summary>
sealed class ListSql
{
    public const int Most = 10_000;

    readonly List<object> _values = [];

    public ListSql(string noun) => Noun = Bind(noun);

    public string Noun { get; }

    public IReadOnlyList<object> Values => _values;

    public string Bind(object value)
    {
        _values.Add(value);
        return $"${_values.Count - 1}";
    }

    /// <summary>That a thing is found by the term; <paramref name="id"/> is the column with its id.</summary>
    public string Condition(Term term, string id)
    {
        var condition = term switch
        {
            Term.All t    => $"({string.Join(" AND ", t.Terms.Select(inner => Condition(inner, id)))})",
            Term.Text t   => $"EXISTS (SELECT 1 FROM text t WHERE t.noun = {Noun} AND t.id = {id} AND t.value LIKE {Bind(Like(t.Part))} ESCAPE '\\')",
            Term.Has { Key: "hold" or "drift" } t => $"EXISTS (SELECT 1 FROM attribute a WHERE a.noun = {Noun} AND a.id = {id} AND a.key = '{t.Key}')",
            Term.Has t    => $"EXISTS (SELECT 1 FROM tag a WHERE a.noun = {Noun} AND a.id = {id} AND a.key = {Bind(t.Key[4..])})",
            Term.In { Key: "id" } t => $"{id} IN ({All(t.Values)})",
            Term.In t     => $"EXISTS (SELECT 1 FROM {Table(t.Key)} a WHERE a.noun = {Noun} AND a.id = {id} AND a.key = {Bind(Key(t.Key))} AND a.value IN ({All(t.Values)}))",
            Term.Number { Key: "version" } t => $"EXISTS (SELECT 1 FROM document v WHERE v.noun = {Noun} AND v.id = {id} AND v.version {t.Comparison} {Bind(t.Value)})",
            Term.Number t => $"EXISTS (SELECT 1 FROM number a WHERE a.noun = {Noun} AND a.id = {id} AND a.key = {Bind(t.Key)} AND a.value {t.Comparison} {Bind(t.Value)})",
            Term.Time t   => $"EXISTS (SELECT 1 FROM document v WHERE v.noun = {Noun} AND v.id = {id} AND v.{Column(t.Key)} {t.Comparison} {Bind(ReadModel.Time(t.Value))})",
            _             => throw new ArgumentException($"{term} was to be replaced by what it stands for.", nameof(term)),
        };
        return term.Negated ? $"NOT {condition}" : condition;
    }

    /// <summary>
    /// A select of the ids that the term alone finds, out of an index; null where there is none. <c>InOrder</c>: in the order of ids.
    /// </summary>
    public (string Sql, bool InOrder)? Source(Term term) => term switch
    {
        { Negated: true } or Term.All or Term.Number { Key: "version" } => null,
        Term.Text t => Match(t.Part) is { } match ? ($"SELECT i.id FROM texts.trigram s CROSS JOIN texts.item i ON i.n = s.rowid CROSS JOIN document d ON d.noun = i.noun AND d.id = i.id WHERE s.text MATCH {Bind(match)} AND i.noun = {Noun}", false) : null,
        Term.Has { Key: "hold" or "drift" } t => ($"SELECT DISTINCT id FROM attribute WHERE noun = {Noun} AND key = '{t.Key}'", false),
        Term.Has t => ($"SELECT id FROM tag WHERE noun = {Noun} AND key = {Bind(t.Key[4..])}", false),
        Term.In { Key: "id" } t => ($"SELECT id FROM document WHERE noun = {Noun} AND id IN ({All(t.Values)})", false),
        Term.In { Values: [var one] } t => ($"SELECT id FROM {Table(t.Key)} WHERE noun = {Noun} AND key = {Bind(Key(t.Key))} AND value = {Bind(one)}", true),
        Term.In t => ($"SELECT DISTINCT id FROM {Table(t.Key)} WHERE noun = {Noun} AND key = {Bind(Key(t.Key))} AND value IN ({All(t.Values)})", false),
        Term.Number t => ($"SELECT id FROM number WHERE noun = {Noun} AND key = {Bind(t.Key)} AND value {t.Comparison} {Bind(t.Value)}", false),
        Term.Time t => ($"SELECT id FROM document WHERE noun = {Noun} AND {Column(t.Key)} {t.Comparison} {Bind(ReadModel.Time(t.Value))}", false),
        _ => null,
    };

    /// <summary>As the trigram index wants it; null where it cannot answer: less than three characters, or control characters.</summary>
    public static string? Match(string part) =>
        part.EnumerateRunes().Count() < 3 || part.Any(char.IsControl) || part.Any(char.IsSurrogate) ? null : $"\"{part.ToLowerInvariant().Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string Table(string key) => key.StartsWith("tag.", StringComparison.Ordinal) ? "tag" : "attribute";

    static string Key(string key) => key.StartsWith("tag.", StringComparison.Ordinal) ? key[4..] : key;

    static string Column(string key) => key == "updated" ? "updated" : "time";

    string All(ImmutableArray<string> values) => string.Join(", ", values.Select(Bind));

    static string Like(string text) => $"%{text.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
