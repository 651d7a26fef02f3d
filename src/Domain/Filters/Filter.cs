using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Ppec.Contracts.Queries;

namespace Ppec.Domain.Filters;

/// <summary>A condition of a filter. All must hold; a negated one must not.</summary>
public abstract record Term(bool Negated)
{
    /// <summary>A part of an id, serial, name, hostname or note, whatever its case.</summary>
    public sealed record Text(string Part, bool Negated) : Term(Negated);

    /// <summary>There is any: <c>hold</c>, <c>drift</c>, <c>tag.KEY</c>.</summary>
    public sealed record Has(string Key, bool Negated) : Term(Negated);

    /// <summary>One of these.</summary>
    public sealed record In(string Key, ImmutableArray<string> Values, bool Negated) : Term(Negated);

    /// <summary>A number by <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c> or <c>=</c>; memory is in MiB.</summary>
    public sealed record Number(string Key, string Comparison, long Value, bool Negated) : Term(Negated);

    /// <summary>A time by <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c> or <c>&gt;=</c>.</summary>
    public sealed record Time(string Key, string Comparison, DateTimeOffset Value, bool Negated) : Term(Negated);

    /// <summary>All that a saved filter says.</summary>
    public sealed record Saved(string Name, bool Negated) : Term(Negated);

    /// <summary>All of these, as one: what a saved filter comes to.</summary>
    public sealed record All(ImmutableArray<Term> Terms, bool Negated) : Term(Negated);
}

/// <summary>The filter language; its grammar is <c>src/Contracts/Queries/filter.ebnf</c>, its examples <c>filter.vectors.json</c> beside it.</summary>
public static class Filter
{
    const int LongestFilter = 2000;
    const int MostTerms = 32;
    const int MostValues = 100;

    /// <param name="text">The filter.</param>
    /// <param name="fields">What it may ask for; of things unless said.</param>
    /// <exception cref="QueryException">It cannot be read; the message names the term and what would be right.</exception>
    public static ImmutableArray<Term> Parse(string? text, FilterFields? fields = null)
    {
        fields ??= FilterFields.Things;
        if (string.IsNullOrWhiteSpace(text)) return [];
        if (text.Length > LongestFilter) throw Wrong($"A filter has at most {LongestFilter} characters.");
        ImmutableArray<Term> terms = [.. Words(text).Select(w => One(w, fields))];
        return terms.Length <= MostTerms ? terms : throw Wrong($"A filter has at most {MostTerms} terms.");
    }

    static Term One(Word word, FilterFields fields)
    {
        var negated = word.Text[0] == '-' && word.Text.Length > 1;
        var body = negated ? word.Text[1..] : word.Text;
        var split = body.IndexOfAny([':', '=', '<', '>']);
        var key = split > 0 ? body[..split] : body;
        if (split <= 0)
            return !fields.AreThings ? throw Wrong($"In '{word.Text}': write KEY:VALUE. Keys: {fields}.") : body switch
            {
                "hold" or "drift"                                                                  => new Term.Has(body, negated),
                ['@', .. var name] when name.Length > 0 && !word.Quoted                            => new Term.Saved(name, negated),
                _ when body.StartsWith("tag.", StringComparison.Ordinal) && body.Length > 4 && !word.Quoted => new Term.Has(body, negated),
                _                                                                                  => new Term.Text(body, negated),
            };
        var comparison = body[split] is '<' or '>' && split + 1 < body.Length && body[split + 1] == '=' ? body.Substring(split, 2) : body.Substring(split, 1);
        var value = body[(split + comparison.Length)..];
        var values = word.Commas.Select(c => c - split - comparison.Length - (negated ? 1 : 0)).Where(c => c >= 0).ToImmutableArray();
        if (fields.Number.Contains(key)) return Number(key, comparison, value, word, negated);
        if (fields.Time.Contains(key)) return Time(key, comparison, value, word, negated);
        var isTag = fields.AreThings && key.Length > 4 && key.StartsWith("tag.", StringComparison.Ordinal);
        if (!isTag && !fields.Text.Contains(key))
            return word.Quoted && fields.AreThings ? new Term.Text(body, negated) : throw Wrong($"In '{word.Text}': there is no filter key '{key}'. Keys: {fields}.{(fields.AreThings ? " Quote the whole word to find it as text." : "")}");
        if (comparison is not (":" or "=")) throw Wrong($"In '{word.Text}': {key} is matched, not compared: write {key}:VALUE. Compared are {string.Join(", ", fields.Number.Union(fields.Time))}.");
        if (value.Length == 0) throw Wrong($"In '{word.Text}': {key} lacks a value: write {key}{comparison}VALUE.");
        var all = Split(value, values).Select(v => FilterKeys.Fold(key, v)).ToImmutableArray();
        if (all.Length > MostValues) throw Wrong($"In '{word.Text[..40]}…': a term has at most {MostValues} values.");
        return all.Any(v => v.Length == 0) ? throw Wrong($"In '{word.Text}': a value is missing beside a comma: write {key}:A,B.") : new Term.In(key, all, negated);
    }

