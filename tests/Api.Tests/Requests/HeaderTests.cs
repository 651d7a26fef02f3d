using System.IO.Hashing;
using System.Text;

namespace Ppec.Api.Tests.Requests;

/// <summary>Credentials, versions, plans and reasons come in headers; each can be wrong in its own way.</summary>
public sealed class HeaderTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    /// <summary>A credential whose check digits are right, of somebody this node does not know.</summary>
    static string Foreign(string kind, string id)
    {
        const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        var body = $"ppec_{kind}_{id}_{new string('A', 30)}";
        var crc = Crc32.HashToUInt32(Encoding.UTF8.GetBytes(body));
        var check = new char[6];
        for (var i = 5; i >= 0; i--, crc /= 62) check[i] = Base62[(int)(crc % 62)];
        return body + new string(check);
    }

    [Fact]
    public async Task Without_a_credential_that_is_ours_nothing_is_answered()
    {
        var good = shared.Node.Credential;
        string?[] wrong =
        [
            null, "", "x", "ppec_", good[..^1], good + "A", good[..^7] + (good[^7] == 'A' ? 'B' : 'A') + good[^6..], good.ToUpperInvariant(), $"{good} {good}",
            Foreign("pat", "bootstrap"), Foreign("pat", "nobody"), Foreign("pat", ""), Foreign("agt", "bootstrap"), Foreign("", ""), Foreign("pat", "a b"), Foreign("pat", "../x"), Foreign("pat", new string('i', 140)), new string('x', 5000),
        ];
        foreach (var credential in wrong)
        {
            var someone = shared.Node.As(credential);
            foreach (var path in (string[])["machines", "machines/x", "machines/x/history", "machines/x/diff?from=2020-01-01T00:00:00Z", "operations", "operations/x/log", "events", "regions", "racks", "profiles", "images"])
            {
                var refused = (await someone.Get($"/api/v1/{path}")).Is(401, "unauthenticated");
                Assert.Equal("Bearer", refused.Header("WWW-Authenticate"));
            }
            (await someone.Post("/api/v1/regions", new { id = "intruder" })).Is(401, "unauthenticated");
            (await someone.Post("/api/v1/machines/x/inspect")).Is(401, "unauthenticated");
            (await someone.Put($"/api/v1/images/content/{new string('0', 64)}", new byte[1], "Content-Type", "application/octet-stream")).Is(401, "unauthenticated");
        }
        (await Api.Get("/api/v1/regions/intruder")).Is(404);
    }

    [Fact]
    public async Task Who_is_not_known_learns_nothing_from_a_broken_body() =>
        (await shared.Node.As(null).Post("/api/v1/regions", "{ nonsense")).Is(401, "unauthenticated");

    [Theory]
    [InlineData("Basic")]
    [InlineData("bearer:")]
    [InlineData("")]
    public async Task Another_scheme_is_no_credential(string scheme) =>
        (await shared.Node.As(null).Get("/api/v1/machines", "Authorization", $"{scheme} {shared.Node.Credential}")).Is(401);

    [Fact]
    public async Task A_version_guards_a_change()
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        var read = (await Api.Get($"/api/v1/machines/{id}")).Is(200);
        Assert.Equal("\"1\"", read.ETag);
        var changed = (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "first" }, "If-Match", read.ETag!)).Is(200);
        Assert.Equal("\"2\"", changed.ETag);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "second" }, "If-Match", read.ETag!)).Is(412, "version-stale");
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "third" }, "If-Match", "*")).Is(200);
        foreach (var wrong in (string[])["three", "\"-1\"", "\"1.5\"", "\"99999999999999999999\"", "\"1\", \"2\"", "W/\"3\"", "\"\""])
            Assert.Equal(["If-Match"], (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, "If-Match", wrong)).Is(400, "invalid").Fields);
        Assert.Equal(3, (int)(await Api.Show(id))["version"]!);
    }

    [Fact]
    public async Task Racking_guards_by_version_too()
    {
        var (rack, serial) = (await Api.Rack(), Things.New("SN"));
        (await Api.Post("/api/v1/machines", new { serial, rack, unit = 1 }, "If-Match", "\"7\"")).Is(412, "version-stale");
        (await Api.Post("/api/v1/machines", new { serial, rack, unit = 1 }, "If-Match", "\"0\"")).Is(201);
    }

    [Theory]
    [InlineData("Ppec-Reason")]
    [InlineData("Ppec-Ticket")]
    [InlineData("Idempotency-Key")]
    public async Task A_header_is_one_line_of_at_most_1000_characters(string name)
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        Assert.Equal([name], (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, name, "a%0d%0aX-Evil%3a%201")).Is(400, "invalid").Fields);
        Assert.Equal([name], (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, name, "a%00b")).Is(400, "invalid").Fields);
        Assert.Equal([name], (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, name, new string('x', 1001))).Is(400, "invalid").Fields);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, name, new string('x', 1000))).Is(200);
    }

    [Fact]
    public async Task Nothing_a_caller_sends_becomes_a_header()
    {
        var rack = await Api.Rack();
        var refused = await Api.Post("/api/v1/machines", new { serial = "SN9\r\nSet-Cookie: x=1", rack, unit = 1 });
        refused.Is(400, "invalid");
        Assert.Null(refused.Header("Set-Cookie"));
    }

    [Fact]
    public async Task Why_and_under_which_ticket_is_kept()
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, "Ppec-Reason", "fan%20noise", "Ppec-Ticket", "OPS-7")).Is(200);
        var entry = (await Api.Get($"/api/v1/machines/{id}/history")).Is(200).Items[1]!;
        Assert.Equal(("admin", "fan noise", "OPS-7"), ((string?)entry["actor"], (string?)entry["reason"], (string?)entry["ticket"]));
    }

    [Fact]
    public async Task What_does_just_what_it_says_has_a_plan_too_and_is_applied_as_planned()
    {
        var plan = (await Api.Post("/api/v1/regions?plan=true", new { id = "planned" })).Is(200);
        Assert.Equal("region.create", (string)plan.Json["command"]!);
        Assert.Equal((string)plan.Json["hash"]!, plan.Header("Ppec-Plan"));
        (await Api.Get("/api/v1/regions/planned")).Is(404);
        (await Api.Post("/api/v1/regions", new { id = "planned" }, "Ppec-Plan", "abc")).Is(412, "plan-stale");
        (await Api.Post("/api/v1/regions?plan=maybe", new { id = "planned" })).Is(400, "invalid");
        (await Api.Get("/api/v1/regions/planned")).Is(404);
        (await Api.Post("/api/v1/regions", new { id = "planned" }, "Ppec-Plan", (string)plan.Json["hash"]!)).Is(201);
    }
}
