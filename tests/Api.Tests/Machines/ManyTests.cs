using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Machines;

/// <summary>Commands to many machines over HTTP: planned with every machine named, done to exactly those, refused row by row.</summary>
public sealed class ManyTests(SharedNode shared)
{
    TestNode Node => shared.Node;

    Calls Api => shared.Node.Api;

    sealed record Wish(string Type, int Count, string Image, string HostnamePattern, string Owner, string Filter, int Substitutes);

    async Task<JsonObject> Ends(Answer started)
    {
        var ended = await Api.Ends((string)started.Is(202).Json["id"]!);
        Assert.StartsWith("b", (string)ended["id"]!, StringComparison.Ordinal);
        return ended;
    }

    [Fact]
    public async Task A_list_is_racked_inspected_provisioned_tagged_and_retired_as_one()
    {
        var rack = await Api.Rack();
        await using var site = await Node.Lab(Things.New("many"), 3, rack);
        var profile = await Api.Profile(site.Rows[0]);
        var list = new
        {
            machines = site.Rows.Select(row => new
            {
                serial = row.Serial, rack = row.Rack, unit = row.Unit, profile, macs = row.Macs,
                bmc = new { address = row.BmcAddress, user = row.BmcUser, password = File.ReadAllText(row.BmcPasswordFile).Trim() },
            }).ToArray(),
        };
        var plan = (await Api.Post("/api/v1/machines/rack?plan=true", list)).Is(200);
        Assert.Equal(3, plan.Json["effects"]!.AsArray().Count(e => (string)e!["kind"]! == "place"));
        Assert.Equal(3, (int)(await Ends(await Api.Post("/api/v1/machines/rack", list)))["children"]!["succeeded"]!);
        (await Api.Post("/api/v1/machines/rack", list)).Is(400, "invalid"); // they are all there by now

        var inspected = await Ends(await Api.Post("/api/v1/machines/inspect", new { filter = $"rack:{rack}", maxParallel = 2 }));
        Assert.Equal("succeeded", (string?)inspected["state"]);
        var type = (string)(await Api.Get($"/api/v1/machines?filter=rack:{rack}+stage:spare")).Is(200).Items[0]!["type"]!;

        var (image, _) = await Node.Image();
        var wish = new Wish(type, 2, image, "pay-{n:000}", "payments", $"rack:{rack}", 1);
        var planned = (await Api.Post("/api/v1/machines/provision?plan=true", wish)).Is(200);
        Assert.Equal(2, planned.Json["machines"]!.AsArray().Count);
        Assert.Single(planned.Json["effects"]!.AsArray(), e => (string)e!["kind"]! == "substitute");
        (await Api.Post("/api/v1/machines/provision", wish, "Ppec-Plan", new string('0', 64))).Is(412, "plan-stale");
        (await Api.Post("/api/v1/machines/provision", wish with { Count = 4 })).Is(507, "no-capacity");
        var provisioned = await Ends(await Api.Post("/api/v1/machines/provision", wish, "Ppec-Plan", planned.Header("Ppec-Plan")!));
        Assert.Equal("succeeded", (string?)provisioned["state"]);
        Assert.Equal(["pay-001", "pay-002"], (await Api.Get($"/api/v1/machines?filter=rack:{rack}+stage:baremetal")).Is(200).Items.Select(m => (string?)m!["hostname"]).Order());

        Assert.Equal("succeeded", (string?)(await Ends(await Api.Post("/api/v1/machines/tag", new { filter = $"rack:{rack}", set = new { team = "payments" } })))["state"]);
        Assert.Equal(3, (int)(await Api.Get($"/api/v1/machines?filter=rack:{rack}+tag.team=payments")).Is(200).Json["total"]!);

        Assert.Equal("succeeded", (string?)(await Ends(await Api.Post("/api/v1/machines/release", new { filter = $"rack:{rack} stage:baremetal hostname:pay-002" })))["state"]);
        Assert.Equal(2, (int)(await Api.Get($"/api/v1/machines?filter=rack:{rack}+stage:spare")).Is(200).Json["total"]!);

        var retired = await Ends(await Api.Post("/api/v1/machines/retire", new { filter = $"rack:{rack}" }));
        Assert.Equal("succeeded", (string?)retired["state"]);
        Assert.Equal(3, (int)(await Api.Get($"/api/v1/machines?filter=rack:{rack}+stage:retired")).Is(200).Json["total"]!);
        (await Api.Post("/api/v1/machines/retire", new { filter = $"rack:{rack}" })).Is(409, "nothing-chosen");

        var listed = (await Api.Get($"/api/v1/operations?filter=kind:retire&limit=1000")).Is(200);
        Assert.Contains((string)retired["id"]!, listed.Ids);
        var then = (await Api.Get($"/api/v1/operations/{retired["id"]}?at={Uri.EscapeDataString((string)retired["startedAt"]!)}")).Is(200);
        Assert.Equal("running", (string?)then.Json["state"]);
    }

