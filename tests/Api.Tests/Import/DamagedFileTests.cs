using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ppec.Api.Tests.Import;

/// <summary>Files of a hundred thousand rows, each damaged in one way: refused within seconds, by line, and without their weight staying in memory.</summary>
public sealed class DamagedFileTests(SharedNode shared)
{
    const int Rows = 100_000;
    static readonly TimeSpan Seconds = TimeSpan.FromSeconds(20); // on a busy machine; the least it takes is printed
    const long Bounded = 1L << 30;

    static string Csv(Func<int, string?> damage)
    {
        var text = new StringBuilder("serial,rack,unit,name,macs\n");
        for (var i = 0; i < Rows; i++) text.Append(damage(i) ?? string.Create(CultureInfo.InvariantCulture, $"DAMAGED-{i},nowhere.r{i / 42},{1 + (i % 42)},name {i},02:00:00:00:00:01")).Append('\n');
        return text.ToString();
    }

    static string Yaml(Func<int, string?> damage)
    {
        var text = new StringBuilder("machines:\n");
        for (var i = 0; i < Rows; i++) text.Append(damage(i) ?? string.Create(CultureInfo.InvariantCulture, $"- {{serial: DAMAGED-{i}, rack: nowhere.r{i / 42}, unit: {1 + (i % 42)}}}")).Append('\n');
        return text.ToString();
    }

    static string Json(Func<int, string?> damage)
    {
        var text = new StringBuilder("{\"devices\":[\n");
        for (var i = 0; i < Rows; i++) text.Append(damage(i) ?? string.Create(CultureInfo.InvariantCulture, $$$"""{"serial":"DAMAGED-{{{i}}}","site":{"slug":"nowhere"},"rack":{"name":"r{{{i / 42}}}"},"position":{{{1 + (i % 42)}}}}""")).Append(i < Rows - 1 ? ",\n" : "\n");
        return text.Append("]}").ToString();
    }

    static Func<int, string?> At(int row, string text) => i => i == row ? text : null;

    public static TheoryData<string> Damages => [.. Files.Keys];

