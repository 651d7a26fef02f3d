using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Api.Tests.Webhooks;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Ppec.Grains;

namespace Ppec.Api.Tests.Alerts;

/// <summary>What wants a person: raised by facts, looked after by people, told to Alertmanager's receivers, ended by facts.</summary>
public sealed class AlertTests(SharedNode shared)
{
    const string Secret = "a-secret-of-the-receivers";

    Calls Api => shared.Node.Api;

    async Task<JsonObject> Alert(string id, string state)
    {
        JsonObject? seen = null;
        await Things.Eventually($"alert {id} is {state}", async () => await Api.Get($"/api/v1/alerts/{id}") is { Status: 200 } answer && (string?)(seen = answer.Json)["state"] == state, () => seen?.ToJsonString());
        return seen!;
    }

    [Fact]
    public async Task A_hold_fires_is_acknowledged_silenced_and_ends_with_the_hold()
    {
        using var to = new Receiver(Secret);
        var rack = await Api.Rack();
        var machine = await Api.Machine(rack, 1);
        var hook = Things.New("pager");
        (await Api.Post("/api/v1/webhooks", new { id = hook, url = to.Url, secret = Secret, kind = "alertmanager", filter = new { severity = "warning", types = new[] { "machine-*" } } })).Is(201);
        (await Api.Post($"/api/v1/machines/{machine}/hold", new { reason = "a fan rattles" })).Is(200);
        var id = $"machine-held.{machine}.operator";
        var fired = await Alert(id, "firing");
        Assert.Equal(("warning", "machine-held", $"machine:{machine}", rack), ((string?)fired["severity"], (string?)fired["source"], (string?)fired["target"], (string?)fired["rack"]));
        Assert.Contains("a fan rattles", (string?)fired["summary"], StringComparison.Ordinal);

        var page = (await to.Comes("the page", d => (string?)d.Body["alerts"]?[0]?["fingerprint"] == id)).Body;
        Assert.Equal(("4", "firing", hook), ((string?)page["version"], (string?)page["status"], (string?)page["receiver"]));
        Assert.Equal(("machine-held", "warning"), ((string?)page["alerts"]![0]!["labels"]!["alertname"], (string?)page["commonLabels"]!["severity"]));
        Assert.Equal("ops/runbooks/README.md#machine-held", (string?)page["alerts"]![0]!["annotations"]!["runbook_url"]);

        var acked = (await Api.Post($"/api/v1/alerts/{id}/ack")).Is(200).Json;
        Assert.Equal(("acknowledged", "admin"), ((string?)acked["state"], (string?)acked["by"]));
        (await Api.Post($"/api/v1/alerts/{id}/silence", new { until = "2001-01-01T00:00:00Z" })).Is(400, "invalid");
        var until = DateTimeOffset.UtcNow.AddHours(1);
        Assert.NotNull((await Api.Post($"/api/v1/alerts/{id}/silence", new { until })).Is(200).Json["silencedUntil"]);
        Assert.Null((await Api.Post($"/api/v1/alerts/{id}/silence", new { until = (DateTimeOffset?)null })).Is(200).Json["silencedUntil"]);
        Assert.Contains(id, (await Api.Get($"/api/v1/alerts?filter=state:acknowledged%20rack:{rack}")).Is(200).Ids);

        (await Api.Post($"/api/v1/machines/{machine}/unhold", new { source = "operator" })).Is(200);
        Assert.Null((await Alert(id, "resolved"))["by"]);
        await to.Comes("the end", d => (string?)d.Body["status"] == "resolved" && (string?)d.Body["alerts"]?[0]?["fingerprint"] == id);
        (await Api.Post($"/api/v1/alerts/{id}/ack")).Is(409, "alert-resolved");

        (await Api.Post($"/api/v1/machines/{machine}/hold", new { reason = "it rattles again" })).Is(200);
        Assert.Equal(2, (int)(await Alert(id, "firing"))["times"]!);
        Assert.Equal("admin", (string?)(await Api.Post($"/api/v1/alerts/{id}/resolve")).Is(200).Json["by"]);
        Assert.Empty(to.Forged);
    }

    [Fact]
    public async Task A_silenced_alert_pages_nobody()
    {
        using var to = new Receiver(Secret);
        var machine = await Api.Machine(await Api.Rack(), 1);
        var id = $"machine-held.{machine}.operator";
        (await Api.Post($"/api/v1/machines/{machine}/hold", new { reason = "one" })).Is(200);
        await Alert(id, "firing");
        (await Api.Post($"/api/v1/alerts/{id}/silence", new { until = DateTimeOffset.UtcNow.AddHours(1) })).Is(200);
        var hook = Things.New("pager");
        (await Api.Post("/api/v1/webhooks", new { id = hook, url = to.Url, secret = Secret, kind = "alertmanager" })).Is(201);
        (await Api.Post($"/api/v1/alerts/{id}/ack")).Is(200);
        (await Api.Post($"/api/v1/webhooks/{hook}/test")).Is(200);
        await to.Comes("the test", d => d.Type == "webhook.tested.v1"); // in its turn: what was before it was passed over
        Assert.DoesNotContain(to.Taken, d => (string?)d.Body["alerts"]?[0]?["fingerprint"] == id);
    }

    [Fact]
    public async Task What_was_never_raised_is_not_there()
    {
        (await Api.Get("/api/v1/alerts/machine-held.nobody.operator")).Is(404);
        (await Api.Post("/api/v1/alerts/machine-held.nobody.operator/ack")).Is(404, "not-found");
        (await Api.Post("/api/v1/alerts/machine-held.nobody.operator/resolve")).Is(404, "not-found");
        (await Api.Post("/api/v1/alerts/machine-held.nobody.operator/silence", new { until = DateTimeOffset.UtcNow.AddHours(1) })).Is(404, "not-found");
        Assert.Equal(["id"], (await Api.Post("/api/v1/alerts/Not%20One/ack")).Is(400, "invalid").Fields);
    }

    [Fact]
    public async Task A_credential_in_its_last_days_is_spoken_of_until_it_is_rotated()
    {
        await using var node = new TestNode();
        await node.Up();
        await Contract.Load(node.Url);
        var (id, from) = (Things.New("old"), DateTimeOffset.UtcNow.AddDays(-28));
        // As it was written four weeks ago: silos do not bear a clock that leaps.
        await node.Node.Services.GetRequiredService<Log>().Append($"credential-{id}", 0, EventChain.Genesis,
            [new CredentialIssued(id, "admin", new string('0', 64), "token", "ci", Limits.None, from.AddDays(30), "admin") { At = from }],
            Log.Stamp(new Caller("admin", "internal", "internal", $"issue/{id}", ""), from));
        await node.Down();
        await node.Up(); // it looks at its start
        string? alert = null;
        await Things.Eventually("it is spoken of", async () => (alert = (await node.Api.Get($"/api/v1/alerts?filter=source:credential-expiring%20target:credential:{id}")).Is(200).Ids.FirstOrDefault()) is not null);
        Assert.Contains("ci", (await node.Api.Get($"/api/v1/alerts/{alert}")).Is(200).Text, StringComparison.Ordinal);
        (await node.Api.Post($"/api/v1/credentials/{id}/revoke")).Is(200);
        await node.Down();
        await node.Up(); // it looks again
        await Things.Eventually("it is settled", async () => (string?)(await node.Api.Get($"/api/v1/alerts/{alert}")).Is(200).Json["state"] == "resolved");
    }
}
