namespace Ppec.Api.Tests.Lists;

/// <summary>Every noun tells its past: what happened, who did it, and what differs between two times; after its end too.</summary>
public sealed class PastTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    static IEnumerable<string?> Types(Answer history) => history.Is(200).Items.Select(e => (string?)e!["type"]);

    static string Now => Uri.EscapeDataString(DateTimeOffset.UtcNow.ToString("O"));

    [Fact]
    public async Task What_was_described_and_deleted_still_tells_of_itself()
    {
        var name = Things.New("past");
        var key = name.ToLowerInvariant();
        (await Api.Post("/api/v1/filters", new { name = key, expression = "stage:spare" }, "Ppec-Reason", "to begin with")).Is(201);
        (await Api.Post("/api/v1/tags", new { key, description = "first" })).Is(201);
        (await Api.Post("/api/v1/webhooks", new { id = key, url = "https://127.0.0.1/x", secret = "a-secret-of-the-receivers" })).Is(201);
        var between = Now;
        (await Api.Post("/api/v1/filters", new { name = key, expression = "stage:racked" })).Is(201);
        (await Api.Post("/api/v1/tags", new { key, description = "second" })).Is(201);
        (await Api.Post($"/api/v1/webhooks/{key}", new { description = "second" })).Is(200);
        foreach (var plural in (string[])["filters", "tags", "webhooks"]) (await Api.Post($"/api/v1/{plural}/{key}/delete")).Is(204);

        var filter = (await Api.Get($"/api/v1/filters/{key}/history")).Is(200).Items;
        Assert.Equal(("admin", "to begin with"), ((string?)filter[0]!["actor"], (string?)filter[0]!["reason"]));
        Assert.Contains(filter[1]!["changes"]!.AsArray(), c => ((string?)c!["before"], (string?)c["after"]) == ("\"stage:spare\"", "\"stage:racked\""));
        Assert.Equal("filter.deleted.v1", (string?)filter[^1]!["type"]);
        Assert.Equal(3, Types(await Api.Get($"/api/v1/tags/{key}/history")).Count());
        var webhook = await Api.Get($"/api/v1/webhooks/{key}/history");
        Assert.Equal(["webhook.created.v1", "webhook.set.v1", "webhook.deleted.v1"], Types(webhook));
        Assert.DoesNotContain("a-secret-of-the-receivers", webhook.Text, StringComparison.Ordinal);

        foreach (var answer in (Answer[])[await Api.Get($"/api/v1/filters/{key}/diff?from={between}"), await Api.Get($"/api/v1/tags/{key}/diff?from={between}"), await Api.Get($"/api/v1/webhooks/{key}/diff?from={between}")])
            Assert.All(answer.Is(200).Items, change => Assert.Null(change!["after"])); // it is no more
        (await Api.Get($"/api/v1/filters/{Things.New("never")}/history")).Is(404);
    }

    [Fact]
    public async Task Places_profiles_and_images_tell_each_of_itself_alone()
    {
        var rack = await Api.Rack();
        var region = rack.Split('.')[0];
        var between = Now;
        (await Api.Post($"/api/v1/regions/{region}/set", new { description = "moved" })).Is(200);
        (await Api.Post($"/api/v1/racks/{rack}/set", new { units = 44 })).Is(200);
        Assert.Equal(["region.created.v1", "region.described.v1"], Types(await Api.Get($"/api/v1/regions/{region}/history")));
        Assert.Contains((await Api.Get($"/api/v1/regions/{region}/diff?from={between}")).Is(200).Items, c => (string?)c!["after"] == "\"moved\"");
        Assert.Contains((await Api.Get($"/api/v1/racks/{rack}/history")).Is(200).Items, e => e!["changes"]!.AsArray().Any(c => (string?)c!["field"] == "units" && (string?)c["after"] == "44"));
        Assert.Contains((await Api.Get($"/api/v1/racks/{rack}/diff?from={between}")).Is(200).Items, c => ((string?)c!["before"], (string?)c["after"]) == ("42", "44"));

        var profile = Things.New("fit");
        foreach (var memory in (int[])[1024, 2048]) (await Api.Post("/api/v1/profiles", new { name = profile, spec = new { memoryMiB = memory } })).Is(201);
        Assert.Single((await Api.Get($"/api/v1/profiles/{profile}-v1/history")).Is(200).Items); // the second version is another
        (await Api.Get($"/api/v1/profiles/{profile}-v1/diff?from={between}")).Is(200);
        var (image, _) = await shared.Node.Image();
        Assert.Single((await Api.Get($"/api/v1/images/{Uri.EscapeDataString(image)}/history")).Is(200).Items);
        Assert.NotEmpty((await Api.Get($"/api/v1/images/{Uri.EscapeDataString(image)}/diff?from={between}")).Is(200).Items);
    }

    [Fact]
    public async Task Operations_alerts_and_grants_do_too()
    {
        var rack = await Api.Rack();
        var machine = await Api.Machine(rack, 1);
        var between = Now;
        (await Api.Post($"/api/v1/machines/{machine}/hold", new { reason = "a fan rattles" })).Is(200);
        var alert = $"machine-held.{machine}.operator";
        await Things.Eventually("the alert fires", async () => (await Api.Get($"/api/v1/alerts/{alert}")).Status == 200);
        (await Api.Post($"/api/v1/alerts/{alert}/ack")).Is(200);
        Assert.Equal(["alert.fired.v1", "alert.acknowledged.v1"], Types(await Api.Get($"/api/v1/alerts/{alert}/history")));
        Assert.Contains((await Api.Get($"/api/v1/alerts/{alert}/diff?from={between}")).Is(200).Items, c => (string?)c!["after"] == "\"acknowledged\"");

        var operation = (await Api.Work("/api/v1/machines/tag", new { machines = new[] { machine }, set = new { team = "x" } }))["id"];
        Assert.NotEmpty((await Api.Get($"/api/v1/operations/{operation}/history")).Is(200).Items);
        Assert.NotEmpty((await Api.Get($"/api/v1/operations/{operation}/diff?from={between}")).Is(200).Items);

        var owner = Things.New("team").ToLowerInvariant();
        (await Api.Post("/api/v1/owners", new { id = owner })).Is(201);
        var grant = (string)(await Api.Post("/api/v1/grants", new { subject = $"owner:{owner}", role = "viewer", scope = $"owner:{owner}" })).Is(201).Json["id"]!;
        (await Api.Post($"/api/v1/grants/{grant}/revoke")).Is(204);
        Assert.Equal(["access.granted.v1", "access.grant-revoked.v1"], Types(await Api.Get($"/api/v1/grants/{grant}/history")));
        (await Api.Get($"/api/v1/grants/{grant}/diff?from={between}")).Is(404); // it was at neither time
    }
}
