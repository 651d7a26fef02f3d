using System.Text.Json.Nodes;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>Users, groups, roles, grants, owners, policies and credentials: what is asked, and what is shown of the answer.</summary>
public sealed class AccessTests : AgainstStub
{
    const string User = """{"id":"ci","kind":"service","responsible":"alice","disabled":true,"createdAt":"2026-01-05T08:00:00Z","createdBy":"ada","version":1,"passwordVersion":0,"mailVersion":0}""";
    const string Group = """{"id":"ops","description":"the night shift","members":["alice","bob"],"setAt":"2026-01-05T08:00:00Z","version":1,"since":{"alice":{"by":"ada","at":"2026-01-05T08:00:00Z"}}}""";
    const string Role = """{"id":"imager","description":"puts images in","permissions":["image.read","image.register"],"builtIn":false,"setAt":"2026-01-05T08:00:00Z","version":1}""";
    const string Grant = """{"id":"g-1","subject":"group:ops","role":"operator","scope":"region:blr1","expiresAt":"2026-12-31T00:00:00Z","grantedAt":"2026-01-05T08:00:00Z","grantedBy":"ada","version":1}""";
    const string Owner = """{"id":"payments","description":"they take money","members":["group:ops"],"quotas":{"machines":20},"setAt":"2026-01-05T08:00:00Z","version":1}""";
    const string Policy = """{"id":"prod","description":"","permissions":["machine.release"],"scope":"tag:env=prod","quorum":2,"approvers":["role:approver"],"minCount":0,"minDisks":3,"approveWithinMinutes":60,"executeWithinMinutes":30,"secondStage":{"quorum":1,"approvers":["group:finance"]},"severe":true,"builtIn":false,"setAt":"2026-01-05T08:00:00Z","version":1}""";
    const string Credential = """{"id":"c1","user":"ci","kind":"token","name":"ci-blr1","limits":{"permissions":["machine.read"],"regions":["blr1"],"tags":{"team":"payments"},"networks":["10.1.0.0/16"]},"issuedAt":"2026-01-05T08:00:00Z","issuedBy":"ada","expiresAt":"2026-12-31T00:00:00Z","version":1,"lastUsedAt":"2026-02-03T04:05:06Z"}""";
    const string Made = """{"id":"c1","user":"ci","token":"ppec_tok_example","expiresAt":"2026-12-31T00:00:00Z"}""";

