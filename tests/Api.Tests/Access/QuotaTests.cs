namespace Ppec.Api.Tests.Access;

/// <summary>A team has no more machines than its quotas say, however they come to it, and however many ask at once.</summary>
public sealed class QuotaTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    async Task<string> Owner(object quotas)
    {
        var id = Things.New("team");
        (await Api.Post("/api/v1/owners", new { id, quotas })).Is(201);
        return id;
    }

    [Fact]
    public async Task Of_many_who_ask_at_once_as_many_get_one_as_there_is_room_for()
    {
        var owner = await Owner(new { machines = 3 });
        var rack = await Api.Rack();
        var machines = await Task.WhenAll(Enumerable.Range(1, 8).Select(unit => Api.Machine(rack, unit)));
        var answers = await Task.WhenAll(machines.Select(m => Api.Post($"/api/v1/machines/{m}/set", new { owner })));
        Assert.Equal(3, answers.Count(a => a.Status == 200));
        Assert.All(answers.Where(a => a.Status != 200), a => a.Is(403, "quota-exceeded"));
        Assert.Equal(3, (int)(await Api.Get($"/api/v1/machines?filter=owner:{owner}")).Is(200).Json["total"]!);

        // One that is its own already asks for nothing, and one that is given back makes room.
        var own = machines[Array.FindIndex(answers, a => a.Status == 200)];
        var other = machines[Array.FindIndex(answers, a => a.Status != 200)];
        (await Api.Post($"/api/v1/machines/{own}/set", new { owner, note = "kept" })).Is(200);
        (await Api.Post($"/api/v1/machines/{other}/set", new { owner })).Is(403, "quota-exceeded");
        (await Api.Post($"/api/v1/machines/{own}/set", new { owner = "" })).Is(200);
        (await Api.Post($"/api/v1/machines/{other}/set", new { owner })).Is(200);
        (await Api.Post("/api/v1/owners", new { id = owner, quotas = new { machines = 4 } })).Is(201);
        await Things.Eventually("the quota is raised", async () => (await Api.Post($"/api/v1/machines/{own}/set", new { owner })).Status == 200);
    }

    [Fact]
    public async Task What_is_refused_otherwise_takes_no_room()
    {
        var owner = await Owner(new { machines = 1 });
        var rack = await Api.Rack();
        var (first, second) = (await Api.Machine(rack, 1), await Api.Machine(rack, 2));
        (await Api.Post($"/api/v1/machines/{first}/set", new { owner, unit = 2 })).Is(409, "rack-unit-taken");
        (await Api.Post($"/api/v1/machines/{second}/set", new { owner })).Is(200);
        (await Api.Post($"/api/v1/machines/{first}/set?plan=true", new { owner })).Is(403, "quota-exceeded");
    }

    [Fact]
    public async Task A_plan_says_what_it_takes_of_the_quota_and_many_at_once_are_counted_together()
    {
        var rack = await Api.Rack();
        await using var site = await shared.Node.Lab(Things.New("quota"), 2, rack);
        var profile = await Api.Profile(site.Rows[0]);
        foreach (var row in site.Rows) await Api.Work($"/api/v1/machines/{await Api.Rack(row, profile)}/inspect");
        var spares = (await Api.Get($"/api/v1/machines?filter=rack:{rack}+stage:spare")).Is(200).Items;
        var (type, one, two) = ((string)spares[0]!["type"]!, (string)spares[0]!["id"]!, (string)spares[1]!["id"]!);
        var (image, _) = await shared.Node.Image();
        var owner = await Owner(new Dictionary<string, int> { [$"machines:{type}"] = 1 });

        var wish = new { type, count = 2, image, hostnamePattern = "q-{n}", owner, filter = $"rack:{rack}" };
        (await Api.Post("/api/v1/machines/provision", wish)).Is(403, "quota-exceeded");
        var plan = (await Api.Post($"/api/v1/machines/{one}/provision?plan=true", new { image, hostname = "q-1", owner })).Is(200);
        Assert.Equal($"one of at most 1 machines:{type}", (string?)plan.Json["effects"]!.AsArray().Single(e => (string)e!["kind"]! == "quota")!["detail"]);
        var started = (await Api.Post($"/api/v1/machines/{one}/provision", new { image, hostname = "q-1", owner }, "Ppec-Plan", plan.Header("Ppec-Plan")!)).Is(202);
        Assert.Equal(owner, (string?)(await Api.Show(one))["owner"]); // while it is being made
        (await Api.Post($"/api/v1/machines/{two}/provision", new { image, hostname = "q-2", owner })).Is(403, "quota-exceeded");
        await Api.Ends((string)started.Json["id"]!);
        (await Api.Post($"/api/v1/machines/{two}/provision", new { image, hostname = "q-2", owner })).Is(403, "quota-exceeded");
        await Api.Ends((string)(await Api.Post($"/api/v1/machines/{one}/release")).Is(202).Json["id"]!);
        (await Api.Post($"/api/v1/machines/{two}/provision?plan=true", new { image, hostname = "q-2", owner })).Is(200);
    }
}
