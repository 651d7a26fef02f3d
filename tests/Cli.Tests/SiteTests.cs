using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>A site as a file: sent as it is, and written as it came.</summary>
public sealed class SiteTests : AgainstStub
{
    const string Started = """{"id":"b1","kind":"import","machine":"","state":"running","percent":0,"steps":[],"startedAt":"2026-01-31T12:00:00Z","actor":"admin","version":1}""";

    static string File(string name, string text)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("ppec-cli-").FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    [Theory]
    [InlineData("site.yaml", "yaml", "application/yaml")]
    [InlineData("site.CSV", "csv", "text/csv")]
    [InlineData("site.json", "netbox", "application/json")]
    public async Task A_file_is_sent_as_what_its_name_says(string name, string format, string type)
    {
        _server.On("POST /api/v1/import", StubServer.Json(Started, 202));
        var ran = await _terminal.RunAsync("import", File(name, "a: ü\n"), "--no-wait");
        Assert.Equal((0, "b1\n"), (ran.Exit, ran.Out));
        var sent = Assert.Single(_server.Requests);
        Assert.Equal(($"?format={format}", "a: ü\n", type), (sent.Query, sent.Body, sent.Headers["Content-Type"]));
    }

    [Fact]
    public async Task A_plan_changes_nothing_and_a_problem_is_shown_by_line()
    {
        _server.On("POST /api/v1/import", StubServer.Json("""{"code":"invalid","status":400,"title":"invalid","detail":"1 problems in 1 of 1 rows","errors":[{"field":"machines[0].unit","message":"line 2: A unit is 1 to 100."}]}""", 400));
        var ran = await _terminal.RunAsync("import", File("rows.csv", "serial\n"), "--plan");
        Assert.Equal(3, ran.Exit);
        Assert.Contains("line 2: A unit is 1 to 100.", ran.Error, StringComparison.Ordinal);
        Assert.Equal("?format=csv&plan=true", Assert.Single(_server.Requests).Query);
    }

    [Fact]
    public async Task A_name_that_says_nothing_needs_a_format()
    {
        var ran = await _terminal.RunAsync("import", File("rows", "serial\n"));
        Assert.Equal(2, ran.Exit);
        Assert.Contains("--format", ran.Error, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task An_export_is_printed_or_written_byte_for_byte()
    {
        _server.On("GET /api/v1/export", StubServer.Json("kind,id\nregion,ü\n"));
        var ran = await _terminal.RunAsync("export", "--format", "csv", "--noun", "regions", "--filter", "region:blr1");
        Assert.Equal((0, "kind,id\nregion,ü\n"), (ran.Exit, ran.Out));
        Assert.Equal("?format=csv&noun=regions&filter=region%3Ablr1", Assert.Single(_server.Requests).Query);
        var path = File("out.json", "");
        Assert.Equal(0, (await _terminal.RunAsync("export", "--file", path)).Exit);
        Assert.Equal("kind,id\nregion,ü\n", await System.IO.File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal("?format=netbox", _server.Requests.Last().Query);
    }
}