    static void Equal(string expected, string json) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(json)), json);

    string LastBody(string route) => _server.Of(route).Last().Body;

    [Fact]
    public async Task Every_noun_is_listed_and_shown_as_it_was()
    {
        foreach (var (plural, id, json) in ((string, string, string)[])[("users", "ci", User), ("groups", "ops", Group), ("roles", "imager", Role), ("grants", "g-1", Grant), ("owners", "payments", Owner), ("policies", "prod", Policy), ("credentials", "c1", Credential)])
            _server.On($"GET /api/v1/{plural}", Canned.Page(json)).On($"GET /api/v1/{plural}/{id}", json);
        Assert.Contains("disabled", (await _terminal.RunAsync("user", "list", "-o", "wide")).Out, StringComparison.Ordinal);
        Assert.Contains("alice", (await _terminal.RunAsync("user", "show", "ci", "--at", "2026-01-31T12:00Z")).Out, StringComparison.Ordinal);
        Assert.Contains("at=2026-01-31", _server.Of("GET /api/v1/users/ci").Single().Query, StringComparison.Ordinal);
        Assert.Contains("alice bob", (await _terminal.RunAsync("group", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("the night shift", (await _terminal.RunAsync("group", "show", "ops")).Out, StringComparison.Ordinal);
        Assert.Contains("image.read image.register", (await _terminal.RunAsync("role", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("puts images in", (await _terminal.RunAsync("role", "show", "imager")).Out, StringComparison.Ordinal);
        Assert.Contains("region:blr1", (await _terminal.RunAsync("grant", "list", "-o", "wide")).Out, StringComparison.Ordinal);
        Assert.Equal("g-1\n", (await _terminal.RunAsync("grant", "show", "g-1", "-o", "name")).Out);
        Assert.Contains("machines=20", (await _terminal.RunAsync("owner", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("group:ops", (await _terminal.RunAsync("owner", "show", "payments")).Out, StringComparison.Ordinal);
        Assert.Contains("2 of role:approver, severe", (await _terminal.RunAsync("policy", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("1 of group:finance", (await _terminal.RunAsync("policy", "show", "prod", "-o", "wide")).Out, StringComparison.Ordinal);
        Assert.Contains("team=payments from:10.1.0.0/16", (await _terminal.RunAsync("credential", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("2026-02-03T04:05:06Z", (await _terminal.RunAsync("credential", "list")).Out, StringComparison.Ordinal);
        Assert.Contains("ci-blr1", (await _terminal.RunAsync("credential", "show", "c1", "-o", "wide")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_past_of_each_noun_is_told()
    {
        foreach (var plural in (string[])["users", "groups", "roles", "grants", "owners", "policies", "changes", "operations", "regions", "racks", "profiles", "images", "filters", "alerts", "webhooks"])
            _server.On($"GET /api/v1/{plural}/x/history", """{"items":[{"version":1,"position":"9","time":"2026-01-05T08:00:00Z","type":"t.v1","summary":"It began","actor":"ada","changes":[]}]}""")
                .On($"GET /api/v1/{plural}/x/diff", """{"items":[{"field":"members","before":"[]","after":"[1]"}]}""");
        foreach (string[] words in (string[][])
        [
            ["user", "history", "x"], ["group", "history", "x"], ["role", "history", "x"], ["grant", "history", "x"], ["owner", "history", "x"], ["policy", "history", "x"], ["change", "history", "x"], ["op", "history", "x"], ["region", "history", "x"], ["rack", "history", "x"], ["profile", "history", "x"], ["image", "history", "x"], ["filter", "history", "x"], ["alert", "history", "x"], ["webhook", "history", "x"],
        ])
            Assert.Contains("It began", (await _terminal.RunAsync(words)).Out, StringComparison.Ordinal);
        foreach (string[] words in (string[][])
        [
            ["user", "diff", "x"], ["group", "diff", "x"], ["role", "diff", "x"], ["grant", "diff", "x"], ["owner", "diff", "x"], ["policy", "diff", "x"], ["change", "diff", "x"], ["op", "diff", "x"], ["region", "diff", "x"], ["rack", "diff", "x"], ["profile", "diff", "x"], ["image", "diff", "x"], ["filter", "diff", "x"], ["alert", "diff", "x"], ["webhook", "diff", "x"],
        ])
            Assert.Contains("members", (await _terminal.RunAsync([.. words, "--from", "2026-01-01T00:00Z", "--to", "2026-02-01T00:00Z"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_are_made_set_and_given_a_password_that_is_never_shown()
    {
        _server.On("POST /api/v1/users", User, 201).On("POST /api/v1/users/ci/set", User).On("POST /api/v1/users/ada/password", User).On("POST /api/v1/users/ada/mail", User)
            .On("GET /api/v1/me", """{"user":"ada","credential":"c1","limits":{},"permissions":[],"mustChangePassword":false}""");
        Assert.Equal(0, (await _terminal.RunAsync("user", "create", "ci", "--service", "--responsible", "alice")).Exit);
        Equal("""{"id":"ci","kind":"service","responsible":"alice"}""", LastBody("POST /api/v1/users"));
        Assert.Equal(2, (await _terminal.RunAsync("user", "set", "ci")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("user", "set", "ci", "--disable")).Exit);
        Equal("""{"disabled":true}""", LastBody("POST /api/v1/users/ci/set"));
        Assert.Equal(0, (await _terminal.RunAsync("user", "set", "ci", "--enable", "--responsible", "bob")).Exit);
        Equal("""{"disabled":false,"responsible":"bob"}""", LastBody("POST /api/v1/users/ci/set"));
        Assert.Equal(0, (await _terminal.RunAsync("user", "set", "ci", "--oidc-subject", "https://id.example.net#17")).Exit);
        Equal("""{"oidcSubject":"https://id.example.net#17"}""", LastBody("POST /api/v1/users/ci/set"));

        Assert.Equal(0, (await _terminal.RunAsync("user", "password", "ada", "--password-file", _terminal.Write("new", "correct horse\n"), "--current-file", _terminal.Write("old", "battery\n"))).Exit);
        Equal("""{"password":"correct horse","current":"battery"}""", LastBody("POST /api/v1/users/ada/password"));
        _terminal.IsTerminal = true;
        foreach (var typed in (string[])["battery", "staple staple", "staple stable"]) _terminal.Typed.Enqueue(typed);
        Assert.Equal(2, (await _terminal.RunAsync("user", "password", "ada")).Exit);
        foreach (var typed in (string[])["battery", "staple staple", "staple staple"]) _terminal.Typed.Enqueue(typed);
        var ran = await _terminal.RunAsync("user", "password", "ada");
        Equal("""{"password":"staple staple","current":"battery"}""", LastBody("POST /api/v1/users/ada/password"));
        Assert.DoesNotContain("staple", ran.Out + ran.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await _terminal.RunAsync("user", "mail", "ada", "--address", "ada@example.net")).Exit);
        Equal("""{"address":"ada@example.net"}""", LastBody("POST /api/v1/users/ada/mail"));
    }

    [Fact]
    public async Task Groups_owners_and_roles_are_set_and_deleted()
    {
        _server.On("POST /api/v1/groups", Group, 201).On("POST /api/v1/owners", Owner, 201).On("POST /api/v1/roles", Role, 201);
        foreach (var path in (string[])["groups/ops", "owners/payments", "roles/imager"]) _server.On($"POST /api/v1/{path}/delete", "", 204);
        await _terminal.RunAsync("group", "set", "ops", "--add", "alice", "--add", "bob", "--remove", "eve", "--description", "the night shift");
        Equal("""{"id":"ops","description":"the night shift","add":["alice","bob"],"remove":["eve"]}""", LastBody("POST /api/v1/groups"));
        await _terminal.RunAsync("owner", "set", "payments", "--add", "group:ops", "--remove", "user:eve", "--quota", "machines=20", "--quota", "machines:compute-v3=12", "--description", "d");
        Equal("""{"id":"payments","description":"d","add":["group:ops"],"remove":["user:eve"],"quotas":{"machines":20,"machines:compute-v3":12}}""", LastBody("POST /api/v1/owners"));
        await _terminal.RunAsync("owner", "set", "payments");
        Equal("""{"id":"payments","add":[],"remove":[]}""", LastBody("POST /api/v1/owners"));
        await _terminal.RunAsync("owner", "set", "payments", "--no-quotas");
        Equal("""{"id":"payments","add":[],"remove":[],"quotas":{}}""", LastBody("POST /api/v1/owners"));
        Assert.Equal(2, (await _terminal.RunAsync("owner", "set", "payments", "--quota", "many")).Exit);
        Assert.Equal(2, (await _terminal.RunAsync("owner", "set", "payments", "--quota", "machines=1", "--no-quotas")).Exit);
        await _terminal.RunAsync("role", "set", "imager", "--permission", "image.read", "--permission", "image.register", "--description", "puts images in");
        Equal("""{"id":"imager","permissions":["image.read","image.register"],"description":"puts images in"}""", LastBody("POST /api/v1/roles"));
        Assert.Equal(0, (await _terminal.RunAsync("group", "delete", "ops")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("owner", "delete", "payments")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("role", "delete", "imager")).Exit);
    }

    [Fact]
    public async Task A_grant_is_given_explained_and_taken_back()
    {
        _server.On("POST /api/v1/grants", Grant, 201).On("POST /api/v1/grants/g-1/revoke", "", 204)
            .On("GET /api/v1/grants/explain", """{"allowed":false,"user":"alice","permission":"machine.release","resource":"machine:sn-1","why":"No grant of hers reaches it.","others":["g-7 reaches region:blr2 only"],"policies":["prod"]}""");
        await _terminal.RunAsync("grant", "create", "--to", "group:ops", "--role", "operator", "--on", "region:blr1", "--until", "2026-12-31T00:00Z");
        Equal("""{"subject":"group:ops","role":"operator","scope":"region:blr1","expiresAt":"2026-12-31T00:00:00+00:00"}""", LastBody("POST /api/v1/grants"));
        var ran = await _terminal.RunAsync("grant", "explain", "alice", "machine.release", "machine:sn-1");
        foreach (var word in (string[])["no", "No grant of hers reaches it.", "g-7 reaches", "prod"]) Assert.Contains(word, ran.Out, StringComparison.Ordinal);
        Assert.Equal("?user=alice&permission=machine.release&resource=machine%3Asn-1", _server.Of("GET /api/v1/grants/explain").Single().Query);
        Assert.Equal(0, (await _terminal.RunAsync("grant", "revoke", "g-1")).Exit);
    }

    [Fact]
    public async Task A_policy_is_set_with_all_its_parts_and_deleted()
    {
        _server.On("POST /api/v1/policies", Policy, 201).On("POST /api/v1/policies/prod/delete", "", 204);
        await _terminal.RunAsync("policy", "set", "prod", "--permission", "machine.release", "--scope", "tag:env=prod", "--quorum", "2", "--approver", "role:approver", "--min-count", "5", "--min-disks", "3", "--window", "mon-fri 08:00-18:00",
            "--approve-within", "60", "--execute-within", "30", "--second-quorum", "2", "--second-approver", "group:finance", "--severe", "--description", "why");
        Equal("""{"id":"prod","permissions":["machine.release"],"scope":"tag:env=prod","quorum":2,"approvers":["role:approver"],"description":"why","minCount":5,"minDisks":3,"window":"mon-fri 08:00-18:00","approveWithinMinutes":60,"executeWithinMinutes":30,"secondStage":{"quorum":2,"approvers":["group:finance"]},"severe":true}""", LastBody("POST /api/v1/policies"));
        await _terminal.RunAsync("policy", "set", "prod", "--permission", "machine.*");
        Equal("""{"id":"prod","permissions":["machine.*"],"scope":"global","quorum":1,"approvers":[],"description":"","minCount":0,"minDisks":0,"approveWithinMinutes":1440,"executeWithinMinutes":60,"severe":false}""", LastBody("POST /api/v1/policies"));
        Assert.Equal(0, (await _terminal.RunAsync("policy", "delete", "prod")).Exit);
    }

    [Fact]
    public async Task A_credential_is_made_rotated_and_revoked_and_its_token_can_go_to_a_file_only()
    {
        _server.On("POST /api/v1/credentials", Made, 201).On("POST /api/v1/credentials/c1/rotate", Made).On("POST /api/v1/credentials/c1/revoke", Credential);
        var made = await _terminal.RunAsync("credential", "create", "ci-blr1", "--user", "ci", "--permission", "machine.read", "--region", "blr1", "--tag", "team=payments", "--network", "10.1.0.0/16", "--days", "7");
        Assert.Contains("ppec_tok_example", made.Out, StringComparison.Ordinal);
        Equal("""{"name":"ci-blr1","user":"ci","permissions":["machine.read"],"regions":["blr1"],"tags":{"team":"payments"},"networks":["10.1.0.0/16"],"days":7}""", LastBody("POST /api/v1/credentials"));
        var file = Path.Combine(_terminal.Home, "kept", "token");
        var kept = await _terminal.RunAsync("credential", "create", "mine", "--until", "2026-12-31T00:00Z", "--token-file", file);
        Assert.Equal(("c1\n", "ppec_tok_example\n"), (kept.Out, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain("ppec_tok_example", kept.Out + kept.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await _terminal.RunAsync("credential", "create", "mine", "--tag", "team")).Exit);
        await _terminal.RunAsync("credential", "rotate", "c1", "--overlap", "60", "--until", "2026-12-31T00:00Z", "--token-file", file);
        Equal("""{"overlapMinutes":60,"expiresAt":"2026-12-31T00:00:00+00:00"}""", LastBody("POST /api/v1/credentials/c1/rotate"));
        Assert.Equal(0, (await _terminal.RunAsync("credential", "revoke", "c1", "--reason", "was in a log")).Exit);
    }
}
