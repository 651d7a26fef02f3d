namespace Ppec.Api.Tests.Access;

/// <summary>Signing in, and credentials that do less than their user may.</summary>
public sealed class CredentialTests(AccessNode people) : IClassFixture<AccessNode>
{
    Calls Admin => people.Admin;

    [Fact]
    public async Task A_password_that_somebody_else_set_is_changed_before_anything_else()
    {
        var id = Things.New("p");
        (await Admin.Post("/api/v1/users", new { id })).Is(201);
        (await Admin.Post($"/api/v1/users/{id}/password", new { password = "short" })).Is(400, "invalid");
        (await Admin.Post($"/api/v1/users/{id}/password", new { password = "first-password-1" })).Is(200);
        var session = (await people.Node.As(null).Post("/api/v1/sign-in", new { user = id, password = "first-password-1" })).Is(200).Json;
        Assert.True((bool)session["mustChangePassword"]!);
        var first = people.Node.As((string)session["token"]!);
        (await first.Post("/api/v1/credentials", new { name = "too early" })).Is(403, "password-must-change");
        (await first.Post($"/api/v1/users/{id}/password", new { password = "second-password-2", current = "not that one" })).Is(403, "password-wrong");
        (await first.Post($"/api/v1/users/{id}/password", new { password = "second-password-2", current = "first-password-1" })).Is(200);
        (await first.Post("/api/v1/credentials", new { name = "now" })).Is(201);
        (await people.Node.As(null).Post("/api/v1/sign-in", new { user = id, password = "first-password-1" })).Is(401, "unauthenticated");
    }

    [Fact]
    public async Task Who_guesses_waits_and_nobody_learns_who_exists()
    {
        var (_, id) = await people.Person();
        foreach (var user in new[] { id, "nobody-at-all" })
        {
            for (var i = 0; i < 5; i++) (await people.Node.As(null).Post("/api/v1/sign-in", new { user, password = "a wrong password" })).Is(401, "unauthenticated");
            Assert.Equal("too-many-attempts", (await people.Node.As(null).Post("/api/v1/sign-in", new { user, password = "second-password-2" })).Is(429).Code);
        }
    }

