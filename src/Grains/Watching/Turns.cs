using System.IO.Hashing;
using System.Text;

namespace Ppec.Grains.Watching;

/// <summary>
/// Whose turn it is to be looked at: each machine once in an interval, at a moment of its own that follows from its id, so that looks are spread evenly.
/// It keeps nothing: after a restart, or on another silo, the turns are the same.
/// </summary>
public static class Turns
{
    /// <summary>Another than the ring's, or the machines of one silo would all have their turns together.</summary>
    const int Seed = 1;

    /// <summary>Whether the machine's moment came after <paramref name="since"/> and not after <paramref name="now"/>.</summary>
    public static bool Has(string machine, DateTimeOffset since, DateTimeOffset now, TimeSpan every)
    {
        var moment = (long)(Hash(machine, Seed) / (uint.MaxValue + 1.0) * every.Ticks);
        var past = (now.UtcTicks - moment) % every.Ticks;
        return past < (now - since).Ticks;
    }

    /// <summary>Where the machine stands on the ring of silos.</summary>
    public static uint Place(string machine) => Hash(machine, 0);

    static uint Hash(string machine, int seed) => XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(machine), seed);
}
