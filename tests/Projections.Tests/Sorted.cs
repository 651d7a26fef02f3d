using System.Collections.Immutable;

namespace Ppec.Projections.Tests;

static class Sorted
{
    public static ImmutableSortedDictionary<string, string> ToSorted(this Dictionary<string, string> tags) => tags.ToImmutableSortedDictionary(StringComparer.Ordinal);
}
