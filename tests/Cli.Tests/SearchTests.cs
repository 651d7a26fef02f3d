using System.Text.Json;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>find, disk, filter, tag: what is asked, and what is shown of the answer.</summary>
public sealed class SearchTests : AgainstStub
{
    const string Tag = """{"id":"env","values":["prod","test"],"requiredOn":["machine"],"protected":true,"description":"Who may see it","used":3,"setAt":"2026-01-05T08:00:00Z","version":1}""";
    const string Filter = """{"id":"idle","expression":"stage:spare -hold","owner":"admin","savedAt":"2026-01-05T08:00:00Z","version":1}""";

    [Fact]
    public async Task Every_filter_goes_out_as_it_was_typed()
    {
        _server.On("GET /api/v1/machines", """{"items":[],"total":0,"totalIsMore":false}""");
        using var vectors = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "filter.vectors.json"), TestContext.Current.CancellationToken));
        foreach (var vector in vectors.RootElement.GetProperty("parsed").EnumerateArray().Concat(vectors.RootElement.GetProperty("refused").EnumerateArray()))
        {
            var text = vector.GetProperty("text").GetString()!;
            if (string.IsNullOrWhiteSpace(text)) continue;
            Assert.Equal((0, ""), (await _terminal.RunAsync("machine", "list", $"--filter={text}", "-o", "name") is var ran ? ran.Exit : 1, ran.Error));
            Assert.Contains($"filter={Uri.EscapeDataString(text)}", _server.Requests.Last().Query.Replace("+", "%20", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Find_says_what_was_found_and_by_what()
    {
        _server.On("GET /api/v1/find", """{"items":[{"noun":"machine","id":"sn1","field":"mac","value":"52:54:00:12:34:56","exact":true}]}""");
        var ran = await _terminal.RunAsync("find", "52-54-00-12-34-56");
        Assert.Equal(0, ran.Exit);
        foreach (var word in (string[])["machine", "sn1", "mac", "52:54:00:12:34:56", "exact"]) Assert.Contains(word, ran.Out, StringComparison.Ordinal);
        Assert.Contains("q=52-54-00-12-34-56", _server.Requests.Single().Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_shows_its_machines_and_wipes()
    {
        _server.On("GET /api/v1/disks/S6", """{"serial":"S6","model":"PM9A3","wwn":"","sizeBytes":1,"machine":"sn2","stays":[{"machine":"sn1","slot":"a","from":"2026-01-05T08:00:00Z","until":"2026-01-06T08:00:00Z","seen":"2026-01-05T09:00:00Z"}],"wipes":[{"machine":"sn1","operation":"op1","method":"nvme-format","sanitizationClass":"purge","verified":true,"samplesRead":7,"startedAt":"2026-01-05T08:00:00Z","finishedAt":"2026-01-05T08:00:00Z"}]}""");
        // Who is no auditor sees what a disk is and was.
        _server.On("GET /api/v1/disks/S6/record", """{"status":403,"code":"forbidden","detail":"You lack the permission audit.read."}""", 403);
        var ran = await _terminal.RunAsync("disk", "show", "S6");
        Assert.Equal(0, ran.Exit);
        foreach (var word in (string[])["sn2", "sn1", "nvme-format", "purge", "7 samples", "op1"]) Assert.Contains(word, ran.Out, StringComparison.Ordinal);
        Assert.Equal(5, (await _terminal.RunAsync("disk", "show", "S6", "--record")).Exit);

        var wipe = """{"machine":"sn1","operation":"op1","method":"nvme-format","sanitizationClass":"purge","verified":true,"samplesRead":7,"startedAt":"2026-01-05T08:00:00Z","finishedAt":"2026-01-05T08:00:00Z"}""";
        var plan = """{"command":"machine.release","machines":["sn1"],"effects":[{"kind":"disk-wipe","target":"S6","detail":"all of it"}],"inputs":[],"hash":"abc123"}""";
        var change = $$"""{"id":"ch1","state":"executed","permission":"machine.release","target":"machine-sn1","maker":"alice","command":"ReleaseMachine","body":{},"plan":{{plan}},"stages":[],"approvals":[{"by":"bob","at":"2026-01-05T07:30:00Z","hash":"abc123","comment":"seen"}],"openedAt":"2026-01-05T07:00:00Z","approveUntil":"2026-01-06T07:00:00Z","moved":[],"breakGlass":false,"version":3}""";
        _server.On("GET /api/v1/disks/S6/record", $$"""
            {"disk":{"serial":"S6","model":"PM9A3","wwn":"","sizeBytes":1,"stays":[],"wipes":[{{wipe}}]},
             "wipes":[{"wipe":{{wipe}},"position":"4711","maker":"alice","reason":"end of lease","begunAt":"2026-01-05T07:59:00Z","planHash":"abc123","change":{{change}}}]}
            """);
        var page = await _terminal.RunAsync("disk", "show", "S6");
        Assert.Equal(0, page.Exit);
        foreach (var word in (string[])["alice", "end of lease", "bob", "ch1", "abc123", "disk-wipe S6: all of it", "4711", "no signed head covers it yet"]) Assert.Contains(word, page.Out, StringComparison.Ordinal);
        Assert.Contains("\"planHash\": \"abc123\"", (await _terminal.RunAsync("disk", "show", "S6", "--record", "-o", "json")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_is_saved_listed_shown_and_deleted()
    {
        _server.On("POST /api/v1/filters", Filter, 201).On("GET /api/v1/filters", $$"""{"items":[{{Filter}}],"total":1,"totalIsMore":false}""").On("GET /api/v1/filters/idle", Filter).On("POST /api/v1/filters/idle/delete", "", 204);
        Assert.Contains("stage:spare -hold", (await _terminal.RunAsync("filter", "save", "idle", "stage:spare -hold")).Out, StringComparison.Ordinal);
        Assert.Contains("\"expression\":\"stage:spare -hold\"", _server.Of("POST /api/v1/filters").Single().Body, StringComparison.Ordinal);
        Assert.Contains("idle", (await _terminal.RunAsync("filter", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("admin", (await _terminal.RunAsync("filter", "show", "idle")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("filter", "delete", "idle")).Exit);
    }

    [Fact]
    public async Task A_tag_key_is_set_listed_shown_and_deleted()
    {
        _server.On("POST /api/v1/tags", Tag, 201).On("GET /api/v1/tags", $$"""{"items":[{{Tag}}]}""").On("GET /api/v1/tags/env", Tag).On("POST /api/v1/tags/env/delete", "", 204);
        Assert.Equal(0, (await _terminal.RunAsync("tag", "set", "env", "--values", "prod, test", "--required-on", "machine", "--protected", "--description", "Who may see it")).Exit);
        using var body = JsonDocument.Parse(_server.Of("POST /api/v1/tags").Single().Body);
        Assert.Equal(["prod", "test"], body.RootElement.GetProperty("values").EnumerateArray().Select(v => v.GetString()));
        Assert.True(body.RootElement.GetProperty("protected").GetBoolean());
        Assert.Contains("prod, test", (await _terminal.RunAsync("tag", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("Who may see it", (await _terminal.RunAsync("tag", "show", "env")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("tag", "delete", "env")).Exit);
    }
}