    [Fact]
    public async Task When_it_was_used_last_is_seen_by_its_user_and_by_who_may_and_outlives_the_node()
    {
        await using var node = new TestNode();
        await node.Up();
        (await node.Api.Post("/api/v1/users", new { id = "ci", kind = "service", responsible = "admin" })).Is(201);
        var made = (await node.Api.Post("/api/v1/credentials", new { name = "ci", user = "ci", days = 7 })).Is(201).Json;
        string id = (string)made["id"]!, token = (string)made["token"]!;
        Assert.Null((await node.Api.Get($"/api/v1/credentials/{id}")).Is(200).Json["lastUsedAt"]);
        (await node.As(token[..^1] + "x").Get("/api/v1/me")).Is(401); // altered: not used
        Assert.Null((await node.Api.Get($"/api/v1/credentials/{id}")).Is(200).Json["lastUsedAt"]);
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);
        (await node.As(token).Get("/api/v1/me")).Is(200);
        var used = (DateTimeOffset)(await node.Api.Get($"/api/v1/credentials/{id}")).Is(200).Json["lastUsedAt"]!;
        Assert.InRange(used, before, DateTimeOffset.UtcNow);
        Assert.Equal(used, (DateTimeOffset)(await node.Api.Get("/api/v1/credentials?filter=user:ci")).Is(200).Items.Single()!["lastUsedAt"]!);
        Assert.NotNull((await node.As(token).Get("/api/v1/credentials")).Is(200).Items.Single()!["lastUsedAt"]); // one's own, without any permission
        await node.Down();
        await node.Up();
        Assert.NotNull((await node.Api.Get($"/api/v1/credentials/{id}")).Is(200).Json["lastUsedAt"]);
    }

    [Fact]
    public async Task A_site_says_how_long_credentials_live_at_most()
    {
        await using var node = new TestNode { LongestCredential = TimeSpan.FromDays(7) };
        await node.Up();
        Assert.Equal(["expiresAt"], (await node.Api.Post("/api/v1/credentials", new { name = "long", days = 9 })).Is(400, "invalid").Fields);
        var id = (string)(await node.Api.Post("/api/v1/credentials", new { name = "short", days = 6 })).Is(201).Json["id"]!;
        (await node.Api.Post($"/api/v1/credentials/{id}/rotate", new { expiresAt = DateTimeOffset.UtcNow.AddDays(20) })).Is(400, "invalid");
    }

    [Fact]
    public async Task Signed_out_is_out()
    {
        var (api, id) = await people.Person("viewer");
        Assert.Equal(id, (string)(await api.Get("/api/v1/me")).Is(200).Json["user"]!);
        (await api.Post("/api/v1/sign-out")).Is(204);
        (await api.Get("/api/v1/me")).Is(401, "unauthenticated");
    }

    [Fact]
    public async Task A_credential_does_no_more_than_it_is_for_and_makes_none_that_does_more()
    {
        var rack = await Admin.Rack();
        var other = await Admin.Rack();
        var (mine, theirs) = (await Admin.Machine(rack, 1), await Admin.Machine(other, 1));
        var (api, id) = await people.Person("operator");
        var region = rack.Split('.')[0];
        var narrow = people.Node.As((string)(await api.Post("/api/v1/credentials", new { name = "ci", permissions = new[] { "machine.read", "machine.hold" }, regions = new[] { region } })).Is(201).Json["token"]!);

        (await narrow.Post($"/api/v1/machines/{mine}/hold", new { source = "ci", reason = "x" })).Is(200);
        (await narrow.Post($"/api/v1/machines/{mine}/unhold", new { source = "ci" })).Is(403, "forbidden");
        (await narrow.Post($"/api/v1/machines/{theirs}/hold", new { source = "ci", reason = "x" })).Is(404, "not-found");
        Assert.Equal([mine], (await narrow.Get("/api/v1/machines")).Is(200).Ids);
        (await narrow.Get($"/api/v1/machines/{theirs}")).Is(404);

        (await narrow.Post("/api/v1/credentials", new { name = "wider" })).Is(403, "escalation");
        (await narrow.Post("/api/v1/credentials", new { name = "wider", permissions = new[] { "machine.*" }, regions = new[] { region } })).Is(403, "escalation");
        (await narrow.Post("/api/v1/credentials", new { name = "narrower", permissions = new[] { "machine.read" }, regions = new[] { region } })).Is(201);
        (await api.Post("/api/v1/credentials", new { name = "another's", user = "admin" })).Is(403, "forbidden");
        (await Admin.Post("/api/v1/credentials", new { name = "a person's", user = id })).Is(403, "forbidden");
        (await api.Post("/api/v1/credentials", new { name = "elsewhere", networks = new[] { "10.0.0.0/8" } })).Is(201);
    }

    [Fact]
    public async Task A_narrow_credential_comes_to_no_more_by_a_password_or_by_rotating_a_wider_one()
    {
        var (api, id) = await people.Person("operator");
        var wide = (string)(await api.Post("/api/v1/credentials", new { name = "wide" })).Is(201).Json["id"]!;
        var made = (await api.Post("/api/v1/credentials", new { name = "narrow", permissions = new[] { "machine.read" } })).Is(201).Json;
        var narrow = people.Node.As((string)made["token"]!);
        (await narrow.Post($"/api/v1/credentials/{wide}/rotate", new { })).Is(403, "escalation");
        (await narrow.Post($"/api/v1/credentials/{wide}/revoke")).Is(403, "escalation");
        (await narrow.Post($"/api/v1/users/{id}/password", new { password = "a-third-password-3", current = "second-password-2" })).Is(403, "escalation");
        (await narrow.Post($"/api/v1/credentials/{(string)made["id"]!}/rotate", new { })).Is(200);

        var limited = people.Node.As((string)(await Admin.Post("/api/v1/credentials", new { name = "limited", permissions = new[] { "machine.read" } })).Is(201).Json["token"]!);
        (await limited.Post("/api/v1/users/admin/password", new { password = "now-it-would-be-mine" })).Is(403, "escalation");
        (await Admin.Post($"/api/v1/credentials/{wide}/rotate", new { })).Is(403, "forbidden"); // not even an administrator comes to another person's token
        (await Admin.Post($"/api/v1/credentials/{wide}/revoke")).Is(200);
    }

    [Fact]
    public async Task From_another_network_it_is_nothing()
    {
        var made = (await Admin.Post("/api/v1/credentials", new { name = "office", networks = new[] { "10.0.0.0/8" } })).Is(201).Json;
        (await people.Node.As((string)made["token"]!).Get("/api/v1/me")).Is(401, "unauthenticated");
        var here = (await Admin.Post("/api/v1/credentials", new { name = "here", networks = new[] { "127.0.0.0/8" } })).Is(201).Json;
        (await people.Node.As((string)here["token"]!).Get("/api/v1/me")).Is(200);
    }

    [Fact]
    public async Task Rotated_both_work_for_a_while_and_revoked_neither()
    {
        var made = (await Admin.Post("/api/v1/credentials", new { name = "ci" }, "Idempotency-Key", Things.New("key"))).Is(201).Json;
        var old = people.Node.As((string)made["token"]!);
        var renewed = (await Admin.Post($"/api/v1/credentials/{made["id"]}/rotate", new { overlapMinutes = 60 })).Is(200).Json;
        var fresh = people.Node.As((string)renewed["token"]!);
        Assert.NotEqual(made["token"]!.ToString(), renewed["token"]!.ToString());
        (await old.Get("/api/v1/me")).Is(200);
        (await fresh.Get("/api/v1/me")).Is(200);
        (await Admin.Post($"/api/v1/credentials/{made["id"]}/rotate", new { overlapMinutes = 0 })).Is(200);
        (await fresh.Get("/api/v1/me")).Is(401);
        (await old.Get("/api/v1/me")).Is(401);
        var id = (string)made["id"]!;
        (await Admin.Post($"/api/v1/credentials/{id}/revoke")).Is(200);
        (await Admin.Post($"/api/v1/credentials/{made["id"]}/rotate", new { })).Is(409, "credential-ended");
    }

    [Fact]
    public async Task The_same_request_again_hears_the_same_token_and_nobody_else_does()
    {
        var key = Things.New("key");
        var first = (await Admin.Post("/api/v1/credentials", new { name = "once" }, "Idempotency-Key", key)).Is(201).Json;
        Assert.Equal(first["token"]!.ToString(), (await Admin.Post("/api/v1/credentials", new { name = "once" }, "Idempotency-Key", key)).Is(201).Json["token"]!.ToString());
        var other = people.Node.As((string)first["token"]!);
        var again = await other.Post("/api/v1/credentials", new { name = "once" }, "Idempotency-Key", key);
        Assert.DoesNotContain(first["token"]!.ToString(), again.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_leaves_takes_every_token_along()
    {
        var (api, id) = await people.Person("viewer");
        var token = people.Node.As((string)(await api.Post("/api/v1/credentials", new { name = "ci" })).Is(201).Json["token"]!);
        (await token.Get("/api/v1/machines")).Is(200);
        (await Admin.Post($"/api/v1/users/{id}/set", new { disabled = true })).Is(200);
        (await token.Get("/api/v1/machines")).Is(401, "unauthenticated");
        (await api.Get("/api/v1/me")).Is(401, "unauthenticated");
    }

    [Fact]
    public async Task Damaged_tokens_are_all_the_same_to_us()
    {
        var token = (string)(await Admin.Post("/api/v1/credentials", new { name = "ci" })).Is(201).Json["token"]!;
        foreach (var bad in new[] { token[..^1], token + "x", token.Replace("ppec_pat", "ppec_agt", StringComparison.Ordinal), token[..^8] + "AAAAAAAA", "", "ppec_", token.ToUpperInvariant() })
            Assert.Equal("Send a credential that is valid here: Authorization: Bearer ppec_…", (await people.Node.As(bad).Get("/api/v1/machines")).Is(401, "unauthenticated").Detail);
    }
}
