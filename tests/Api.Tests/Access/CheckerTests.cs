using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Access;

/// <summary>What a checker is shown, whom a change is shown to, and how a maker comes to another try.</summary>
public sealed class CheckerTests : IAsyncLifetime
{
    readonly AccessNode _people = new();

    Calls Admin => _people.Admin;

    Calls _checker = null!;

    public async ValueTask InitializeAsync()
    {
        await _people.InitializeAsync();
        (_checker, _) = await _people.Person("approver");
    }

    public ValueTask DisposeAsync() => _people.DisposeAsync();

    /// <summary>Since there are two who may approve, rules and grants take both.</summary>
    async Task<Answer> Agreed(Answer change)
    {
        if (change.Status != 202) return change;
        (await _checker.Post($"/api/v1/changes/{Id(change)}/approve", new { hash = (string)change.Json["plan"]!["hash"]! })).Is(200);
        return (await Admin.Get($"/api/v1/changes/{Id(change)}")).Is(200);
    }

    async Task Guard(string permission, string scope = "global") => await Agreed(await Admin.Post("/api/v1/policies", new { id = Things.New("rule"), permissions = new[] { permission }, scope }));

    async Task<(Calls Api, string Id)> Person(string role, string scope)
    {
        var (_, id) = await _people.Person();
        await Agreed(await Admin.Post("/api/v1/grants", new { subject = $"user:{id}", role, scope }));
        return (await _people.SignIn(id, "second-password-2"), id);
    }

    static string Id(Answer change) => (string)change.Json["id"]!;