    [Theory]
    [InlineData("inspect", """{}""", "filter")]
    [InlineData("inspect", """{"filter":"stage:racked","machines":["m1"]}""", "filter")]
    [InlineData("inspect", """{"filter":"stage:racked","maxParallel":0}""", "maxParallel")]
    [InlineData("retire", """{"filter":"nonsense:1"}""", "filter")]
    [InlineData("retire", """{"machines":["Not An Id"]}""", "machines[0]")]
    [InlineData("tag", """{"filter":"stage:racked"}""", "set")]
    [InlineData("provision", """{"type":"c-v1","count":0,"image":"d","hostnamePattern":"x-{n}","owner":"o"}""", "count")]
    [InlineData("provision", """{"type":"c-v1","count":1,"image":"d","hostnamePattern":"x","owner":"o"}""", "hostnamePattern")]
    [InlineData("provision", """{"type":"c-v1","count":1,"image":"d","hostnamePattern":"X_{n}","owner":"o"}""", "hostnamePattern")]
    [InlineData("provision", """{"type":"c-v1","count":1,"image":"d","hostnamePattern":"x-{n:9}","owner":"o"}""", "hostnamePattern")]
    [InlineData("provision", """{"type":"c-v1","count":1,"image":"","hostnamePattern":"x-{n}","owner":"o"}""", "image")]
    [InlineData("provision", """{"type":"c-v1","count":2,"image":"d","hostnamePattern":"x-{n}","owner":"o","machines":["m1"]}""", "machines")]
    [InlineData("provision", """{"type":"c-v1","count":1,"image":"d","hostnamePattern":"x-{n}","owner":"o","spread":"wide"}""", "spread")]
    [InlineData("rack", """{"machines":[]}""", "machines")]
    [InlineData("rack", """{"machines":[{"serial":"To be filled by O.E.M.","rack":"a.b","unit":1}]}""", "machines[0].serial")]
    [InlineData("rack", """{"machines":[{"serial":"S1","rack":"a.b","unit":1},{"serial":"S2","rack":"nodot","unit":1}]}""", "machines[1].rack")]
    public async Task What_is_wrong_is_named(string verb, string body, string field)
    {
        var refused = (await Api.Post($"/api/v1/machines/{verb}", body)).Is(400, "invalid");
        Assert.Contains(field, refused.Fields);
        (await Api.Post($"/api/v1/machines/{verb}?plan=true", body)).Is(400, "invalid");
    }

    [Fact]
    public async Task Named_machines_that_cannot_are_all_named_and_nothing_begins()
    {
        var rack = await Api.Rack();
        var (one, two) = (await Api.Machine(rack, 1), await Api.Machine(rack, 2));
        var refused = (await Api.Post("/api/v1/machines/inspect", new { machines = new[] { one, two, "no-such" } })).Is(409, "machine-wrong-stage");
        Assert.Equal(["machines[0]", "machines[1]", "machines[2]"], refused.Fields);
    }
}
