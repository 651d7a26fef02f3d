using System.Collections.Immutable;
using System.Text;
using Ppec.Contracts.Queries;

namespace Ppec.Projections;

/// <summary>
/// The filter language: terms joined by spaces, all of which must hold. <c>key:value</c>, <c>tag.key=value</c>, a bare <c>hold</c> or <c>drift</c> (any),
/// a bare word (part of an id, name or serial); <c>-</c> before a term negates it. Values may be quoted.
/// </summary>
public sealed record Filter(ImmutableArray<Filter.Term> Terms)
{
    public sealed record Term(string? Key, string? Value, bool Negated);

    const int LongestFilter = 2000;
    const int MostTerms = 32;

    static readonly ImmutableHashSet<string> Keys =
        ["id", "stage", "type", "region", "rack", "profile", "owner", "hostname", "image", "name", "serial", "hold", "mac", "disk", "operation", "state", "kind", "machine", "drift"];

    public static Filter Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return new([]);
        if (text.Length > LongestFilter) throw new QueryException("filter", $"A filter has at most {LongestFilter} characters.");
        ImmutableArray<Term> terms = [.. Words(text).Select(One)];
        return terms.Length <= MostTerms ? new(terms) : throw new QueryException("filter", $"A filter has at most {MostTerms} terms.");
    }

    static Term One(string word)
    {
        var negated = word[0] == '-' && word.Length > 1;
        var body = negated ? word[1..] : word;
        var split = body.IndexOfAny([':', '=']);
        if (body is "hold" or "drift") return new(body, null, negated); // any of them
        if (split <= 0) return new(null, body, negated);
        var (key, value) = (body[..split], body[(split + 1)..]);
        if (!Keys.Contains(key) && !key.StartsWith("tag.", StringComparison.Ordinal))
            throw new QueryException("filter", $"There is no filter key '{key}'. Keys: {string.Join(", ", Keys.Order(StringComparer.Ordinal))}, tag.KEY.");
        return value.Length > 0 ? new(key, value, negated) : throw new QueryException("filter", $"'{key}' lacks a value: write {key}:VALUE.");
    }

    static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        var quoted = false;
        foreach (var c in text)
            if (c == '"') quoted = !quoted;
            else if (char.IsWhiteSpace(c) && !quoted)
            {
                if (word.Length > 0) yield return word.ToString();
                word.Clear();
            }
            else word.Append(c);
        if (quoted) throw new QueryException("filter", "A quotation mark is not closed.");
        if (word.Length > 0) yield return word.ToString();
    }

    /// <summary>As an SQL condition on <c>d</c> (a row of <c>document</c>), with its parameters appended to <paramref name="values"/>.</summary>
    internal string ToSql(List<string> values)
    {
        var sql = new StringBuilder();
        foreach (var term in Terms)
        {
            var condition = term switch
            {
                { Key: "id" } => $"d.id = {Bind(term.Value!)}",
                { Key: null } => $"(d.id LIKE {Bind(Like(term.Value!))} ESCAPE '\\' OR EXISTS (SELECT 1 FROM attribute a WHERE a.noun = d.noun AND a.id = d.id AND a.key IN ('name', 'serial', 'hostname') AND a.value LIKE {Last()} ESCAPE '\\'))",
                { Value: null } => $"EXISTS (SELECT 1 FROM attribute a WHERE a.noun = d.noun AND a.id = d.id AND a.key = {Bind(term.Key)})",
                _ => $"EXISTS (SELECT 1 FROM attribute a WHERE a.noun = d.noun AND a.id = d.id AND a.key = {Bind(term.Key)} AND a.value = {Bind(term.Value)})",
            };
            sql.Append(" AND ").Append(term.Negated ? "NOT " : "").Append(condition);
        }
        return sql.ToString();

        string Bind(string value)
        {
            values.Add(value);
            return Last();
        }

        string Last() => $"$f{values.Count - 1}";
    }

    static string Like(string text) => $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
