using System.Collections.Immutable;
using Ppec.Contracts.Audit;

namespace Ppec.Projections.Audit;

/// <summary>What is looked for: a row has one of each of <paramref name="All"/>, and none of <paramref name="None"/>. Times are in ticks, from the first to before the second.</summary>
sealed record TrailQuery(ImmutableArray<ImmutableArray<TrailFact>> All, ImmutableArray<TrailFact> None, long From, long To, bool OldestFirst)
{
    /// <summary>Whether a number comes after another in this order.</summary>
    public bool After(long number, long other) => OldestFirst ? number > other : number < other;
}

/// <summary>A row that was found.</summary>
readonly record struct TrailFound(long Number, long Time, byte[] Body);

/// <summary>What one look brought. <paramref name="Ended"/>: there is no more after <paramref name="Reached"/>, whose time is <paramref name="ReachedTime"/>; otherwise the look was long enough, or there are as many as were wished.</summary>
sealed record TrailTaken(List<TrailFound> Rows, long Reached, long ReachedTime, bool Ended);

/// <summary>
/// Finds rows of one file in their order, without reading those in between: each term is a sorted list, and whichever is behind leaps to where the others are.
/// A look ends after so many leaps, whatever it found: then it says how far it came.
/// </summary>
sealed class TrailWalk(Reader reader, TrailQuery query)
{
    const int MostLeaps = 2_000;

    readonly bool _up = query.OldestFirst;
    int _leaps;

    /// <summary>Up to here it was looked.</summary>
    long _reached;

    /// <summary>The blocks in which the times asked for may be; null = all.</summary>
    List<long>? _blocks;

    /// <param name="after">Rows after this number, in the query's order.</param>
    /// <param name="limit">At most so many.</param>
    public TrailTaken Take(long after, int limit)
    {
        var rows = new List<TrailFound>();
        ImmutableArray<ImmutableArray<long>> all = [.. query.All.Select(Values)];
        var none = Values(query.None);
        var (low, high) = (reader.Number("SELECT min(n) FROM row WHERE n >= ?1", 0) ?? 0, reader.Number("SELECT max(n) FROM row WHERE n >= ?1", 0) ?? -1);
        if (low > high || all.Any(values => values.IsEmpty)) return new(rows, after, 0, true);
        _blocks = query.From > 0 || query.To < long.MaxValue ? reader.Rows("SELECT b FROM block WHERE high >= ?1 AND low < ?2 ORDER BY b", [query.From, query.To], row => row.Int64(0)) : null;
        var at = Within(_up ? Math.Max(low, after + 1) : Math.Min(high, after - 1));
        while (rows.Count < limit)
        {
            if (at < low || at > high) return new(rows, after, 0, true);
            if (_leaps > MostLeaps) return new(rows, _up ? at - 1 : at + 1, Time(at), false);
            if (Common(all, at) is not { } met) return _leaps > MostLeaps ? new(rows, _up ? _reached - 1 : _reached + 1, Time(_reached), false) : new(rows, after, 0, true);
            if ((at = Within(met)) != met) continue;
            if (!Has(none, met) && Row(met) is { } row) rows.Add(row);
            at = Within(_up ? met + 1 : met - 1);
        }
        return new(rows, rows[^1].Number, rows[^1].Time, false);
    }

    /// <summary>This number, or the next that is of a block in which the times asked for may be.</summary>
    long Within(long at)
    {
        if (_blocks is null) return at;
        var found = _blocks.BinarySearch(at >> TrailFile.BlockBits);
        if (found >= 0) return at;
        if (_up) return ~found < _blocks.Count ? _blocks[~found] << TrailFile.BlockBits : long.MaxValue;
        return ~found > 0 ? ((_blocks[~found - 1] + 1) << TrailFile.BlockBits) - 1 : long.MinValue;
    }

    /// <summary>The next row, from <paramref name="at"/> on, that every term has; null when there is none, or the look was long enough.</summary>
    long? Common(ImmutableArray<ImmutableArray<long>> all, long at)
    {
        _leaps++;
        _reached = at;
        for (var agreed = 0; agreed < all.Length;)
        {
            foreach (var values in all)
            {
                if (Next(values, at) is not { } next) return null;
                agreed = next == at ? agreed + 1 : 1;
                at = next;
                if (agreed >= all.Length) break;
            }
            _reached = at;
            if (agreed < all.Length && _leaps > MostLeaps) return null;
        }
        return at;
    }

    long? Next(ImmutableArray<long> values, long at)
    {
        var best = default(long?);
        foreach (var value in values)
        {
            _leaps++;
            var next = reader.Number(_up ? "SELECT n FROM fact WHERE v = ?1 AND n >= ?2 ORDER BY n LIMIT 1" : "SELECT n FROM fact WHERE v = ?1 AND n <= ?2 ORDER BY n DESC LIMIT 1", value, at);
            if (next is { } found && (best is not { } known || (_up ? found < known : found > known))) best = found;
            if (best == at) break;
        }
        return best;
    }

    bool Has(ImmutableArray<long> values, long number) => !values.IsEmpty && Next(values, number) == number;

    /// <summary>Null when its time is not asked for.</summary>
    TrailFound? Row(long number)
    {
        var found = default(TrailFound?);
        reader.Each("SELECT time, body FROM row WHERE n = ?1", [number], row =>
        {
            if (row.Int64(0) is var time && time >= query.From && time < query.To) found = new(number, time, row.Blob(1).ToArray());
            return false;
        });
        return found;
    }

    long Time(long number) => reader.Number("SELECT time FROM row WHERE n = ?1", number) ?? 0;

    ImmutableArray<long> Values(ImmutableArray<TrailFact> facts) =>
        [.. facts.SelectMany(f => reader.Rows("SELECT v FROM value WHERE field = ?1 AND text = ?2", [(long)f.Field, f.Text], row => row.Int64(0)))];
}
