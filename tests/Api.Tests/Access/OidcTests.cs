using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using Ppec.Drivers.Oidc;

namespace Ppec.Api.Tests.Access;

/// <summary>Signing in elsewhere: what an identity provider says is believed when it is surely what it says, for us and of now.</summary>
public sealed class OidcTests : IAsyncLifetime
{
    readonly TestNode _node = new();
    Issuer _issuer = null!;

    public async ValueTask InitializeAsync()
    {
        _issuer = await Issuer.Start();
        _node.Oidc = new OidcOptions(new(_issuer.Url), "ppec");
        await _node.Up();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    Task<Answer> SignIn(string idToken, string? nonce = null) => _node.As(null).Post("/api/v1/sign-in/oidc", new { idToken, nonce });

    [Fact]
    public async Task A_person_who_was_never_here_comes_in_with_nothing_and_has_what_the_providers_groups_are_granted()
    {
        var provider = (await _node.As(null).Get("/api/v1/sign-in/oidc")).Is(200).Json;
        Assert.Equal((_issuer.Url, "ppec"), ((string?)provider["issuer"], (string?)provider["clientId"]));
        var session = (await SignIn(_issuer.Token(nonce: "n-1"), "n-1")).Is(200).Json;
        var alice = _node.As((string)session["token"]!);
        Assert.Equal(("alice", false), ((string?)session["user"], (bool)session["mustChangePassword"]!));
        (await alice.Get("/api/v1/machines")).Is(403);

        (await _node.Api.Post("/api/v1/groups", new { id = "oidc-ops", description = "theirs" })).Is(201);
        (await _node.Api.Post("/api/v1/grants", new { subject = "group:oidc-ops", role = "viewer", scope = "global" })).Is(201);
        (await SignIn(_issuer.Token(groups: ["ops", "finance"]))).Is(200);
        await Eventually(async () => (await alice.Get("/api/v1/machines")).Status == 200);
        Assert.Equal(["alice"], (await _node.Api.Get("/api/v1/groups/oidc-ops")).Is(200).Json["members"]!.AsArray().Select(m => (string)m!));
        (await _node.Api.Post("/api/v1/groups", new { id = "oidc-ops", add = new[] { "admin" } })).Is(400, "invalid");

        (await SignIn(_issuer.Token(groups: []))).Is(200); // left the group there
        await Eventually(async () => (await alice.Get("/api/v1/machines")).Status == 403);
        (await _node.Api.Post("/api/v1/users/alice/set", new { disabled = true })).Is(200);
        (await SignIn(_issuer.Token())).Is(401, "unauthenticated");
        await Eventually(async () => (await alice.Get("/api/v1/me")).Status == 401);
    }

    [Fact]
    public async Task What_is_not_surely_the_providers_word_for_us_and_of_now_is_not_believed()
    {
        var stranger = new SigningCredentials(Issuer.Fresh(), SecurityAlgorithms.RsaSha256);
        var shared = new SigningCredentials(new SymmetricSecurityKey(Encoding.ASCII.GetBytes("ppec-ppec-ppec-ppec-ppec-ppec-ppec-ppec")), SecurityAlgorithms.HmacSha256);
        var good = _issuer.Token();
        string Part(int at) => good.Split('.')[at];
        var none = $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{Part(1)}.";
        var bolder = JsonNode.Parse(Base64UrlEncoder.Decode(Part(1)))!;
        bolder["preferred_username"] = "admin";
        foreach (var (what, token, nonce) in ((string, string, string?)[])
        [
            ("signed by another key", _issuer.Token(signing: stranger), null), ("signed with a shared secret", _issuer.Token(signing: shared), null), ("not signed", none, null),
            ("altered", $"{Part(0)}.{Base64UrlEncoder.Encode(bolder.ToJsonString())}.{Part(2)}", null), ("cut", good[..^10], null), ("no token at all", "alice", null),
            ("for somebody else", _issuer.Token(audience: "other"), null), ("of another issuer", _issuer.Token(issuer: "https://elsewhere.example"), null),
            ("over", _issuer.Token(issuedMinutesAgo: 9, lifeMinutes: 5), null), ("old", _issuer.Token(issuedMinutesAgo: 30, lifeMinutes: 600), null), ("not yet", _issuer.Token(issuedMinutesAgo: -10), null),
            ("without the nonce", _issuer.Token(), "n-1"), ("with another nonce", _issuer.Token(nonce: "n-2"), "n-1"), ("with a name that no user can have", _issuer.Token(name: "@"), null),
            ("with the administrator's name", _issuer.Token(name: "admin"), null),
        ])
        {
            var answer = await SignIn(token, nonce);
            Assert.True(answer.Status == 401, $"{what}: {answer.Status}");
            Assert.DoesNotContain("IdentityModel", answer.Text, StringComparison.Ordinal);
        }
        (await _node.As(null).Post("/api/v1/sign-in/oidc", new { })).Is(400);
        Assert.Equal(404, (await _node.Api.Get("/api/v1/users/alice")).Status); // none of them was let in on the way
        await Eventually(async () => (await _node.Api.Get("/api/v1/audit?filter=action:sign-in")).Items.Sum(row => (int?)row!["count"] ?? 1) == 15);
    }

    [Fact]
    public async Task Somebody_with_a_name_here_is_linked_by_an_administrator()
    {
        (await _node.Api.Post("/api/v1/users", new { id = "carol" })).Is(201);
        var refused = (await SignIn(_issuer.Token(sub: "c", name: "carol"))).Is(401);
        Assert.Contains($"ppec user set carol --oidc-subject '{_issuer.Url}#c'", refused.Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        (await _node.Api.Post("/api/v1/users/carol/set", new { oidcSubject = "no subject" })).Is(400, "invalid");
        (await _node.Api.Post("/api/v1/users/carol/set", new { oidcSubject = $"{_issuer.Url}#c" })).Is(200);
        Assert.Equal("carol", (string?)(await SignIn(_issuer.Token(sub: "c", name: "caroline"))).Is(200).Json["user"]);
    }

    [Fact]
    public async Task Keys_that_change_are_fetched_anew_and_a_provider_that_is_away_is_said_to_be()
    {
        (await SignIn(_issuer.Token())).Is(200);
        _issuer.ChangeKey();
        await Eventually(async () => (await SignIn(_issuer.Token())).Status == 200, 40);

        await using var other = new TestNode { Oidc = new(new(_issuer.Url), "ppec") };
        _issuer.Up = false;
        await other.Up();
        (await other.As(null).Post("/api/v1/sign-in/oidc", new { idToken = _issuer.Token() })).Is(503, "unavailable");
        await using var alone = new TestNode();
        await alone.Up();
        (await alone.As(null).Get("/api/v1/sign-in/oidc")).Is(404);
        (await alone.As(null).Post("/api/v1/sign-in/oidc", new { idToken = "x" })).Is(404);
    }

    static async Task Eventually(Func<Task<bool>> done, int seconds = 10)
    {
        for (var i = 0; !await done(); i++)
        {
            Assert.True(i < seconds * 10, "It did not come to be.");
            await Task.Delay(100);
        }
    }
}
