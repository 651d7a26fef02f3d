using System.Collections.Immutable;

namespace Ppec.Domain.Machines;

/// <summary>Gives found parts to wishes, each part to one wish, so that as many wishes as possible are met: an easy wish never takes the only part for a picky one.</summary>
public static class Fitting
{
    /// <summary>How many parts each wish got, and the parts nobody wanted. Earlier wishes win when not all can be met.</summary>
    public static (ImmutableArray<int> Met, ImmutableArray<TPart> Left) Of<TWish, TPart>(
        ImmutableArray<TWish> wishes, ImmutableArray<TPart> parts, Func<TWish, int> count, Func<TWish, TPart, bool> fits)
    {
        int[] seats = [.. wishes.SelectMany((w, i) => Enumerable.Repeat(i, Math.Clamp(count(w), 0, parts.Length)))];
        var seatOf = Enumerable.Repeat(-1, parts.Length).ToArray();
        for (var seat = 0; seat < seats.Length; seat++) Seat(seat, new bool[parts.Length]);
        return ([.. wishes.Select((_, i) => seatOf.Count(s => s >= 0 && seats[s] == i))], [.. parts.Where((_, p) => seatOf[p] < 0)]);

        // An augmenting path: take a free part, or one whose holder can be seated elsewhere.
        bool Seat(int seat, bool[] tried)
        {
            for (var p = 0; p < parts.Length; p++)
            {
                if (tried[p] || !fits(wishes[seats[seat]], parts[p])) continue;
                tried[p] = true;
                if (seatOf[p] >= 0 && !Seat(seatOf[p], tried)) continue;
                seatOf[p] = seat;
                return true;
            }
            return false;
        }
    }
}
