using System.Collections.Immutable;
using CsCheck;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Queries;
using Ppec.Domain.Filters;
using Ppec.Domain.Machines;

namespace Ppec.Projections.Tests;

/// <summary>Whatever is written into a filter, a sort or a cursor: rows, or a sentence; never a fault, and never SQL.</summary>
public sealed class FilterTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-filter-").FullName;

    /// <summary>Words of the language, words of SQL, and anything else.</summary>
    static readonly Gen<string> Text = Gen.Frequency(
        (3, Gen.OneOf("stage:", "tag.team=", "tag.", "-", "hold", "-hold", "drift", "drift:", "cpu>=", "memory<", "4GiB", "@", "@x", "updated>", "2026-01-01", ":", "=", "\"", "'", "''", "--", ";", "/*", "%", "_", "\\", "rack:", "id:", " ", "racked", "sn001", "pay", "$f0", "?", "NULL", "\0", "\ud83d\ude00", "\ud800", ") OR 1=1 --", "'; DROP TABLE document; --", "x' UNION SELECT body FROM document --", "\t", "\n", "\u00a0")),
        (1, Gen.String[0, 20])).Array[0, 12].Select(string.Concat);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Parsing_never_throws_anything_but_a_sentence() => Text.Sample(text => Parsed(text), iter: 20_000);

    [Fact]
    public async Task The_read_model_answers_any_text_and_is_unharmed()
    {
        var logs = new Logs();
        await logs.Fill(12);
        using var model = await logs.Folded(Path.Combine(_folder, "read.db"));
        var before = Logs.Everything(Path.Combine(_folder, "read.db"));
        var whole = model.List("machine", new(null, null, 1000, null)).Total;
        Gen.Select(Text, Gen.OneOf(Gen.Const((string?)null), Text.Select(t => (string?)t)), Gen.OneOf((string?)null, "id", "-time", "x; DROP TABLE document")).Sample((filter, cursor, sort) =>
        {
            try
            {
                Assert.InRange(model.List("machine", new(filter, sort, 5, cursor)).Total, 0, whole);
            }
            catch (QueryException e) { Assert.Contains(e.Field, (string[])["filter", "sort", "cursor"]); }
        }, iter: 3000, threads: 1);
        Assert.Equal(before, Logs.Everything(Path.Combine(_folder, "read.db")));
    }

    [Fact]
    public async Task A_term_and_its_negation_divide_all_there_is()
    {
        var logs = new Logs();
        await logs.Fill(30);
        using var model = await logs.Folded(Path.Combine(_folder, "split.db"));
        int Count(string filter) => model.List("machine", new(filter, null, 1000, null)).Total;
        foreach (var term in (string[])["stage:racked", "hold", "hold:operator", "tag.team=pay", "tag.team:risk", "sn01", "name", "\"name 1\"", "rack:blr1.r1", "id:sn007", "%", "_", "tag.team", "cpu>=4", "unit>=10", "created<2027-01-01"])
            Assert.Equal(30, Count(term) + Count($"-{term}"));
        Assert.Equal(Count("hold tag.team=pay"), Count("tag.team=pay hold"));
        Assert.Equal(5, Count("hold"));
        Assert.Equal(0, Count("%"));
    }

    [Fact]
    public async Task Drift_is_found_by_kind_and_a_machine_that_time_may_change_is_watched()
    {
        var logs = new Logs();
        await logs.Fill(6);
        await logs.Write("machine-sn002", new DriftNoted("power", "off", "on"), new DriftNoted("hardware-at-boot", "all", "a disk gone"));
        await logs.Write("machine-sn003", new DriftNoted("power", "off", "on"), new DriftCleared("power"));
        await logs.Write("machine-sn005", new MachineBmcSet(new("redfish", "https://10.0.0.5", "ppec", new("bmc", 1), null)));
        using var model = await logs.Folded(Path.Combine(_folder, "drift.db"));
        string Ids(string filter) => string.Join(' ', model.List("machine", new(filter, null, 1000, null)).Items.Select(i => System.Text.Json.JsonDocument.Parse(i).RootElement.GetProperty("id").GetString()));
        foreach (var term in (string[])["drift", "drift:power", "drift:hardware-at-boot", "drift:hardware"]) Assert.Equal("sn002", Ids(term));
        Assert.Equal("", Ids("drift:image"));
        Assert.Equal(["sn004", "sn005"], model.Watched().Order()); // sn004 is held, sn005 has a BMC
    }

    static ImmutableArray<Term>? Parsed(string text)
    {
        try
        {
            var filter = Filter.Parse(text);
            Assert.True(filter.Length <= 32);
            return filter;
        }
        catch (QueryException e)
        {
            Assert.Equal("filter", e.Field);
            return null;
        }
    }
}
