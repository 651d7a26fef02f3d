using System.Collections.Immutable;

namespace Ppec.Domain.Access;

/// <summary>How much a team may have at most: <c>machines</c> of any type, and <c>machines:TYPE</c>.</summary>
public static class Quotas
{
    const string All = "machines";

    /// <summary>Those that machines of a type count for.</summary>
    public static IEnumerable<KeyValuePair<string, long>> For(ImmutableSortedDictionary<string, long> quotas, string type) =>
        quotas.Where(q => q.Key == All || q.Key == $"{All}:{type}");

    /// <summary>Why so many more of a type would be too many; null when there is room.</summary>
    /// <param name="owner">The team.</param>
    /// <param name="quotas">What it may have.</param>
    /// <param name="type">Of the machines that are wished.</param>
    /// <param name="wished">How many of them.</param>
    /// <param name="has">How many the team has of a type; of all, for null.</param>
    public static string? Exceeded(string owner, ImmutableSortedDictionary<string, long> quotas, string type, int wished, Func<string?, long> has)
    {
        foreach (var (key, most) in For(quotas, type))
        {
            var used = has(key == All ? null : type);
            if (used + wished > most) return $"{owner} has {used} of {most} {key}, and {wished} more {(wished == 1 ? "is" : "are")} wished: give some back, or have the quota raised with ppec owner set.";
        }
        return null;
    }

    /// <summary>As a plan says it: not how many there are now, which moves without the plan being another.</summary>
    public static string? Said(ImmutableSortedDictionary<string, long> quotas, string type) =>
        string.Join(", ", For(quotas, type).Select(q => $"one of at most {q.Value} {q.Key}")) is { Length: > 0 } said ? said : null;
}
