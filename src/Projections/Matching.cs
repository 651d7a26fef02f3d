using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Domain.Filters;

namespace Ppec.Projections;

/// <summary>Which documents of a noun a filter finds. Each term is a set, read from an index or remembered; what a person wrote is only ever a parameter.</summary>
sealed class Matching(Reader reader, Postings postings, string noun)
{
    const string Key = "(SELECT k FROM key WHERE noun = ?1 AND name = ?2)";

    readonly long _batch = reader.Rows("SELECT batch FROM checkpoint", [], row => row.Int64(0))[0];

    /// <summary>All of the noun that every term finds.</summary>
    public Bits Of(ImmutableArray<Term> terms)
    {
        Bits? found = null;
        foreach (var term in terms.OrderBy(t => t.Negated))
        {
            var these = Of(term);
            found = term.Negated ? (found ?? All()).Except(these) : found?.And(these) ?? these;
            if (found.Count == 0) break;
        }
        return found ?? All();
    }

    public Bits All() => Kept("", "", () => reader.Numbers("SELECT n FROM document WHERE noun = ?1", noun));

    /// <summary>All that have any value of the key.</summary>
    public Bits Having(string key) => reader.Numbers($"SELECT n FROM fact WHERE k = {Key}", noun, key);

    /// <summary>All of the noun that a reader may know of: in a scope, or one's own work; and as far as the credential goes.</summary>
    public Bits Seen(Sight sight)
    {
        var seen = sight.Scopes.IsDefault ? All() : sight.Scopes.Select(Scope.Parse).OfType<Scope>().Select(Within).Aggregate(With("by", sight.User), (a, b) => a.Or(b));
        if (!sight.Within.Regions.IsDefaultOrEmpty) seen = seen.And(Any(sight.Within.Regions.Select(r => With("region", r))));
        foreach (var (key, value) in sight.Within.Tags ?? ImmutableSortedDictionary<string, string>.Empty) seen = seen.And(With($"tag.{key}", value));
        return seen;
    }

    /// <summary>Whether one of them is seen.</summary>
    public bool Sees(Sight sight, string id)
    {
        var one = reader.Numbers("SELECT n FROM document WHERE noun = ?1 AND id = ?2", noun, id);
        return one.Count > 0 && Seen(sight).And(one).Count > 0;
    }

    Bits Within(Scope scope) => scope.Kind switch
    {
        "global" => All(),
        "tag"    => With($"tag.{scope.Tag.Key}", scope.Tag.Value),
        "region" or "rack" or "owner" or "pool" => With(scope.Kind, scope.Value),
        _        => scope.Kind == noun ? reader.Numbers("SELECT n FROM document WHERE noun = ?1 AND id = ?2", noun, scope.Value) : new(),
    };

    Bits Of(Term term) => term switch
    {
        Term.All t                          => Of(t.Terms),
        Term.Has t                          => With(t.Key, ""),
        Term.In { Key: "id" } t             => Any(t.Values.Select(id => reader.Numbers("SELECT n FROM document WHERE noun = ?1 AND id = ?2", noun, id))),
        Term.In t                           => Any(t.Values.Select(value => With(t.Key, value))),
        Term.Number { Key: "version" } t    => reader.Numbers($"SELECT n FROM document WHERE noun = ?1 AND version {t.Comparison} ?2", noun, t.Value),
        Term.Number t                       => reader.Numbers($"SELECT n FROM fact WHERE k = {Key} AND value {t.Comparison} ?3", noun, t.Key, t.Value),
        Term.Time t                         => reader.Numbers($"SELECT n FROM document WHERE noun = ?1 AND {(t.Key == "updated" ? "updated" : "time")} {t.Comparison} ?2", noun, ReadModel.Time(t.Value)),
        Term.Text t when Trigrams(t.Part) is { } trigrams => All().And(reader.Numbers("SELECT rowid FROM texts.trigram WHERE text MATCH ?1", trigrams)),
        Term.Text t                         => reader.Numbers("SELECT t.n FROM document d CROSS JOIN text t ON t.n = d.n WHERE d.noun = ?1 AND t.value LIKE ?2 ESCAPE '\\'", noun, Like(t.Part)),
        _                                   => throw new ArgumentException($"{term} was to be replaced by what it stands for.", nameof(term)),
    };

    Bits With(string key, string value) => Kept(key, value, () => reader.Numbers($"SELECT n FROM fact WHERE k = {Key} AND value = ?3", noun, key, value));

    Bits Kept(string key, string value, Func<Bits> load) => postings.Get(new(noun, key, value), _batch, load);

    static Bits Any(IEnumerable<Bits> sets) => sets.Aggregate((a, b) => a.Or(b));

    /// <summary>As the trigram index wants it; null where it cannot answer: less than three characters, or control characters.</summary>
    public static string? Trigrams(string part) =>
        part.EnumerateRunes().Count() < 3 || part.Any(char.IsControl) || part.Any(char.IsSurrogate) ? null : $"\"{part.ToLowerInvariant().Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string Like(string text) => $"%{text.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
