using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;
using Ppec.Contracts.Webhooks;
using Ppec.Domain.Webhooks;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Webhooks;

/// <summary>Where facts are sent to, and which.</summary>
public static class WebhookTests
{
    static readonly CreateWebhook Create = new("ci", "https://a.example/", Webhook.Events, new(), "") { At = Start, Kept = new("webhook/ci", 1) };

    static WebhookState? Fold(WebhookState? state, WebhookCommand command) => Webhook.Decide(state, command).Events.Aggregate(state, Webhook.Evolve);

    [Fact]
    public static void A_webhook_is_made_changed_and_unmade()
    {
        var made = Fold(null, Create);
        Assert.Empty(Webhook.Decide(made, Create).Events);
        Assert.Equal(ProblemCodes.NameTaken, Webhook.Decide(made, Create with { Url = "https://b.example/" }).Problem?.Code);
        var set = new SetWebhook("ci", null, new(Types: ["machine.*"]), "for the builds") { At = Start, Kept = new SecretRef("webhook/ci", 2) };
        var changed = Fold(made, set);
        Assert.Equal(("https://a.example/", "for the builds", 2), (changed!.Url, changed.Description, changed.Secret.Version));
        Assert.Empty(Webhook.Decide(changed, set).Events);
        Assert.Equal(2, Fold(changed, new SetWebhook("ci", "https://b.example/", null, null) { At = Start })!.Secret.Version);
        Assert.Null(Fold(changed, new DeleteWebhook("ci") { At = Start }));
        foreach (WebhookCommand command in (WebhookCommand[])[set, new DeleteWebhook("ci"), new TestWebhook("ci")])
            Assert.Equal(ProblemCodes.NotFound, Webhook.Decide(null, command).Problem?.Code);
    }

    [Theory]
    [InlineData(Webhook.Events, "machine-sn-1", "machine.held.v1", true)]
    [InlineData(Webhook.Events, "region-blr1", "region.created.v1", false)]
    [InlineData(Webhook.Events, "follower-alerts", "follower.position-reached.v1", false)]
    [InlineData(Webhook.Events, "webhook-ci", "webhook.tested.v1", true)]
    [InlineData(Webhook.Events, "webhook-other", "webhook.tested.v1", false)]
    [InlineData(Webhook.Events, "webhook-ci", "webhook.set.v1", false)]
    [InlineData(Webhook.Alertmanager, "alert-drift.sn-1.power", "alert.fired.v1", true)]
    [InlineData(Webhook.Alertmanager, "machine-sn-1", "machine.held.v1", false)]
    [InlineData(Webhook.Heads, "machine-sn-1", "machine.held.v1", false)]
    [InlineData(Webhook.Heads, "webhook-ci", "webhook.tested.v1", true)]
    public static void It_is_sent_what_it_asked_for_and_never_what_sending_makes(string kind, string stream, string type, bool wanted) =>
        Assert.Equal(wanted, Webhook.Wants("ci", kind, new(Types: ["machine.*"]), stream, type));

    [Theory]
    [InlineData(null, "info", true), InlineData("warning", "info", false), InlineData("warning", "warning", true), InlineData("warning", "critical", true)]
    public static void An_alert_must_be_grave_enough_and_of_a_source_asked_for(string? least, string severity, bool wanted)
    {
        Assert.Equal(wanted, Webhook.Wants(new(Severity: least), "drift", severity));
        Assert.Equal(wanted, Webhook.Wants(new(Types: ["drift"], Severity: least), "drift", severity));
        Assert.False(Webhook.Wants(new(Types: ["machine-*"], Severity: least), "drift", severity));
    }
}
