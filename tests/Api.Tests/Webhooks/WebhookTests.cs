using System.Text.Json.Nodes;
using Ppec.Contracts.Audit;

namespace Ppec.Api.Tests.Webhooks;

/// <summary>Facts that are sent elsewhere: signed, in order, again until they are taken, and from where it was after a restart.</summary>
public sealed class WebhookTests(SharedNode shared)
{
    const string Secret = "a-secret-of-the-receivers";

    Calls Api => shared.Node.Api;

    async Task<string> Hook(Receiver to, object? filter = null, string kind = "events", Calls? by = null)
    {
        var id = Things.New("hook");
        (await (by ?? Api).Post("/api/v1/webhooks", new { id, url = to.Url, secret = Secret, kind, filter })).Is(201);
        return id;
    }

    [Fact]
    public async Task What_passes_the_filter_is_delivered_signed_and_in_order()
    {
        using var to = new Receiver(Secret);
        var region = Things.New("told");
        var id = await Hook(to, new { types = new[] { "region.*" }, stream = $"region-{region}" });
        (await Api.Post("/api/v1/regions", new { id = region, description = "first" })).Is(201);
        (await Api.Post("/api/v1/regions", new { id = Things.New("untold"), description = "not asked for" })).Is(201);
        (await Api.Post($"/api/v1/webhooks/{id}/test")).Is(200);
        var created = await to.Comes("the region", d => d.Type == "region.created.v1");
        Assert.Equal($"region-{region}", (string?)created.Body["stream"]);
        Assert.Equal((string?)created.Body["position"], created.Id);
        Assert.InRange(created.SignedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        await to.Comes("the test", d => d.Type == "webhook.tested.v1");
        Assert.Equal(["region.created.v1", "webhook.tested.v1"], to.Taken.Select(d => d.Type));
        Assert.Empty(to.Forged);

        var log = (await Api.Get($"/api/v1/webhooks/{id}/deliveries")).Is(200).Items;
        Assert.Equal(["webhook.tested.v1", "region.created.v1"], log.Select(d => (string?)d!["type"]));
        Assert.All(log, d => Assert.Equal((204, true), ((int)d!["status"]!, (bool)d["delivered"]!)));
    }

    [Fact]
    public async Task What_is_not_taken_is_tried_again_and_the_log_of_deliveries_says_so()
    {
        using var to = new Receiver(Secret, refuses: 2);
        var id = await Hook(to);
        (await Api.Post($"/api/v1/webhooks/{id}/test")).Is(200);
        await to.Comes("the test", d => d.Type == "webhook.tested.v1");
        Assert.Equal(2, to.Refused);
        var log = (await Api.Get($"/api/v1/webhooks/{id}/deliveries")).Is(200).Items;
        var tries = log.Where(d => (string?)d!["id"] == (string?)log[^1]!["id"]).Reverse().ToList();
        Assert.Equal([503, 503, 204], tries.Take(3).Select(d => (int)d!["status"]!));
        Assert.Equal([1, 2, 3], tries.Take(3).Select(d => (int)d!["attempt"]!));
        Assert.NotNull(tries[0]!["nextAt"]);
        Assert.Null(tries[2]!["nextAt"]);
    }

    [Fact]
    public async Task A_secret_that_is_made_here_is_said_once_and_is_the_one()
    {
        using var to = new Receiver();
        var id = Things.New("hook");
        string[] key = ["Idempotency-Key", $"made-{id}"];
        var body = new { id, url = to.Url, filter = new { types = new[] { "region.*" } } };
        var made = (await Api.Post("/api/v1/webhooks", body, key)).Is(201).Json;
        to.Secret = (string)made["secret"]!;
        Assert.True(to.Secret.Length >= 30);
        Assert.Equal(to.Secret, (string?)(await Api.Post("/api/v1/webhooks", body, key)).Is(201).Json["secret"]); // who lost the answer asks again
        Assert.DoesNotContain("secret", (await Api.Get($"/api/v1/webhooks/{id}")).Is(200).Text, StringComparison.OrdinalIgnoreCase);
        (await Api.Post($"/api/v1/webhooks/{id}/test")).Is(200);
        await to.Comes("the test", d => d.Type == "webhook.tested.v1");
        Assert.DoesNotContain(to.Secret, (await Api.Get($"/api/v1/events?stream=webhook-{id}")).Is(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_is_changed_listed_and_deleted()
    {
        using var first = new Receiver(Secret);
        using var second = new Receiver("another-secret-of-theirs");
        var id = await Hook(first, new { types = new[] { "region.*" } });
        (await Api.Post($"/api/v1/webhooks/{id}/test")).Is(200);
        await first.Comes("the test", d => d.Type == "webhook.tested.v1");
        var set = (await Api.Post($"/api/v1/webhooks/{id}", new { url = second.Url, secret = second.Secret, description = "moved" })).Is(200).Json;
        Assert.Equal((second.Url, "moved", "region.*"), ((string?)set["url"], (string?)set["description"], (string?)set["filter"]!["types"]![0]));
        (await Api.Post($"/api/v1/webhooks/{id}/test")).Is(200);
        await second.Comes("the test", d => d.Type == "webhook.tested.v1");
        Assert.Empty(second.Forged);
        Assert.Single(first.Taken);
        Assert.Contains(id, (await Api.Get("/api/v1/webhooks?limit=1000&filter=kind:events")).Is(200).Ids);

        (await Api.Post("/api/v1/webhooks", new { id, url = first.Url, secret = Secret })).Is(409, "name-taken");
        (await Api.Post($"/api/v1/webhooks/{id}/delete")).Is(204);
        (await Api.Get($"/api/v1/webhooks/{id}")).Is(404);
        (await Api.Get($"/api/v1/webhooks/{id}/deliveries")).Is(404);
        (await Api.Post($"/api/v1/webhooks/{id}/test")).Is(404);
        (await Api.Post($"/api/v1/webhooks/{id}", new { description = "gone" })).Is(404);
        (await Api.Post("/api/v1/webhooks", new { id, url = first.Url, secret = Secret })).Is(201);
    }

    [Theory]
    [InlineData("https://169.254.169.254/latest/meta-data", "url")]
    [InlineData("https://[fe80::1]/", "url")]
    [InlineData("https://[::ffff:169.254.169.254]/", "url")]
    [InlineData("https://0.0.0.0/", "url")]
    [InlineData("http://10.0.0.1/plain", "url")]
    [InlineData("https://user:pass@10.0.0.1/", "url")]
    [InlineData("ftp://10.0.0.1/", "url")]
    [InlineData("not a url", "url")]
    public async Task A_url_that_leads_nowhere_it_may_is_refused_by_name(string url, string field)
    {
        Assert.Equal([field], (await Api.Post("/api/v1/webhooks", new { id = Things.New("hook"), url, secret = Secret })).Is(400, "invalid").Fields);
        using var to = new Receiver(Secret);
        Assert.Equal([field], (await Api.Post($"/api/v1/webhooks/{await Hook(to)}", new { url })).Is(400, "invalid").Fields);
    }

    [Fact]
    public async Task Loopback_is_refused_where_it_is_no_lab()
    {
        await using var node = new TestNode { AllowLoopback = false };
        await node.Up();
        await Contract.Load(node.Url);
        foreach (var url in (string[])["https://127.0.0.1/", "https://[::1]:8443/", "https://localhost/", "http://127.0.0.1:9/", "https://0x7f000001/", "https://2130706433/"])
            Assert.Equal(["url"], (await node.Api.Post("/api/v1/webhooks", new { id = "own", url, secret = Secret })).Is(400, "invalid").Fields);
    }

    [Fact]
    public async Task What_is_not_a_webhook_is_refused_by_field()
    {
        async Task Refused(object body, params string[] fields) => Assert.Equal(fields, (await Api.Post("/api/v1/webhooks", body)).Is(400, "invalid").Fields);
        var (id, url) = (Things.New("hook"), "https://example.invalid/");
        await Refused(new { id = "Not A Slug", url, secret = Secret }, "id");
        await Refused(new { id, url, secret = "short" }, "secret");
        await Refused(new { id, url, secret = Secret, kind = "pigeons" }, "kind");
        await Refused(new { id, url, secret = Secret, filter = new { severity = "awful" } }, "filter.severity");
        await Refused(new { id, url, secret = Secret, filter = new { types = new[] { "A b" } } }, "filter.types");
        await Refused(new { id, url, secret = Secret, description = new string('x', 300) }, "description");
    }

    [Fact]
    public async Task After_a_restart_it_goes_on_where_it_was()
    {
        using var ports = new Receiver();
        var port = ports.Port;
        ports.Dispose();
        await using var node = new TestNode();
        await node.Up();
        await Contract.Load(node.Url);
        (await node.Api.Post("/api/v1/webhooks", new { id = "late", url = $"http://127.0.0.1:{port}/hook", secret = Secret, filter = new { types = new[] { "region.*" } } })).Is(201);
        (await node.Api.Post("/api/v1/regions", new { id = "while-away", description = "nobody listens" })).Is(201);
        await Things.Eventually("it was tried", async () => (await node.Api.Get("/api/v1/webhooks/late/deliveries")).Is(200).Items.Count > 0);
        (await node.Api.Post("/api/v1/webhooks/late/test")).Is(200);
        await node.Down();
        using var to = new Receiver(Secret, port: port);
        await node.Up();
        await to.Comes("what happened while nobody listened", d => (string?)d.Body["stream"] == "region-while-away");
        await to.Comes("the test", d => d.Type == "webhook.tested.v1");
        await node.Down();
        await node.Up();
        (await node.Api.Post("/api/v1/regions", new { id = "later", description = "after two starts" })).Is(201);
        await to.Comes("what came later", d => (string?)d.Body["stream"] == "region-later");
        // At least once: what comes again is known by its id, and what was delivered once its place was written does not.
        Assert.Equal(["region.created.v1", "webhook.tested.v1", "region.created.v1"], to.Taken.DistinctBy(d => d.Id).Select(d => d.Type));
        Assert.Single(to.Taken, d => (string?)d.Body["stream"] == "region-while-away");
    }

    [Fact]
    public async Task Signed_tree_heads_come_to_a_webhook_that_asks_for_them()
    {
        using var to = new Receiver(Secret);
        await using var node = new TestNode { Heads = new Ppec.Projections.Audit.HeadOptions(null, []) { Every = TimeSpan.FromMilliseconds(100) } };
        await node.Up();
        await Contract.Load(node.Url);
        await Hook(to, kind: "heads", by: node.Api);
        (await node.Api.Post("/api/v1/regions", new { id = "signed", description = "a fact more" })).Is(201);
        var told = await to.Comes("a head", d => d.Type == "audit.head");
        var head = HeadText.Read(told.Body.ToJsonString())[0];
        Assert.Null(head.Fault());
        Assert.Equal($"head-{head.Size}", told.Id);
    }

    [Fact]
    public async Task Who_may_not_read_everything_has_nothing_sent_elsewhere()
    {
        using var to = new Receiver(Secret);
        (await Api.Post("/api/v1/roles", new { id = Things.New("hooker"), permissions = new[] { "webhook.*" } })).Is(201);
        var role = (string)(await Api.Get("/api/v1/roles?limit=1000")).Is(200).Items.Last(r => ((string)r!["id"]!).StartsWith("hooker", StringComparison.Ordinal))!["id"]!;
        var user = Things.New("svc");
        (await Api.Post("/api/v1/users", new { id = user, kind = "service", responsible = "admin" })).Is(201);
        (await Api.Post("/api/v1/grants", new { subject = $"user:{user}", role, scope = "global" })).Is(201);
        var token = (string)(await Api.Post("/api/v1/credentials", new { name = "hook", user, days = 1 })).Is(201).Json["token"]!;
        var refused = (await shared.Node.As(token).Post("/api/v1/webhooks", new { id = Things.New("hook"), url = to.Url, secret = Secret })).Is(403, "forbidden");
        Assert.Contains("event.read", refused.Detail, StringComparison.Ordinal);
    }
}
