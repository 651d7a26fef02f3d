using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>webhook, alert, log: what is asked, and what is shown of the answer.</summary>
public sealed class ToldTests : AgainstStub
{
    const string Webhook = """{"id":"pager","url":"https://a.example/","kind":"alertmanager","filter":{"types":["drift"],"severity":"warning"},"description":"the night shift","createdAt":"2026-01-05T08:00:00Z","version":1}""";
    const string Alert = """{"id":"drift.sn1.power","state":"firing","severity":"critical","source":"drift","target":"machine:sn1","summary":"sn1 is off","runbook":"ops/runbooks/README.md#drift","rack":"blr1.r1","firedAt":"2026-01-05T08:00:00Z","changedAt":"2026-01-05T08:00:00Z","times":3,"version":1}""";

    [Fact]
    public async Task A_webhook_is_made_with_a_secret_from_a_file_or_one_that_is_said_once()
    {
        _server.On("POST /api/v1/webhooks", """{"id":"pager","url":"https://a.example/","kind":"alertmanager","secret":"ppec_whs_pager_x"}""", 201);
        var made = await _terminal.RunAsync("webhook", "create", "pager", "--url", "https://a.example/", "--kind", "alertmanager", "--severity", "warning", "--types", "drift, machine-*", "--description", "the night shift");
        Assert.Equal(0, made.Exit);
        Assert.Contains("ppec_whs_pager_x", made.Out, StringComparison.Ordinal);
        var body = _server.Of("POST /api/v1/webhooks").Single().Body;
        foreach (var part in (string[])["\"types\":[\"drift\",\"machine-*\"]", "\"severity\":\"warning\"", "\"kind\":\"alertmanager\""]) Assert.Contains(part, body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "a-secret-of-ours-here\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await _terminal.RunAsync("webhook", "create", "pager", "--url", "https://a.example/", "--secret-file", file)).Exit);
        File.Delete(file);
        Assert.Contains("\"secret\":\"a-secret-of-ours-here\"", _server.Of("POST /api/v1/webhooks").Last().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_is_listed_shown_changed_tested_and_deleted()
    {
        _server.On("GET /api/v1/webhooks", $$"""{"items":[{{Webhook}}],"total":1,"totalIsMore":false}""").On("GET /api/v1/webhooks/pager", Webhook).On("POST /api/v1/webhooks/pager", Webhook)
            .On("POST /api/v1/webhooks/pager/test", Webhook).On("POST /api/v1/webhooks/pager/delete", "", 204)
            .On("GET /api/v1/webhooks/pager/deliveries", """{"items":[{"id":"17","type":"alert.fired.v1","stream":"alert-x","attempt":2,"at":"2026-01-05T08:00:00Z","delivered":false,"status":503,"error":"It answered 503.","nextAt":"2026-01-05T08:00:02Z"}]}""");
        Assert.Contains("drift warning", (await _terminal.RunAsync("webhook", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("the night shift", (await _terminal.RunAsync("webhook", "show", "pager")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("webhook", "set", "pager", "--stream", "machine-")).Exit);
        Assert.Contains("\"stream\":\"machine-\"", _server.Of("POST /api/v1/webhooks/pager").Single().Body, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("webhook", "test", "pager")).Exit);
        var tried = (await _terminal.RunAsync("webhook", "deliveries", "pager")).Out;
        foreach (var word in (string[])["17", "alert.fired.v1", "2", "It answered 503."]) Assert.Contains(word, tried, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("webhook", "delete", "pager")).Exit);
    }

    [Fact]
    public async Task An_alert_is_listed_shown_and_turned()
    {
        _server.On("GET /api/v1/alerts", $$"""{"items":[{{Alert}}],"total":1,"totalIsMore":false}""").On("GET /api/v1/alerts/drift.sn1.power", Alert);
        foreach (var turn in (string[])["ack", "resolve", "silence"]) _server.On($"POST /api/v1/alerts/drift.sn1.power/{turn}", Alert);
        Assert.Contains("sn1 is off", (await _terminal.RunAsync("alert", "list", "--filter", "state:firing")).Out, StringComparison.Ordinal);
        var shown = (await _terminal.RunAsync("alert", "show", "drift.sn1.power")).Out;
        foreach (var word in (string[])["critical", "machine:sn1", "ops/runbooks/README.md#drift"]) Assert.Contains(word, shown, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("alert", "ack", "drift.sn1.power")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("alert", "resolve", "drift.sn1.power", "--reason", "seen")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("alert", "silence", "drift.sn1.power", "--until", "2026-12-01T08:00Z")).Exit);
        Assert.Contains("2026-12-01T08:00:00", _server.Of("POST /api/v1/alerts/drift.sn1.power/silence").Single().Body, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("alert", "silence", "drift.sn1.power")).Exit);
    }

    [Fact]
    public async Task Lines_are_searched_page_after_page()
    {
        string Line(int number) => $$"""{"number":{{number}},"time":"2026-01-05T08:00:00Z","level":"warning","source":"ppec","machine":"sn1","operation":"op1","text":"line {{number}}"}""";
        _server.On("GET /api/v1/logs", $$"""{"items":[{{Line(9)}},{{Line(8)}}]}""");
        var ran = await _terminal.RunAsync("log", "search", "no disk", "--machine", "sn1", "--operation", "op1", "--source", "ppec", "--level", "warning", "--from", "2026-01-05T00:00Z", "--to", "2026-01-06T00:00Z");
        Assert.Equal(0, ran.Exit);
        foreach (var word in (string[])["line 9", "line 8", "warning", "sn1"]) Assert.Contains(word, ran.Out, StringComparison.Ordinal);
        var query = _server.Requests.Single().Query;
        foreach (var part in (string[])["machine=sn1", "operation=op1", "source=ppec", "level=warning", "text=no", "from=2026-01-05", "to=2026-01-06"]) Assert.Contains(part, query, StringComparison.Ordinal);
        var names = await _terminal.RunAsync("log", "search", "-o", "name");
        Assert.Equal(("9\n8\n", ""), (names.Out, names.Error));
    }
}
