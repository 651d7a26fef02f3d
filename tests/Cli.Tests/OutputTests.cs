using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>What is printed, in every format, to a terminal and to a pipe.</summary>
public sealed class OutputTests : AgainstStub
{
    static JsonNode Normal(string json) => JsonNode.Parse(json)!;

    [Fact]
    public async Task A_list_is_a_plain_table_in_a_pipe()
    {
        _server.On("GET /api/v1/machines", Canned.Page(Canned.Machine(), Canned.Machine("sn-22", "baremetal", "\"owner\":\"payments\",")));
        var ran = await _terminal.RunAsync("machine", "list");
        Assert.Equal(
            """
            ID     STAGE      TYPE        RACK      UNIT  OWNER     HOSTNAME  STATUS
            sn-1   spare      compute-v3  blr1.r12  10
            sn-22  baremetal  compute-v3  blr1.r12  10    payments

            """.ReplaceLineEndings("\n"), ran.Out);
        Assert.Equal((0, ""), (ran.Exit, ran.Error));
    }

    [Fact]
    public async Task A_terminal_gets_colour_unless_it_is_refused()
    {
        _server.On("GET /api/v1/machines", Canned.Page(Canned.Machine()));
        _terminal.IsTerminal = true;
        Assert.Contains("\e[32mspare\e[0m", (await _terminal.RunAsync("machine", "list")).Out, StringComparison.Ordinal);
        _terminal["NO_COLOR"] = "1";
        Assert.DoesNotContain("\e", (await _terminal.RunAsync("machine", "list")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_exactly_the_apis_with_fields_that_this_ppec_does_not_know()
    {
        _server.On("GET /api/v1/machines/sn-1", Canned.Machine(extra: Canned.Inspected));
        var ran = await _terminal.RunAsync("machine", "show", "sn-1", "-o", "json");
        Assert.True(JsonNode.DeepEquals(Normal(Canned.Machine(extra: Canned.Inspected)), Normal(ran.Out)), ran.Out);
    }

    [Fact]
    public async Task Yaml_says_the_same()
    {
        _server.On("GET /api/v1/machines/sn-1", Canned.Machine());
        var ran = await _terminal.RunAsync("machine", "show", "sn-1", "-o", "yaml");
        Assert.StartsWith("id: sn-1\nserial: SN-1\nstage: spare\n", ran.Out, StringComparison.Ordinal);
        Assert.Contains("holds: []\ntags:\n  team: payments\nbmc:\n  protocol: redfish\n  address: \"https://127.0.0.1:8000\"\n", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_are_ids_one_a_line()
    {
        _server.On("GET /api/v1/machines", Canned.Page(Canned.Machine(), Canned.Machine("sn-2")));
        Assert.Equal("sn-1\nsn-2\n", (await _terminal.RunAsync("machine", "list", "-o", "name")).Out);
    }

    [Fact]
    public async Task A_machine_is_shown_with_what_is_wrong_with_it()
    {
        _server.On("GET /api/v1/machines/sn-1", Canned.Machine(extra: Canned.Inspected));
        var ran = await _terminal.RunAsync("machine", "show", "sn-1");
        foreach (var part in (string[])["Place:    blr1.r12, unit 10, 2 units high", "2 × Xeon, 4 cores", "10 GiB", "dimm:A2", "fails", "reallocated sectors", "SeaBIOS 1.16"])
            Assert.Contains(part, ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("64 MiB", ran.Out, StringComparison.Ordinal); // a check that passed is for -o wide
        Assert.Contains("64 MiB", (await _terminal.RunAsync("machine", "show", "sn-1", "-o", "wide")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_takes_as_many_pages_as_the_limit_needs_and_says_what_is_left()
    {
        _server.InTurn("GET /api/v1/machines",
            StubServer.Json($$"""{"items":[{{Canned.Machine("sn-1")}}],"nextCursor":"c1","total":10000,"totalIsMore":true}"""),
            StubServer.Json($$"""{"items":[{{Canned.Machine("sn-2")}}],"nextCursor":"c2","total":10000,"totalIsMore":true}"""));
        var ran = await _terminal.RunAsync("machine", "list", "--limit", "2", "--filter", "stage:spare -hold", "--region", "blr1", "--sort", "-rack");
        Assert.Contains("sn-2", ran.Out, StringComparison.Ordinal);
        Assert.Contains("2 of 10000+ shown", ran.Error, StringComparison.Ordinal);
        Assert.Equal(["?filter=stage%3Aspare%20-hold%20region%3Ablr1&sort=-rack&limit=2", "?filter=stage%3Aspare%20-hold%20region%3Ablr1&sort=-rack&limit=1&cursor=c1"], _server.Requests.Select(seen => seen.Query));
    }

    [Fact]
    public async Task Hostile_text_is_shown_and_does_nothing()
    {
        const string Hostile = "\\u001b[2J\\u001b]0;owned\\u0007 \\u202Egnp\\u009b31m\\nroot# é 😀";
        _server.On("GET /api/v1/machines", Canned.Page(Canned.Machine(extra: $"\"owner\":\"{Hostile}\",")))
            .On("GET /api/v1/machines/sn-1", StubServer.Problem(409, "machine-busy", Hostile));
        foreach (var format in (string[])["table", "wide", "json", "yaml", "name"])
        {
            var ran = await _terminal.RunAsync("machine", "list", "-o", format);
            Assert.DoesNotContain(ran.Out, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
            Assert.DoesNotContain("\nroot#", ran.Out, StringComparison.Ordinal);
        }
        Assert.Contains("\\u001b[2J", (await _terminal.RunAsync("machine", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("é 😀", (await _terminal.RunAsync("machine", "list")).Out, StringComparison.Ordinal);
        var refused = await _terminal.RunAsync("machine", "show", "sn-1");
        Assert.DoesNotContain(refused.Error, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        Assert.Equal("\e[2J\e]0;owned\a \u202egnp\u009b31m\nroot# é 😀",
            Normal((await _terminal.RunAsync("machine", "list", "-o", "json")).Out)["items"]![0]!["owner"]!.GetValue<string>()); // escaped, not altered
    }

    [Fact]
    public async Task A_rack_is_drawn_from_the_top()
    {
        _server.On("GET /api/v1/racks/blr1.r12", """{"id":"blr1.r12","region":"blr1","units":4,"row":"A","powerFeed":"F1","switchPair":"s1","slots":[{"unit":2,"height":2,"machine":"sn-1"}],"createdAt":"2026-01-31T12:00:00Z","version":3}""");
        Assert.EndsWith("UNIT  MACHINE\n   4  ·\n   3  sn-1\n   2  │\n   1  ·\n", (await _terminal.RunAsync("rack", "show", "blr1.r12")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("machine history sn-1", "GET /api/v1/machines/sn-1/history", """{"items":[{"version":1,"position":"5","time":"2026-01-31T12:00:00Z","type":"machine.racked.v1","summary":"Racked","actor":"ada","changes":[]}]}""", "Racked")]
    [InlineData("machine diff sn-1 --from 2026-01-31T12:00Z --to 2026-02-01T00:00Z", "GET /api/v1/machines/sn-1/diff", """{"items":[{"field":"stage","before":"\"racked\"","after":"\"spare\""}]}""", "\"spare\"")]
    [InlineData("region list", "GET /api/v1/regions", """{"items":[{"id":"blr1","description":"First","createdAt":"2026-01-31T12:00:00Z","version":1}],"total":1,"totalIsMore":false}""", "First")]
    [InlineData("region show blr1", "GET /api/v1/regions/blr1", """{"id":"blr1","description":"First","createdAt":"2026-01-31T12:00:00Z","version":1}""", "First")]
    [InlineData("profile list", "GET /api/v1/profiles", """{"items":[{"id":"compute-v3","name":"compute","version":3,"spec":{"memoryMiB":1024,"cpu":{"sockets":2}},"createdAt":"2026-01-31T12:00:00Z"}],"total":1,"totalIsMore":false}""", "2 × any")]
    [InlineData("profile show compute-v3", "GET /api/v1/profiles/compute-v3", """{"id":"compute-v3","name":"compute","version":3,"spec":{"disks":[{"count":2,"sizeMiB":1024}]},"createdAt":"2026-01-31T12:00:00Z"}""", "2 × 1 GiB")]
    [InlineData("image show deb@1", "GET /api/v1/images/deb%401", """{"id":"deb@1","name":"deb","version":1,"format":"raw","sha256":"aa","sizeBytes":1,"diskSha256":"bb","diskSizeBytes":2048,"bootMode":"any","signedBy":"k","deprecated":false,"registeredAt":"2026-01-31T12:00:00Z"}""", "2 KiB")]
    [InlineData("op list", "GET /api/v1/operations", """{"items":[{"id":"o1","kind":"inspect","machine":"sn-1","state":"running","percent":3,"steps":[],"startedAt":"2026-01-31T12:00:00Z","actor":"ada","version":1}],"total":1,"totalIsMore":false}""", "running")]
    [InlineData("event tail", "GET /api/v1/events", """{"items":[],"nextPosition":"7"}""", "POSITION")]
    public async Task Every_noun_is_read_in_every_format(string line, string route, string json, string expected)
    {
        _server.On(Uri.UnescapeDataString(route), json);
        var words = line.Split(' ');
        Assert.Contains(expected, (await _terminal.RunAsync(words)).Out, StringComparison.Ordinal);
        foreach (var format in (string[])["wide", "json", "yaml", "name"])
        {
            var ran = await _terminal.RunAsync([.. words, "-o", format]);
            Assert.True(ran.Exit == 0, ran.Error);
            if (format == "json") JsonDocument.Parse(ran.Out).Dispose();
        }
    }

    [Fact]
    public async Task Time_travel_asks_for_that_time_in_utc()
    {
        _server.On("GET /api/v1/machines/sn-1", Canned.Machine());
        await _terminal.RunAsync("machine", "show", "sn-1", "--at", "2026-01-31T13:30+01:00");
        Assert.Equal("?at=2026-01-31T12%3A30%3A00Z", Assert.Single(_server.Requests).Query);
    }
}
