using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ppec.Contracts.Access;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;
using Ppec.Domain.Filters;

namespace Ppec.Projections.Audit;

/// <summary>
/// Commands and attempts as one list. Each of its sources has an order of its own, to which things are only ever added; they are merged by time. A cursor is the place in each source,
/// so what is read on from one misses nothing and repeats nothing, whatever came meanwhile.
/// </summary>
public sealed class AuditTrail(TrailFollower follower, AttemptLog attempts) : IAuditTrail
{
    const int Sources = 3;

    /// <summary>The nouns a thing may be of, for who names it by its id alone.</summary>
    static readonly ImmutableArray<string> Nouns = [.. Projections.Nouns.All.Select(n => n.Category).Concat(Projections.Nouns.All.Select(n => n.Shown)).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>One source in one search.</summary>
    sealed class Head(TrailTaken taken, long after)
    {
        public int Next { get; set; }
        public long After { get; set; } = after;
        public TrailTaken Taken => taken;
        public bool IsEmpty => Next == taken.Rows.Count;
        public bool IsOver => IsEmpty && taken.Ended;

        /// <summary>The time at which it goes on.</summary>
        public long Time => IsEmpty ? taken.ReachedTime : taken.Rows[Next].Time;
    }

    public Task<bool> WaitFor(LogPosition position, TimeSpan timeout, CancellationToken cancellation) => follower.WaitFor(position, timeout, cancellation);

    public AuditPage Search(AuditQuery query, Sight sight)
    {
        if (query.Limit is < 1 or > 1000) throw new QueryException("limit", "A page has 1 to 1000 rows.");
        var asked = Asked(query, sight);
        var commands = Outcome(asked);
        var sources = new[] { follower.File is { } file && commands is not null ? [file] : [], attempts.Known.Files, attempts.Strangers.Files };
        var at = Cursor(query.Cursor) ?? [.. sources.Select(s => query.OldestFirst ? 0 : (s.LastOrDefault()?.Last ?? 0) + 1)];
        var heads = sources.Select((files, i) => new Head(Take(files, i == 0 ? commands ?? asked : asked, at[i], query.Limit), at[i])).ToArray();

        var items = ImmutableArray.CreateBuilder<AuditRow>();
        while (items.Count < query.Limit && heads.Where(h => !h.IsOver).ToArray() is { Length: > 0 } open)
        {
            var head = query.OldestFirst ? open.MinBy(h => h.Time)! : open.MaxBy(h => h.Time)!;
            if (head.IsEmpty)
            {
                head.After = head.Taken.Reached; // what comes next of it is not known yet: the page ends here
                break;
            }
            var found = head.Taken.Rows[head.Next++];
            head.After = found.Number;
            items.Add(JsonSerializer.Deserialize<AuditRow>(found.Body, Trails.Kept)! with { Cursor = Text(heads) });
        }
        return new(items.ToImmutable(), heads.All(h => h.IsOver) ? null : Text(heads));
    }

    /// <summary>From each file of a source in turn, until there are enough rows, or the look was long enough.</summary>
    static TrailTaken Take(TrailFile[] files, TrailQuery query, long after, int limit)
    {
        var (rows, reached) = (new List<TrailFound>(), after);
        foreach (var file in query.OldestFirst ? files : files.Reverse())
        {
            if (query.OldestFirst ? file.Last <= reached : file.First >= reached) continue;
            var taken = default(TrailTaken);
            try { taken = file.Readers.Use(r => r.AtOneMoment(() => new TrailWalk(r, query).Take(reached, limit - rows.Count))); }
            catch (ObjectDisposedException) { continue; } // it left the ring a moment ago
            rows.AddRange(taken.Rows);
            if (!taken.Ended) return taken with { Rows = rows };
        }
        return new(rows, reached, 0, true);
    }

    static TrailQuery Asked(AuditQuery query, Sight sight)
    {
        var (all, none, from, to) = (new List<ImmutableArray<TrailFact>>(), new List<TrailFact>(), query.From?.UtcTicks ?? 0, query.To?.UtcTicks ?? long.MaxValue);
        foreach (var term in Filter.Parse(query.Filter, FilterFields.Audit))
            switch (term)
            {
                case Term.In t when t.Negated: none.AddRange(Facts(t)); break;
                case Term.In t: all.Add([.. Facts(t)]); break;
                case Term.Time t:
                    var ticks = t.Value.UtcTicks + (t.Comparison is ">" or "<=" ? 1 : 0);
                    if (t.Comparison[0] == '>' != t.Negated) from = Math.Max(from, ticks);
                    else to = Math.Min(to, ticks);
                    break;
            }
        if (!sight.IsWhole) all.AddRange(Seen(sight));
        return new([.. all], [.. none], from, to, query.OldestFirst);
    }

    /// <summary>Who sees not everything sees what stands where they may look, what they name, and what they did themselves. What belongs to no place is for those who see all.</summary>
    static IEnumerable<ImmutableArray<TrailFact>> Seen(Sight sight)
    {
        if (!sight.Scopes.IsDefault)
            yield return [new(TrailField.Actor, sight.User), .. sight.Scopes.Select(Scope.Parse).OfType<Scope>().Select(s => s.Kind switch
            {
                "region" => new TrailFact(TrailField.Region, s.Value),
                "rack"   => new(TrailField.Rack, s.Value),
                _        => new(TrailField.Target, s.ToString()), // of a team or a tag no row speaks: then only what names it
            })];
        if (!sight.Within.Regions.IsDefaultOrEmpty) yield return [.. sight.Within.Regions.Select(r => new TrailFact(TrailField.Region, r))];
        if (sight.Within.Tags is { Count: > 0 }) yield return []; // no row has tags
    }

    static IEnumerable<TrailFact> Facts(Term.In term)
    {
        var field = Enum.Parse<TrailField>(term.Key, ignoreCase: true);
        return term.Values.SelectMany(v => field == TrailField.Target && !Nouns.Any(n => v.StartsWith($"{n}:", StringComparison.Ordinal)) ? Nouns.Select(n => new TrailFact(field, $"{n}:{v}")) : [new(field, v)]);
    }

    /// <summary>The query as commands are asked, which are all accepted and do not say so; null when none is wanted.</summary>
    static TrailQuery? Outcome(TrailQuery query)
    {
        static bool Says(TrailFact f) => f.Field == TrailField.Outcome;
        var accepted = new TrailFact(TrailField.Outcome, "accepted");
        return query.None.Contains(accepted) || query.All.Any(any => any.Any(Says) && !any.Contains(accepted)) ? null
            : query with { All = [.. query.All.Where(any => !any.Any(Says))], None = [.. query.None.Where(f => !Says(f))] };
    }

    static string Text(IEnumerable<Head> heads) => string.Join('.', heads.Select(h => h.After.ToString(CultureInfo.InvariantCulture)));

    static long[]? Cursor(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var parts = text.Split('.').Select(p => p.Length <= 18 && long.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        return parts.Length == Sources && parts.All(p => p >= 0) ? parts : throw new QueryException("cursor", "A cursor is as a row or a page gave it.");
    }
}
