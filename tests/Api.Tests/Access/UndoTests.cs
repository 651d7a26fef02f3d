using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Access;

/// <summary>Taking one change back: found in a history, planned, judged and recorded as the command that does so.</summary>
public sealed class UndoTests(AccessNode people) : IClassFixture<AccessNode>
{
    Calls Admin => people.Admin;

    async Task<long> Last(string path) => (long)(await Admin.Get($"/api/v1/{path}/history")).Is(200).Items[^1]!["version"]!;

    [Fact]
    public async Task A_tag_and_a_hold_are_taken_back_once_and_what_moved_since_is_not()
    {
        var rack = await Admin.Rack();
        var machine = await Admin.Machine(rack, 1);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new { team = "a" } })).Is(200);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new { team = "b", extra = "x" } })).Is(200);
        var undo = new { of = $"machine:{machine}", version = await Last($"machines/{machine}") };

        var plan = (await Admin.Post("/api/v1/undo?plan=true", undo)).Is(200).Json;
        Assert.Equal("machine.tag", (string?)plan["command"]);
        (await Admin.Post("/api/v1/undo", undo, "Idempotency-Key", "undo-1", "Ppec-Plan", (string)plan["hash"]!)).Is(204);
        Assert.Equal("""{"team":"a"}""", (await Admin.Show(machine))["tags"]!.ToJsonString());
        (await Admin.Post("/api/v1/undo", undo, "Idempotency-Key", "undo-1", "Ppec-Plan", (string)plan["hash"]!)).Is(204); // the same word again
        (await Admin.Post("/api/v1/undo", undo)).Is(409, "undo-moved");
        var entry = (await Admin.Get($"/api/v1/machines/{machine}/history")).Items[^1]!;
        Assert.Equal(("machine.tagged.v1", $"Undoes version {undo.version} of machine:{machine}."), ((string?)entry["type"], (string?)entry["reason"]));

        (await Admin.Post($"/api/v1/machines/{machine}/hold", new { reason = "a fan rattles" })).Is(200);
        (await Admin.Post("/api/v1/undo", new { of = $"machine:{machine}", version = await Last($"machines/{machine}") })).Is(204);
        Assert.Empty((await Admin.Show(machine))["holds"]!.AsArray());
        (await Admin.Post("/api/v1/undo", new { of = $"machine:{machine}", version = 1 })).Is(409, "undo-impossible");
    }

    [Fact]
    public async Task It_takes_what_the_command_takes_and_tells_strangers_nothing()
    {
        var rack = await Admin.Rack();
        var machine = await Admin.Machine(rack, 1);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new { team = "a" } })).Is(200);
        var undo = new { of = $"machine:{machine}", version = await Last($"machines/{machine}") };
        var (viewer, _) = await people.Person("viewer");
        (await viewer.Post("/api/v1/undo", undo)).Is(403, "forbidden");
        var (elsewhere, _) = await people.Person("operator", $"region:{(await Admin.Rack()).Split('.')[0]}");
        var hidden = (await elsewhere.Post("/api/v1/undo", undo)).Is(404, "not-found");
        var absent = (await elsewhere.Post("/api/v1/undo", new { of = "machine:never-was", undo.version })).Is(404, "not-found");
        Assert.Equal(absent.Detail!.Replace("never-was", machine, StringComparison.Ordinal), hidden.Detail);
        foreach (var of in (string[])["", "machine", "machine:", ":x", "credential:bootstrap", "nothing:x", "../../etc", "access:directory"]) (await Admin.Post("/api/v1/undo", new { of, version = 1 })).Is(404, "not-found");
        foreach (var version in (long[])[0, -1, 99, long.MaxValue]) (await Admin.Post("/api/v1/undo", new { undo.of, version })).Is(404, "not-found");
        (await Admin.Post("/api/v1/undo", new { of = "x" })).Is(400, "malformed");
        // The directory is one stream: by one thing's name another's change is not undone.
        (await Admin.Post("/api/v1/groups", new { id = Things.New("mine").ToLowerInvariant() })).Is(201);
        (await Admin.Post("/api/v1/undo", new { of = "group:none-of-that-name", version = 1 })).Is(404);
    }

    [Fact]
    public async Task A_grant_that_was_taken_back_is_given_again_by_who_may()
    {
        await using var node = new TestNode();
        await node.Up();
        var rack = await node.Api.Rack();
        (await node.Api.Post("/api/v1/users", new { id = "ada" })).Is(201);
        var grant = (string)(await node.Api.Post("/api/v1/grants", new { subject = "user:ada", role = "viewer", scope = $"rack:{rack}" })).Is(201).Json["id"]!;
        (await node.Api.Post($"/api/v1/grants/{grant}/revoke")).Is(204);
        var version = (long)(await node.Api.Get($"/api/v1/grants/{grant}/history")).Is(200).Items[^1]!["version"]!;
        var plan = (await node.Api.Post("/api/v1/undo?plan=true", new { of = $"grant:{grant}", version })).Is(200);
        Assert.Contains("grant-gained", plan.Text, StringComparison.Ordinal);
        (await node.Api.Post("/api/v1/undo", new { of = $"grant:{grant}", version })).Is(204);
        Assert.Equal($"rack:{rack}", (string?)(await node.Api.Get("/api/v1/grants?filter=subject:user:ada")).Is(200).Items.Single()!["scope"]);
    }
}
