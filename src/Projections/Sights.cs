using System.Collections.Frozen;

namespace Ppec.Projections;

/// <summary>Which nouns are everyone's to read who may read any of them: they belong to no place and no team.</summary>
static class Sights
{
    static readonly FrozenSet<string> Placed = FrozenSet.ToFrozenSet(["machine", "operation", "region", "rack", "change"], StringComparer.Ordinal);

    public static bool Placeless(string noun) => !Placed.Contains(noun);
}