    /// <summary>Each with the words that its refusal must have; rows begin in line 2.</summary>
    static readonly Dictionary<string, (string Type, Func<byte[]> File, string Says)> Files = new(StringComparer.Ordinal)
    {
        ["csv: a quote that is never closed"]        = ("text/csv", () => Utf8(Csv(At(50_000, "\"DAMAGED,nowhere.r1,1,,"))), "line 50002: a quote is opened here and never closed."),
        ["csv: a quote not closed at the end"]       = ("text/csv", () => Utf8(Csv(At(99_999, "\"DAMAGED,nowhere.r1,1,,"))), "line 100001: a quote is opened here and never closed."),
        ["csv: a quote in the middle"]               = ("text/csv", () => Utf8(Csv(At(500, "DAM\"AGED,nowhere.r1,1,,"))), "line 502: there is a quote in the middle"),
        ["csv: too few fields everywhere"]           = ("text/csv", () => Utf8(Csv(_ => "DAMAGED,nowhere.r1")), "100000 problems in 100000 rows"),
        ["csv: one row with too many fields"]        = ("text/csv", () => Utf8(Csv(At(77_777, "a,b,1,,,,"))), "line 77779: 7 fields, and the header has 5."),
        ["csv: a NUL"]                               = ("text/csv", () => Utf8(Csv(At(50_000, "DAM\0AGED,nowhere.r1,1,,"))), "line 50002: there is a NUL"),
        ["csv: a huge field"]                        = ("text/csv", () => Utf8(Csv(At(3, new string('x', 20_000_000)))), "line 5: a field is longer than 65536 characters."),
        ["csv: not UTF-8"]                           = ("text/csv", () => [.. Utf8(Csv(_ => null)), 0xC3, 0x28, (byte)'\n'], "line 100002: that is not UTF-8"),
        ["csv: a million columns"]                   = ("text/csv", () => Utf8(Csv(At(9, new string(',', 1_000_000)))), "line 11: there are more than 100 fields."),
        ["csv: nothing wrong but its length"]        = ("text/csv", () => Utf8(Csv(_ => null)), "There are 100000 rows, and 20000 are the most at a time"),
        ["csv: values of the wrong type everywhere"] = ("text/csv", () => Utf8(Csv(_ => "DAMAGED,nowhere.r1,eleven,,")), "problems in 100000 rows"),
        ["yaml: a bomb of anchors"]                  = ("application/yaml", () => Utf8("machines:\n- &a [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"- &b{i} [*a,*a,*a,*a,*a,*a,*a]\n"))), "line 2: anchors are not read"),
        ["yaml: an alias far down"]                  = ("application/yaml", () => Utf8(Yaml(At(99_000, "- *a"))), "line 99002: "),
        ["yaml: a tag"]                              = ("application/yaml", () => Utf8(Yaml(At(99_000, "- !!python/object x"))), "line 99002: tags are not read."),
        ["yaml: deep nesting"]                       = ("application/yaml", () => Utf8("machines:\n- " + new string('[', 1_000_000)), "line 2: it is nested more than 32 deep."),
        ["yaml: deep nesting far down"]              = ("application/yaml", () => Utf8(Yaml(At(99_000, "- " + new string('[', 100_000)))), "line 99002: it is nested more than 32 deep."),
        ["yaml: an unclosed quote"]                  = ("application/yaml", () => Utf8(Yaml(At(99_000, "- {serial: \"x"))), "that is not YAML"),
        ["yaml: a wrong indentation"]                = ("application/yaml", () => Utf8(Yaml(At(99_000, "   x: y"))), "that is not YAML"),
        ["yaml: an unknown field everywhere"]        = ("application/yaml", () => Utf8(Yaml(_ => "- {serial: X-1, rack: a.r1, unit: 1, colour: red}")), "line 2: colour: there is no such field."),
        ["yaml: a key twice"]                        = ("application/yaml", () => Utf8(Yaml(At(7, "- {serial: X-1, serial: X-2}"))), "line 9: 'serial' is there twice."),
        ["yaml: a huge text"]                        = ("application/yaml", () => Utf8(Yaml(At(7, $"- {{serial: {new string('x', 10_000_000)}}}"))), "line 9: a text is longer than 65536 characters."),
        ["json: cut off"]                            = ("application/json", () => Utf8(Json(_ => null)[..^200]), "that is not JSON"),
        ["json: a comma too many"]                   = ("application/json", () => Utf8(Json(At(80_000, "{},"))), "line 80002: that is not JSON"),
        ["json: deep"]                               = ("application/json", () => Utf8("{\"devices\":" + new string('[', 1_000_000)), "line 1: it is nested more than 32 deep."),
        ["json: nothing is an object"]               = ("application/json", () => Utf8(Json(_ => "1")), "100000 problems in 100000 rows"),
        ["json: an escape that is no character"]     = ("application/json", () => Utf8(Json(At(5, "{\"serial\":\"\\ud800\"}"))), "an escape that is no character"),
    };

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task It_is_refused_by_line(string damage)
    {
        var (type, make, says) = Files[damage];
        var file = make();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var since = Stopwatch.GetTimestamp();
        var answer = await shared.Node.Api.Post("/api/v1/import?plan=true", file, "Content-Type", type);
        var took = Stopwatch.GetElapsedTime(since);
        TestContext.Current.TestOutputHelper?.WriteLine($"{damage}: {took.TotalSeconds:0.00} s, {file.Length >> 10} KiB");
        Assert.Contains(says, answer.Is(400).Detail, StringComparison.Ordinal);
        Assert.InRange(took, TimeSpan.Zero, Seconds);
        Assert.True(answer.Json["errors"]!.AsArray().Count is > 0 and <= 1000);
        Assert.True(answer.Bytes.Length < 1 << 20, "The refusal itself is small.");
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Bounded);
    }

    [Fact]
    public async Task More_than_32_MiB_are_refused() =>
        (await shared.Node.Api.Post("/api/v1/import", new byte[(32 << 20) + 1], "Content-Type", "text/csv", "Expect", "100-continue")).Is(413, "too-large");
}