    [Fact]
    public async Task A_checker_sees_what_is_risky_and_what_differs_from_now()
    {
        await Guard("machine.set");
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new Dictionary<string, string> { ["env"] = "prod" } })).Is(200);
        var change = (await Admin.Post($"/api/v1/machines/{machine}/set", new { name = "one" })).Is(202);
        Assert.Equal(["production"], change.Json["risks"]!.AsArray().Select(r => (string)r!));
        var now = (await _checker.Get($"/api/v1/changes/{Id(change)}/now")).Is(200);
        Assert.True((bool)now.Json["stands"]!);
        Assert.Equal((string)change.Json["plan"]!["hash"]!, (string)now.Json["plan"]!["hash"]!);

        // A role that is to be granted comes to give more.
        var role = Things.New("role");
        await Agreed((await Admin.Post("/api/v1/roles", new { id = role, permissions = new[] { "user.create" } })).Is(202));
        var (_, friend) = await _people.Person();
        var grant = (await Admin.Post("/api/v1/grants", new { subject = $"user:{friend}", role, scope = "global" })).Is(202);
        Assert.Equal(["rights gained: 1"], grant.Json["risks"]!.AsArray().Select(r => (string)r!));
        await Agreed((await Admin.Post("/api/v1/roles", new { id = role, permissions = new[] { "user.create", "machine.read" } })).Is(202));
        now = (await _checker.Get($"/api/v1/changes/{Id(grant)}/now")).Is(200);
        Assert.False((bool)now.Json["stands"]!);
        Assert.Contains(now.Json["moved"]!.AsArray(), m => ((string)m!).Contains("machine.read", StringComparison.Ordinal));
        (await _checker.Get("/api/v1/changes/none/now")).Is(404);
        (await _people.Node.As(null).Get($"/api/v1/changes/{Id(grant)}/now")).Is(401);
    }

    [Fact]
    public async Task A_change_is_seen_where_its_machines_are_and_by_who_made_it()
    {
        var (here, there) = (await Admin.Rack(), await Admin.Rack());
        var (checker, _) = await Person("approver", $"region:{here.Split('.')[0]}");
        var (other, _) = await Person("approver", $"region:{there.Split('.')[0]}");
        var (maker, _) = await Person("operator", $"rack:{here}");
        await Guard("machine.hold", $"region:{here.Split('.')[0]}");
        var change = (await maker.Post($"/api/v1/machines/{await Admin.Machine(here, 1)}/hold", new { source = "drive", reason = "smart" })).Is(202);
        foreach (var sees in (Calls[])[checker, maker, Admin])
        {
            (await sees.Get($"/api/v1/changes/{Id(change)}")).Is(200);
            Assert.Equal(1, (int)(await sees.Get("/api/v1/changes?filter=kind:machine.hold")).Is(200).Json["total"]!);
        }
        (await other.Get($"/api/v1/changes/{Id(change)}")).Is(404);
        (await other.Get($"/api/v1/changes/{Id(change)}/now")).Is(404);
        (await other.Get($"/api/v1/changes/{Id(change)}/history")).Is(404);
        Assert.Equal(0, (int)(await other.Get("/api/v1/changes?filter=kind:machine.hold")).Is(200).Json["total"]!);
        (await other.Post($"/api/v1/changes/{Id(change)}/approve", new { hash = (string)change.Json["plan"]!["hash"]! })).Is(403);
    }

    [Fact]
    public async Task What_ended_is_asked_for_again_by_its_maker_with_a_plan_of_now()
    {
        await Guard("machine.hold");
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        var change = (await Admin.Post($"/api/v1/machines/{machine}/hold", new { source = "drive", reason = "smart" }, "Ppec-Reason", "noisy", "Ppec-Ticket", "OPS-7")).Is(202);
        (await Admin.Post($"/api/v1/changes/{Id(change)}/again")).Is(403, "change-not-yours"); // it is open
        (await _checker.Post($"/api/v1/changes/{Id(change)}/reject", new { reason = "not today" })).Is(200);
        (await _checker.Post($"/api/v1/changes/{Id(change)}/again")).Is(403, "change-not-yours");
        (await Admin.Post("/api/v1/changes/none/again")).Is(404, "change-unknown");
        var again = (await Admin.Post($"/api/v1/changes/{Id(change)}/again", null, "Idempotency-Key", "k")).Is(202);
        Assert.NotEqual(Id(change), Id(again));
        Assert.Equal(Id(again), Id((await Admin.Post($"/api/v1/changes/{Id(change)}/again", null, "Idempotency-Key", "k")).Is(202)));
        Assert.Equal(("noisy", "OPS-7"), ((string)again.Json["reason"]!, (string)again.Json["ticket"]!));
        (await _checker.Post($"/api/v1/changes/{Id(again)}/approve", new { hash = (string)again.Json["plan"]!["hash"]! })).Is(200);
        await Things.Eventually("it is held", async () => (bool)(await Admin.Show(machine))["held"]!);
    }

    [Fact]
    public async Task Who_broke_the_glass_is_reviewed_within_a_day()
    {
        await Guard("machine.hold");
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        var change = (await Admin.Post($"/api/v1/machines/{machine}/hold", new { source = "drive", reason = "fire" }, "Ppec-Reason", "fire", "Ppec-Break-Glass", "true")).Is(202);
        Assert.Equal("due", (string)change.Json["review"]!);
        Assert.Equal(TimeSpan.FromHours(24), (DateTimeOffset)change.Json["reviewUntil"]! - (DateTimeOffset)change.Json["openedAt"]!);
    }

    [Fact]
    public async Task A_hold_with_a_permission_is_lifted_or_replaced_by_nobody_without_it()
    {
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        var (site, _) = await Person("site-operator", "global");
        (await Admin.Post($"/api/v1/machines/{machine}/hold", new { source = "legal", reason = "evidence", liftPermission = "no.such" })).Is(400, "invalid");
        (await Admin.Post($"/api/v1/machines/{machine}/hold", new { source = "legal", reason = "evidence", liftPermission = "policy.set" })).Is(200);
        (await site.Post($"/api/v1/machines/{machine}/unhold", new { source = "legal" })).Is(403, "forbidden");
        (await site.Post($"/api/v1/machines/{machine}/hold", new { source = "legal", reason = "mine now" })).Is(403, "forbidden");
        Assert.True((bool)(await Admin.Show(machine))["held"]!);
        (await Admin.Post($"/api/v1/machines/{machine}/unhold", new { source = "legal" })).Is(200);
    }

    /// <summary>With two who may approve there is a rule about power; what has none is done at once, and its thing is gone when it is asked again.</summary>
    [Fact]
    public async Task What_was_done_at_once_is_answered_the_same_when_asked_again()
    {
        var group = Things.New("group");
        (await Admin.Post("/api/v1/groups", new { id = group })).Is(201);
        var grant = (string)(await Admin.Post("/api/v1/grants", new { subject = $"group:{group}", role = "viewer", scope = "global" })).Is(201).Json["id"]!;
        foreach (var path in (string[])[$"grants/{grant}/revoke", $"groups/{group}/delete"])
        {
            (await Admin.Post($"/api/v1/{path}", null, "Idempotency-Key", path)).Is(204);
            (await Admin.Post($"/api/v1/{path}", null, "Idempotency-Key", path)).Is(204);
            (await Admin.Post($"/api/v1/{path}", null, "Idempotency-Key", $"{path}-2")).Is(404); // another wish, of what is gone
        }
    }
}
