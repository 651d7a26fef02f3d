using System.Collections.Immutable;

namespace Ppec.Domain.Machines;

/// <summary>Choosing machines among equals: always the same ones for the same candidates, in whatever order they come.</summary>
public static class Picking
{
    /// <summary>A machine that may be chosen, and the rack it stands in.</summary>
    public readonly record struct Candidate(string Machine, string Rack);

    /// <summary>
    /// All candidates in the order in which they are to be taken. Spread: the rack that has given fewest so far gives next, ties by the rack's name;
    /// so any number taken from the front is spread as evenly as the racks allow.
    /// </summary>
    public static ImmutableArray<string> Order(IEnumerable<Candidate> candidates, bool spread)
    {
        var byRack = candidates.OrderBy(c => c.Machine, StringComparer.Ordinal).GroupBy(c => spread ? c.Rack : "", c => c.Machine)
            .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.ToArray()).ToArray();
        var order = ImmutableArray.CreateBuilder<string>();
        for (var round = 0; round < byRack.Select(r => r.Length).DefaultIfEmpty().Max(); round++)
            foreach (var rack in byRack)
                if (round < rack.Length) order.Add(rack[round]);
        return order.ToImmutable();
    }

    /// <summary>The host name of number <paramref name="n"/>: <c>{n}</c> becomes the number, <c>{n:000}</c> at least so many digits.</summary>
    public static string Hostname(string pattern, int n)
    {
        var open = pattern.IndexOf("{n", StringComparison.Ordinal);
        var close = open < 0 ? -1 : pattern.IndexOf('}', open);
        if (close < 0) return pattern;
        var digits = pattern[(open + 2)..close] is [':', .. var zeros] ? zeros.Length : 1;
        return string.Concat(pattern.AsSpan(0, open), n.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(digits, '0'), pattern.AsSpan(close + 1));
    }
}
