namespace Ppec.Api.Tests.Logs;

/// <summary>Lines that were said while machines were worked on.</summary>
public sealed class LogTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    [Fact]
    public async Task What_was_said_of_a_machine_is_found_by_machine_operation_source_level_time_and_text()
    {
        var rack = await Api.Rack();
        var site = await shared.Node.Lab("logged", 1, rack);
        var row = site.Rows.Single();
        var machine = await Api.Rack(row, await Api.Profile(row));
        var before = DateTimeOffset.UtcNow;
        var work = (string)(await Api.Work($"/api/v1/machines/{machine}/inspect"))["id"]!;
        var all = (await Api.Get($"/api/v1/logs?machine={machine}&limit=1000")).Is(200).Items;
        Assert.Contains(all, l => (string?)l!["source"] == "agent" && (string?)l["text"] == "PIOUS connected" && (string?)l["operation"] == work);
        Assert.Contains(all, l => (string?)l!["source"] == "ppec");
        Assert.Contains(all, l => (string?)l!["source"] == "boot");
        var numbers = all.Select(l => (long)l!["number"]!).ToList();
        Assert.Equal(numbers.OrderDescending(), numbers);

        async Task<int> Count(string query) => (await Api.Get($"/api/v1/logs?machine={machine}&limit=1000&{query}")).Is(200).Items.Count;
        Assert.Equal(1, await Count("text=pious%20CONNECTED"));
        Assert.Equal(all.Count(l => (string?)l!["operation"] == work), await Count($"operation={work}"));
        Assert.Equal(all.Count(l => (string?)l!["source"] == "agent"), await Count("source=agent"));
        Assert.Equal(all.Count, await Count("level=info"));
        Assert.Equal(0, await Count("level=error"));
        Assert.Equal(all.Count, await Count($"from={Uri.EscapeDataString(before.AddMinutes(-1).ToString("O"))}"));
        Assert.Equal(0, await Count($"to={Uri.EscapeDataString(before.AddMinutes(-1).ToString("O"))}"));

        var paged = new List<long>();
        for (string? cursor = null; ;)
        {
            var page = (await Api.Get($"/api/v1/logs?machine={machine}&limit=2{(cursor is null ? "" : $"&cursor={cursor}")}")).Is(200);
            paged.AddRange(page.Items.Select(l => (long)l!["number"]!));
            if ((cursor = (string?)page.Json["nextCursor"]) is null) break;
        }
        Assert.Equal(numbers, paged);
    }

    [Theory]
    [InlineData("level=loud", "level"), InlineData("source=gossip", "source"), InlineData("from=yesterday", "from"), InlineData("limit=0", "limit"), InlineData("cursor=x", "cursor"), InlineData("text=a%00b", "text")]
    public async Task What_cannot_be_asked_is_said_by_name(string query, string field) =>
        Assert.Equal([field], (await Api.Get($"/api/v1/logs?{query}")).Is(400, "invalid").Fields);

    [Fact]
    public async Task A_failure_has_its_level()
    {
        var rack = await Api.Rack();
        var machine = (string)(await Api.Post("/api/v1/machines", new { serial = Things.New("DEAF"), rack, unit = 1, bmc = new { address = "http://127.0.0.1:9", user = "admin", password = "nobody-there" } })).Is(201).Json["id"]!;
        var work = (string)(await Api.Post($"/api/v1/machines/{machine}/inspect")).Is(202).Json["id"]!;
        await Things.Eventually("a failure is said", async () => (await Api.Get($"/api/v1/logs?operation={work}&level=warning")).Is(200).Items.Count > 0);
        (await Api.Post($"/api/v1/operations/{work}/cancel", new { reason = "seen" })).Is(202);
    }
}
