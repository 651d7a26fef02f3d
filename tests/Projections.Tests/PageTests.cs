using System.Collections.Immutable;
using System.Text.Json;
using CsCheck;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;

namespace Ppec.Projections.Tests;

/// <summary>Lists of many: whether a set is fetched and sorted or an index is walked, whether it was remembered or read, the pages are the same.</summary>
public sealed class PageTests : IDisposable
{
    static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-pages-").FullName;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A machine with few stages, many hostnames (some of them missing, some beyond the first plane) and a number.</summary>
    sealed record Thing(string Id, string Stage, string? Owner, string? Hostname, long? Cpu, bool Held)
    {
        public static Thing Of(int n, int seed)
        {
            var random = new Random(HashCode.Combine(n, seed));
            return new($"m{n * 7919 % 100_003:000000}", random.Next(4) == 0 ? "spare" : "baremetal", random.Next(3) > 0 ? $"team{random.Next(5)}" : null,
                random.Next(10) > 0 ? $"{(char)(0xe000 + random.Next(3))}{(random.Next(2) == 0 ? "\U0001f600" : "")}-{random.Next(100_000)}" : null, random.Next(8) > 0 ? random.Next(3) * 16 : null, random.Next(20) == 0);
        }

        public Written Written => new(new(Id, new { id = Id }, Noon.AddSeconds(Id.GetHashCode(StringComparison.Ordinal) % 1000),
            [("stage", Stage), .. Owner is null ? [] : ((string, string)[])[("owner", Owner)], .. Hostname is null ? [] : ((string, string)[])[("hostname", Hostname)], .. Held ? ((string, string)[])[("hold", "operator")] : []])
            { Numbers = Cpu is { } cpu ? [("cpu", cpu)] : [], Tags = [("env", Stage[..1])] }, JsonSerializer.SerializeToUtf8Bytes(new { id = Id }));
    }

    static Change Told(Thing thing, long version, bool isNew) => new("machine", $"machine-{thing.Id}", version, Noon.AddSeconds(version), isNew, [thing.Written]);

    static readonly (string Filter, Func<Thing, bool> Holds)[] Filters =
    [
        ("", _ => true), ("stage:spare", t => t.Stage == "spare"), ("-stage:spare", t => t.Stage != "spare"), ("stage:spare,baremetal owner:team1", t => t.Owner == "team1"),
        ("hold", t => t.Held), ("-hold tag.env=s", t => !t.Held && t.Stage == "spare"), ("cpu>=16 -owner:team2", t => t.Cpu >= 16 && t.Owner != "team2"), ("tag.env", _ => true), ("cpu>100", _ => false),
    ];

    static readonly (string Sort, Func<Thing, object?> By)[] Sorts = [("id", _ => null), ("hostname", t => t.Hostname), ("owner", t => t.Owner), ("cpu", t => t.Cpu), ("stage", t => t.Stage)];

    [Fact]
    public void Every_page_of_twelve_thousand_is_in_its_place()
    {
        using var model = ReadModel.Open(Path.Combine(_folder, "many.db"), LogPosition.Start);
        var things = Enumerable.Range(0, 12_000).Select(n => Thing.Of(n, 1)).ToList();
        model.Apply([.. things.Select(t => Told(t, 1, true))], new(1));
        foreach (var (filter, holds) in Filters)
            foreach (var (sort, by) in Sorts)
                foreach (var descending in (bool[])[false, true])
                {
                    var (pages, total, more) = Walked(model, filter, descending ? $"-{sort}" : sort, 997);
                    var expected = Expected(things.Where(holds), by, descending);
                    Assert.True(expected.SequenceEqual(pages), $"{filter} by {sort}, descending {descending}: {expected.Zip(pages).TakeWhile(p => p.First == p.Second).Count()} of {expected.Count} in their places, {pages.Count} listed.");
                    Assert.Equal((Math.Min(expected.Count, 10_000), expected.Count > 10_000), (total, more));
                }
    }

    [Fact]
    public void What_is_remembered_of_a_set_follows_every_change() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        using var model = ReadModel.Open(Path.Combine(_folder, $"{seed}-{Guid.NewGuid():N}.db"), LogPosition.Start);
        var things = Enumerable.Range(0, 600).Select(n => Thing.Of(n, seed)).ToDictionary(t => t.Id);
        model.Apply([.. things.Values.Select(t => Told(t, 1, true))], new(1));
        var random = new Random(seed);
        for (var step = 2; step < 12; step++)
        {
            Look(); // so that there is something to remember
            var changes = new List<Change>();
            foreach (var n in Enumerable.Range(0, 40).Select(_ => random.Next(650)).Distinct())
            {
                var now = Thing.Of(n, seed + step);
                var gone = random.Next(4) == 0;
                changes.Add(Told(now, step, false) with { Documents = gone ? [] : [now.Written] });
                if (gone) things.Remove(now.Id);
                else things[now.Id] = now;
            }
            model.Apply(changes, new((ulong)step));
        }
        Look();

        void Look()
        {
            foreach (var (filter, holds) in Filters)
                Assert.Equal([filter, .. Expected(things.Values.Where(holds), _ => null, false)], [filter, .. Walked(model, filter, null, 250).Ids]);
        }
    }, iter: 10, threads: 1);

    static List<string> Expected(IEnumerable<Thing> things, Func<Thing, object?> by, bool descending)
    {
        var rows = things.Select(t => (t.Id, Value: by(t) switch { long n => $"{n:0000000000}", string s => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(s)), _ => null })).ToList();
        rows.Sort((a, b) =>
        {
            if (a.Value is null != b.Value is null) return a.Value is null ? 1 : -1;
            var order = string.CompareOrdinal(a.Value, b.Value) is var value && value != 0 ? value : string.CompareOrdinal(a.Id, b.Id);
            return descending ? -order : order;
        });
        return [.. rows.Select(r => r.Id)];
    }

    static (List<string> Ids, int Total, bool More) Walked(ReadModel model, string filter, string? sort, int limit)
    {
        var ids = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = model.List("machine", new(filter, sort, limit, cursor));
            ids.AddRange(page.Items.Select(i => JsonDocument.Parse(i).RootElement.GetProperty("id").GetString()!));
            if ((cursor = page.NextCursor) is null) return (ids, page.Total, page.TotalIsMore);
        }
    }
}
