using System.Text;
using System.Text.Json.Nodes;
using Ppec.Api.Tests.Access;

namespace Ppec.Api.Tests.Audit;

/// <summary>Who did what, and who tried: found by what an auditor asks for, seen by whom it concerns, and without a secret.</summary>
public sealed class TrailTests(AccessNode people) : IClassFixture<AccessNode>
{
    const string BmcSecret = "bmc-canary-7Xq", UserSecret = "user-canary-9Zw", TypedSecret = "typed-canary-4kp";

    Calls Admin => people.Admin;

    /// <summary>The rows of a filter, once there are so many of them: attempts are written twice a second.</summary>
    async Task<JsonArray> Rows(string filter, int count, Calls? by = null, string more = "")
    {
        JsonArray rows = [];
        await Things.Eventually($"{filter} finds {count}", async () => (rows = (await (by ?? Admin).Get($"/api/v1/audit?filter={Uri.EscapeDataString(filter)}{more}")).Is(200).Items).Count == count, () => rows.ToJsonString(), 10);
        return rows;
    }

    [Fact]
    public async Task An_accepted_command_is_one_row_with_its_events()
    {
        var rack = await Admin.Rack();
        var machine = await Admin.Machine(rack, 1);
        (await Admin.Post($"/api/v1/machines/{machine}/hold", new { source = "drive", reason = "smart" }, "Ppec-Reason", "it%20rattles", "Ppec-Ticket", "OPS-77")).Is(200);
        var held = Assert.Single(await Rows("ticket:OPS-77", 1))!;
        Assert.Equal(("accepted", "machine.hold", "admin", "bootstrap", "127.0.0.1", "it rattles"), ((string)held["outcome"]!, (string)held["action"]!, (string)held["actor"]!, (string)held["credential"]!, (string)held["source"]!, (string)held["reason"]!));
        Assert.Equal(("machine.held.v1", $"machine-{machine}"), ((string)held["events"]![0]!["type"]!, (string)held["events"]![0]!["stream"]!));
        Assert.Equal(($"machine:{machine}", rack.Split('.')[0]), ((string)held["targets"]![0]!, (string)held["regions"]![0]!));

        // To rack it took its unit and its name: that is one row, of the command.
        var racked = Assert.Single(await Rows($"target:{machine} action:machine.rack", 1))!;
        Assert.Contains("rack.units-occupied.v1", racked["events"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.True((int)racked["eventCount"]! >= 2, racked.ToJsonString());

        foreach (var filter in (string[])[$"target:machine:{machine} action:machine.held", $"target:{machine} actor:admin -action:machine.rack", $"rack:{rack} region:{rack.Split('.')[0]} action:machine.hold outcome:accepted", $"credential:bootstrap ticket:OPS-77,OPS-78 time>=2026-01-01 -outcome:refused"])
            Assert.Single(await Rows(filter, 1));
        await Rows($"target:{machine} time<2026-01-01", 0);
        await Rows($"target:{machine} actor:nobody", 0);
        await Rows($"target:{machine}", 2, more: "&from=2026-01-01T00:00:00Z&to=2099-01-01T00:00:00Z");
        (await Admin.Get("/api/v1/audit?filter=stage:spare")).Is(400, "invalid");
        (await Admin.Get("/api/v1/audit?filter=loose")).Is(400, "invalid");
        (await Admin.Get("/api/v1/audit?cursor=1.2")).Is(400, "invalid");
        (await Admin.Get("/api/v1/audit?sort=actor")).Is(400, "invalid");
    }

    [Fact]
    public async Task What_was_refused_is_there_with_who_and_why()
    {
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        var (viewer, id) = await people.Person("viewer");
        (await viewer.Post($"/api/v1/machines/{machine}/hold", new { source = "drive", reason = "smart" })).Is(403);
        (await viewer.Get("/api/v1/users")).Is(403);
        (await Admin.Post($"/api/v1/machines/{machine}/promote", null)).Is(409);
        var row = Assert.Single(await Rows($"actor:{id} action:machine.hold", 1))!;
        Assert.Equal(("unauthorised", "forbidden", $"machine:{machine}"), ((string)row["outcome"]!, (string)row["problem"]!, (string)row["targets"]![0]!));
        Assert.Contains("smart", (string)row["command"]!, StringComparison.Ordinal);
        await Rows($"actor:{id} action:user.read outcome:unauthorised", 1);
        await Rows($"target:{machine} outcome:refused action:machine.promote", 1);
        await Rows($"target:{machine} outcome:refused action:machine.promote problem:forbidden", 0);
    }

    [Fact]
    public async Task Strangers_are_counted_and_not_believed()
    {
        var nobody = people.Node.As("ppec_pat_nobody_000000000000000000000000000000000000");
        for (var i = 0; i < 40; i++) (await nobody.Get("/api/v1/images")).Is(401);
        JsonArray rows = [];
        // Whole minutes are counted apart, and one may have ended meanwhile.
        await Things.Eventually("all forty are there", async () => (rows = (await Admin.Get("/api/v1/audit?filter=action:image.read+outcome:unauthorised+problem:unauthenticated")).Is(200).Items).Sum(r => (int)r!["count"]!) == 40, () => rows.ToJsonString(), 10);
        Assert.InRange(rows.Count, 6, 12);
        Assert.All(rows, r => Assert.Null(r!["actor"]));
    }

    [Fact]
    public async Task A_regional_auditor_sees_that_region_and_what_she_did()
    {
        var (here, there) = (await Admin.Rack(), await Admin.Rack());
        var (mine, other) = (await Admin.Machine(here, 1), await Admin.Machine(there, 1));
        var (auditor, id) = await people.Person("auditor", $"region:{here.Split('.')[0]}");
        await Rows($"target:{mine}", 1, auditor);
        await Rows($"target:{other}", 1);
        await Rows($"target:{other}", 0, auditor);
        (await auditor.Post("/api/v1/regions", new { id = "mars" })).Is(403);
        await Rows($"actor:{id} action:region.create", 1, auditor);
        await Rows("action:region.create actor:admin", 1, auditor); // only her own region's
        var (stranger, _) = await people.Person();
        (await stranger.Get("/api/v1/audit")).Is(403);
    }

    [Fact]
    public async Task Pages_and_exports_miss_nothing_and_repeat_nothing()
    {
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        for (var i = 0; i < 6; i++)
        {
            (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new Dictionary<string, string> { ["n"] = $"{i}" } })).Is(200);
            (await Admin.Post($"/api/v1/machines/{machine}/promote", null)).Is(409);
        }
        var filter = $"target:{machine}";
        var all = await Rows(filter, 13);
        var newest = all.Select(r => (string)r!["time"]!).ToArray();
        Assert.Equal(newest.OrderDescending(StringComparer.Ordinal), newest);
        foreach (var sort in (string[])["time", "-time"])
        {
            List<string> paged = [];
            for (string? cursor = null; ;)
            {
                var page = (await Admin.Get($"/api/v1/audit?filter={filter}&limit=4&sort={sort}&cursor={cursor}")).Is(200);
                paged.AddRange(page.Items.Select(r => (string)r!["request"]!));
                if ((cursor = (string?)page.Json["nextCursor"]) is null) break;
            }
            Assert.Equal((sort == "time" ? all.Reverse() : all).Select(r => (string)r!["request"]!), paged);
        }

        var lines = (await Admin.Get($"/api/v1/audit?filter={filter}", "Accept", "application/jsonl")).Is(200).Text.TrimEnd('\n').Split('\n').Select(l => JsonNode.Parse(l)!).ToArray();
        Assert.Equal(all.Reverse().Select(r => (string)r!["request"]!), lines.Select(l => (string)l["request"]!));
        var rest = (await Admin.Get($"/api/v1/audit?filter={filter}&cursor={(string)lines[4]["cursor"]!}", "Accept", "application/jsonl")).Is(200).Text.TrimEnd('\n').Split('\n');
        Assert.Equal(lines[5..].Select(l => (string)l["request"]!), rest.Select(l => (string)JsonNode.Parse(l)!["request"]!));
        var sheet = (await Admin.Get($"/api/v1/audit?filter={filter}&cursor={(string)lines[9]["cursor"]!}", "Accept", "text/csv")).Is(200).Text.TrimEnd().Split("\r\n");
        Assert.StartsWith("time,outcome,action,actor,", sheet[0], StringComparison.Ordinal);
        Assert.Equal(4, sheet.Length);
        Assert.EndsWith($",{(string)lines[^1]["cursor"]!}", sheet[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_secret_is_written_down()
    {
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        var (viewer, id) = await people.Person("viewer");
        var bmc = new { address = "https://10.3.3.3", user = "root", password = BmcSecret };
        (await viewer.Post($"/api/v1/machines/{machine}/bmc", bmc)).Is(403);
        (await Admin.Post("/api/v1/machines/none/bmc", bmc)).Is(404);
        (await Admin.Post("/api/v1/machines/rack", new { machines = new[] { new { serial = "CANARY1", rack = "none.r1", unit = 1, bmc } } })).Is(400);
        (await viewer.Post("/api/v1/users/admin/password", new { password = UserSecret })).Is(403);
        (await viewer.Post($"/api/v1/users/{id}/password", new { password = $"{UserSecret}-again", current = UserSecret })).Is(403, "password-wrong");
        (await people.Node.As(null).Post("/api/v1/sign-in", new { user = TypedSecret, password = UserSecret })).Is(401);
        var token = (string)(await Admin.Post("/api/v1/credentials", new { name = "canary", days = 1, permissions = new[] { "machine.read" } })).Is(201).Json["token"]!;
        (await people.Node.As(token).Get("/api/v1/users")).Is(403);
        await Rows("action:sign-in", 1);
        await Rows($"actor:{id} action:machine.bmc", 1);
        await Rows($"actor:{id} action:user.password outcome:refused,unauthorised", 2);
        var files = Directory.GetFiles(people.Node.Data, "audit.db*").Concat(Directory.GetFiles(Path.Combine(people.Node.Data, "attempts"), "*", SearchOption.AllDirectories)).ToArray();
        Assert.True(files.Length >= 3, string.Join(' ', files));
        foreach (var file in files)
        {
            using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var text = new StreamReader(open, Encoding.Latin1);
            var content = await text.ReadToEndAsync(TestContext.Current.CancellationToken);
            foreach (var secret in (string[])[BmcSecret, UserSecret, TypedSecret, token, people.Node.Credential]) Assert.DoesNotContain(secret, content, StringComparison.Ordinal);
        }
    }
}
