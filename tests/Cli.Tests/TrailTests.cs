using System.Text;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>audit search and export: what is asked, what is shown, and that a file that was begun is gone on with.</summary>
public sealed class TrailTests : AgainstStub
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ppec-trail-");

    static string Row(int n, string more = "") =>
        $$"""{"cursor":"{{n}}.0.0","time":"2026-01-31T12:00:{{n:00}}Z","outcome":"accepted","action":"machine.hold","actor":"alice","targets":["machine:sn-{{n}}"],"regions":[],"request":"r{{n}}","events":[{"position":"{{n}}","stream":"machine-sn-{{n}}","type":"machine.held.v1"}],"eventCount":1,"count":1{{more}}}""";

    [Fact]
    public async Task Search_asks_page_by_page_and_shows_what_was_refused()
    {
        var refused = """{"cursor":"1.1.0","time":"2026-01-31T12:00:00Z","outcome":"unauthorised","action":"machine.read","targets":[],"regions":[],"events":[],"eventCount":0,"problem":"unauthenticated","why":"\u001b[31mNo.","count":40}""";
        _server.On("GET /api/v1/audit", context => context.Response.WriteAsync(context.Request.Query["cursor"] == "9.0.0" ? $$"""{"items":[{{refused}}]}""" : $$"""{"items":[{{Row(1)}}],"nextCursor":"9.0.0"}"""));
        var shown = await _terminal.RunAsync("audit", "search", "actor:alice", "--from", "2026-01-01", "--to", "2026-02-01T12:00Z");
        Assert.Equal(0, shown.Exit);
        Assert.Contains("machine:sn-1", shown.Out, StringComparison.Ordinal);
        Assert.Contains("unauthorised ×40", shown.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', shown.Out);
        Assert.Contains("filter=actor%3Aalice&from=2026-01-01T00%3A00%3A00Z&to=2026-02-01T12%3A00%3A00Z&sort=-time", _server.Requests.First().Query, StringComparison.Ordinal);
        Assert.Equal(2, _server.Requests.Count);
        var json = (await _terminal.RunAsync("audit", "search", "--limit", "1", "-o", "json")).Out;
        Assert.Contains("\"nextCursor\": \"9.0.0\"", json, StringComparison.Ordinal);
        Assert.Contains("there are more", (await _terminal.RunAsync("audit", "search", "--limit", "1", "-o", "wide")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("all.jsonl")]
    [InlineData("all.csv")]
    public async Task Export_goes_on_after_the_last_whole_line(string name)
    {
        var (path, csv) = (Path.Combine(_folder.FullName, name), name.EndsWith("csv", StringComparison.Ordinal));
        string Line(int n) => csv ? $"2026,\"a,b\",{n}.0.0\r\n" : $"{Row(n)}\n";
        var cut = true;
        _server.On("GET /api/v1/audit", async context =>
        {
            var from = context.Request.Query["cursor"].ToString() is { Length: > 0 } cursor ? int.Parse(cursor.Split('.')[0], System.Globalization.CultureInfo.InvariantCulture) : 0;
            Assert.Equal(csv ? "text/csv" : "application/jsonl", context.Request.Headers.Accept);
            if (csv) await context.Response.WriteAsync("time,why,cursor\r\n");
            for (var n = from + 1; n <= 5; n++)
            {
                await context.Response.WriteAsync(Line(n));
                await context.Response.Body.FlushAsync();
                if (n != 3 || !cut) continue;
                cut = false;
                context.Abort(); // in the middle: the rest is asked for from there
                return;
            }
        });
        var whole = (csv ? "time,why,cursor\r\n" : "") + string.Concat(Enumerable.Range(1, 5).Select(Line));
        Assert.Equal(0, (await _terminal.RunAsync("audit", "export", "region:blr1", "--to", path)).Exit);
        Assert.Equal(whole, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(2, _server.Requests.Count);

        // A kill left a torn line behind: it is written anew.
        var two = (csv ? "time,why,cursor\r\n" : "") + Line(1) + Line(2);
        await File.WriteAllTextAsync(path, two + Line(3)[..10], TestContext.Current.CancellationToken);
        var ran = await _terminal.RunAsync("audit", "export", "--to", path, "--format", csv ? "csv" : "jsonl");
        Assert.Contains("3 rows written", ran.Error, StringComparison.Ordinal);
        Assert.Equal(whole, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Contains("0 rows written", (await _terminal.RunAsync("audit", "export", "--to", path)).Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(path, "my own notes\n", TestContext.Current.CancellationToken);
        Assert.Equal(2, (await _terminal.RunAsync("audit", "export", "--to", path)).Exit);
        Assert.Equal("my own notes\n", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }
}
