namespace Ppec.Api.Tests.Access;

/// <summary>What a role on a scope lets one do and see, and that nobody gives more than they have.</summary>
public sealed class GrantTests(AccessNode people) : IClassFixture<AccessNode>
{
    Calls Admin => people.Admin;

    [Fact]
    public async Task A_region_is_seen_and_changed_and_the_next_is_not_there()
    {
        var (rack, other) = (await Admin.Rack(), await Admin.Rack());
        var region = rack.Split('.')[0];
        var (mine, theirs) = (await Admin.Machine(rack, 1), await Admin.Machine(other, 1));
        var (api, id) = await people.Person("site-operator", $"region:{region}");

        Assert.Equal([mine], (await api.Get("/api/v1/machines")).Is(200).Ids);
        Assert.Equal(1, (int)(await api.Get("/api/v1/machines")).Is(200).Json["total"]!);
        Assert.Equal([rack], (await api.Get("/api/v1/racks")).Is(200).Ids);
        Assert.Equal([region], (await api.Get("/api/v1/regions")).Is(200).Ids);
        (await api.Get($"/api/v1/machines/{theirs}")).Is(404);
        (await api.Get($"/api/v1/machines/{theirs}/history")).Is(404);
        (await api.Get($"/api/v1/racks/{other}")).Is(404);
        (await api.Get("/api/v1/roles")).Is(200);
        (await api.Get("/api/v1/events")).Is(403);

        (await api.Post($"/api/v1/machines/{mine}/hold", new { source = "drive", reason = "smart" })).Is(200);
        (await api.Post($"/api/v1/machines/{theirs}/hold", new { source = "drive", reason = "smart" })).Is(404, "not-found");
        (await api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 2 })).Is(201);
        (await api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack = other, unit = 2 })).Is(404);
        (await api.Post($"/api/v1/machines/{mine}/set", new { rack = other, unit = 9 })).Is(404, "not-found"); // not out of one's region
        (await api.Post($"/api/v1/machines/{mine}/provision", new { image = "x@1", hostname = "h", owner = "o" })).Is(403, "forbidden");
        (await api.Post("/api/v1/regions", new { id = Things.New("reg"), description = "" })).Is(403, "forbidden");

        var why = (await Admin.Get($"/api/v1/grants/explain?user={id}&permission=machine.hold&resource=machine:{theirs}")).Is(200).Json;
        Assert.False((bool)why["allowed"]!);
        Assert.Equal($"{id} has machine.hold on region:{region}, and not on machine {theirs}.", (string)why["why"]!);
        Assert.True((bool)(await api.Get($"/api/v1/grants/explain?user={id}&permission=machine.hold&resource=machine:{mine}")).Is(200).Json["allowed"]!);
        (await api.Get($"/api/v1/grants/explain?user=admin&permission=machine.hold&resource=machine:{mine}")).Is(403);
    }

    [Fact]
    public async Task Through_a_group_and_through_a_team()
    {
        var rack = await Admin.Rack();
        var machine = await Admin.Machine(rack, 1);
        var (group, team) = (Things.New("grp"), Things.New("team"));
        var (api, id) = await people.Person();
        (await api.Get("/api/v1/machines")).Is(403, "forbidden");
        (await Admin.Post("/api/v1/groups", new { id = group, add = new[] { id } })).Is(201);
        (await Admin.Post("/api/v1/owners", new { id = team, add = new[] { $"group:{group}" } })).Is(201);
        (await Admin.Post("/api/v1/grants", new { subject = $"owner:{team}", role = "viewer", scope = $"tag:env={team}" })).Is(201);
        Assert.Empty((await api.Get("/api/v1/machines")).Is(200).Ids);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new Dictionary<string, string> { ["env"] = team } })).Is(200);
        Assert.Equal([machine], (await api.Get("/api/v1/machines")).Is(200).Ids);
        (await Admin.Post("/api/v1/groups", new { id = group, remove = new[] { id } })).Is(201);
        (await api.Get("/api/v1/machines")).Is(403, "forbidden");
    }

    [Fact]
    public async Task A_thing_is_not_tagged_out_of_ones_own_reach()
    {
        var machine = await Admin.Machine(await Admin.Rack(), 1);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new Dictionary<string, string> { ["env"] = "dev" } })).Is(200);
        var (api, _) = await people.Person("operator", "tag:env=dev");
        (await api.Post($"/api/v1/machines/{machine}/tag", new { set = new Dictionary<string, string> { ["a"] = "b" } })).Is(200);
        (await api.Post($"/api/v1/machines/{machine}/tag", new { set = new Dictionary<string, string> { ["env"] = "prod" } })).Is(404);
        (await api.Post($"/api/v1/machines/{machine}/tag", new { remove = new[] { "env" } })).Is(404);
    }

    [Fact]
    public async Task Nobody_gives_more_than_they_have()
    {
        var rack = await Admin.Rack();
        var region = rack.Split('.')[0];
        var role = Things.New("role");
        (await Admin.Post("/api/v1/roles", new { id = role, permissions = new[] { "machine.read", "machine.hold", "grant.create", "role.set", "group.set", "user.create", "user.set", "credential.create", "policy.set" } })).Is(201);
        var (api, id) = await people.Person(role);
        var (friend, group) = (Things.New("p"), Things.New("grp"));
        (await api.Post("/api/v1/users", new { id = friend })).Is(201);
        (await api.Post("/api/v1/grants", new { subject = $"user:{friend}", role = "administrator", scope = "global" })).Is(403, "escalation");
        (await api.Post("/api/v1/grants", new { subject = $"user:{id}", role = "operator", scope = $"region:{region}" })).Is(403, "escalation");
        (await api.Post("/api/v1/roles", new { id = Things.New("role"), permissions = new[] { "*" } })).Is(403, "escalation");
        (await api.Post("/api/v1/roles", new { id = role, permissions = new[] { "machine.release" } })).Is(403, "escalation");
        (await Admin.Post("/api/v1/groups", new { id = group })).Is(201);
        (await Admin.Post("/api/v1/grants", new { subject = $"group:{group}", role = "operator", scope = "global" })).Is(201);
        (await api.Post("/api/v1/groups", new { id = group, add = new[] { id } })).Is(403, "escalation");
        (await api.Post("/api/v1/users/admin/set", new { disabled = true })).Is(403, "escalation");
        var service = Things.New("svc");
        (await Admin.Post("/api/v1/users", new { id = service, kind = "service", responsible = "admin" })).Is(201);
        (await Admin.Post("/api/v1/grants", new { subject = $"user:{service}", role = "operator", scope = "global" })).Is(201);
        (await api.Post("/api/v1/credentials", new { name = "not mine", user = service })).Is(403, "escalation");
        (await api.Post($"/api/v1/users/{service}/set", new { responsible = id })).Is(403, "escalation");
        (await api.Post("/api/v1/grants", new { subject = $"user:{friend}", role, scope = "global" })).Is(201);
    }

    [Fact]
    public async Task An_administrator_is_always_left()
    {
        (await Admin.Post("/api/v1/grants/bootstrap/revoke")).Is(409, "last-administrator");
        (await Admin.Post("/api/v1/users/admin/set", new { disabled = true })).Is(409, "last-administrator");
        (await Admin.Post("/api/v1/roles", new { id = "administrator", permissions = new[] { "machine.read" } })).Is(409, "built-in");
        (await Admin.Post("/api/v1/policies/system-access/delete")).Is(409, "built-in");
        (await Admin.Post("/api/v1/policies", new { id = "nobody", permissions = new[] { "machine.release" } })).Is(409, "too-few-approvers");
    }

    [Fact]
    public async Task What_was_made_is_seen_has_a_past_and_goes()
    {
        var (_, a) = await people.Person();
        var (group, role, owner) = (Things.New("grp"), Things.New("role"), Things.New("team"));
        const string Long = "2026-01-01T00:00:00Z";
        async Task Seen(string path) => Assert.NotEmpty((await Admin.Get(path)).Is(200).Items);
        async Task Gone(string path)
        {
            (await Admin.Post($"{path}/delete")).Is(204);
            (await Admin.Get(path)).Is(404);
        }

        (await Admin.Post("/api/v1/groups", new { id = group, description = "on call", add = new[] { a } })).Is(201);
        (await Admin.Post("/api/v1/roles", new { id = role, permissions = new[] { "machine.read" } })).Is(201);
        (await Admin.Post("/api/v1/owners", new { id = owner, add = new[] { $"group:{group}" }, quotas = new Dictionary<string, long> { ["machines"] = 3 } })).Is(201);
        Assert.Equal(role, (string)(await Admin.Get($"/api/v1/roles/{role}")).Is(200).Json["id"]!);
        Assert.Equal(3, (long)(await Admin.Get($"/api/v1/owners/{owner}")).Is(200).Json["quotas"]!["machines"]!);
        Assert.True((bool)(await Admin.Get("/api/v1/policies/system-access")).Is(200).Json["builtIn"]!);
        Assert.NotEmpty((await Admin.Get("/api/v1/policies")).Is(200).Ids);
        Assert.Equal("person", (string)(await Admin.Get($"/api/v1/users/{a}")).Is(200).Json["kind"]!);
        Assert.Contains(a, (await Admin.Get("/api/v1/users?limit=1000")).Is(200).Ids);
        var grant = (string)(await Admin.Post("/api/v1/grants", new { subject = $"group:{group}", role, scope = "global" })).Is(201).Json["id"]!;
        Assert.Equal(role, (string)(await Admin.Get($"/api/v1/grants/{grant}")).Is(200).Json["role"]!);
        Assert.Contains(grant, (await Admin.Get($"/api/v1/grants?filter=role:{role}")).Is(200).Ids);
        Assert.NotEmpty((await Admin.Get("/api/v1/credentials")).Is(200).Ids);
        Assert.Equal("admin", (string)(await Admin.Get("/api/v1/credentials/bootstrap")).Is(200).Json["user"]!);
        (await Admin.Get("/api/v1/changes")).Is(200);

        await Seen($"/api/v1/users/{a}/history");
        await Seen($"/api/v1/users/{a}/diff?from={Long}");
        await Seen($"/api/v1/groups/{group}/history");
        await Seen($"/api/v1/groups/{group}/diff?from={Long}");
        await Seen($"/api/v1/roles/{role}/history");
        await Seen($"/api/v1/roles/{role}/diff?from={Long}");
        await Seen($"/api/v1/owners/{owner}/history");
        await Seen($"/api/v1/owners/{owner}/diff?from={Long}");
        Assert.Single((await Admin.Get("/api/v1/policies/system-access/history")).Is(200).Items); // PPEC's own is there from the start
        Assert.Empty((await Admin.Get($"/api/v1/policies/system-access/diff?from={Uri.EscapeDataString(DateTimeOffset.UtcNow.ToString("O"))}")).Is(200).Items);

        (await Admin.Post($"/api/v1/roles/{role}/delete")).Is(409, "in-use");
        (await Admin.Post($"/api/v1/grants/{grant}/revoke")).Is(204);
        (await Admin.Post($"/api/v1/roles/{role}/delete")).Is(204);
        (await Admin.Post($"/api/v1/owners/{owner}/delete")).Is(204);
        (await Admin.Post($"/api/v1/groups/{group}/delete")).Is(204);
        await Gone($"/api/v1/owners/{await Owner()}");
        async Task<string> Owner()
        {
            var id = Things.New("team");
            (await Admin.Post("/api/v1/owners", new { id })).Is(201);
            return id;
        }
    }

    [Fact]
    public async Task The_past_of_a_group_says_who_was_in_it_and_by_whom()
    {
        var (_, a) = await people.Person();
        var group = Things.New("grp");
        (await Admin.Post("/api/v1/groups", new { id = group, description = "on call", add = new[] { a } })).Is(201);
        var then = DateTimeOffset.UtcNow.ToString("O");
        (await Admin.Post("/api/v1/groups", new { id = group, remove = new[] { a } }, "Ppec-Reason", "left")).Is(201);
        var history = (await Admin.Get($"/api/v1/groups/{group}/history")).Is(200).Json["items"]!.AsArray();
        Assert.Equal(2, history.Count);
        Assert.Equal("left", (string)history[1]!["reason"]!);
        Assert.Equal([a], (await Admin.Get($"/api/v1/groups/{group}?at={Uri.EscapeDataString(then)}")).Is(200).Json["members"]!.AsArray().Select(m => (string)m!));
        Assert.Empty((await Admin.Get($"/api/v1/groups/{group}")).Is(200).Json["members"]!.AsArray());
    }
}