    static Term.Number Number(string key, string comparison, string value, Word word, bool negated)
    {
        if (Quantity(key, value) is { } number) return new(key, comparison == ":" ? "=" : comparison, number, negated);
        throw Wrong(key == "memory"
            ? $"In '{word.Text}': memory is compared with a whole number of GiB, or one with its unit MiB, GiB or TiB: memory>=256, memory>=1TiB."
            : $"In '{word.Text}': {key} is compared with one whole number, such as {key}>=4.");
    }

    static long? Quantity(string key, string value)
    {
        var shift = 0;
        if (key == "memory")
        {
            shift = 10;
            foreach (var (unit, by) in (ReadOnlySpan<(string, int)>)[("MiB", 0), ("GiB", 10), ("TiB", 20)])
                if (value.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) (value, shift) = (value[..^3], by);
        }
        return value.Length <= 9 && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number << shift : null;
    }

    static Term.Time Time(string key, string comparison, string value, Word word, bool negated)
    {
        if (comparison is ":" or "=") throw Wrong($"In '{word.Text}': {key} is a time: compare it, as in {key}>=2026-01-31 or {key}<2026-01-31T12:00Z.");
        return value.Length >= 10 && DateTimeOffset.TryParseExact(value, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new(key, comparison, time, negated)
            : throw Wrong($"In '{word.Text}': '{value}' is not a time: write 2026-01-31 or 2026-01-31T12:00Z.");
    }

    static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    static IEnumerable<string> Split(string value, ImmutableArray<int> commas)
    {
        var from = 0;
        foreach (var comma in commas)
        {
            yield return value[from..comma];
            from = comma + 1;
        }
        yield return value[from..];
    }

    /// <summary>A word without its quotation marks. <paramref name="Commas"/>: where unquoted ones stand; <paramref name="Quoted"/>: it began with a mark.</summary>
    sealed record Word(string Text, ImmutableArray<int> Commas, bool Quoted);

    static IEnumerable<Word> Words(string text)
    {
        var (word, commas, quoted, began) = (new StringBuilder(), ImmutableArray.CreateBuilder<int>(), false, false);
        foreach (var c in text.Append(' '))
            if (c == '"')
            {
                if (word.Length == 0) began = true;
                quoted = !quoted;
            }
            else if (char.IsWhiteSpace(c) && !quoted)
            {
                if (word.Length > 0) yield return new(word.ToString(), commas.ToImmutable(), began);
                word.Clear();
                commas.Clear();
                began = false;
            }
            else
            {
                if (c == ',' && !quoted) commas.Add(word.Length);
                word.Append(c);
            }
        if (quoted) throw Wrong("A quotation mark is not closed.");
    }

    static QueryException Wrong(string message) => new("filter", message);
}
