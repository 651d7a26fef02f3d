using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ppec.Contracts.Alerts;
using Ppec.Domain.Alerts;

namespace Ppec.Grains.Webhooks;

/// <summary>An alert as Alertmanager's own webhooks tell it (version 4), so that what listens to those listens to us.</summary>
static class Alertmanager
{
    /// <summary>What Alertmanager says while an alert lasts.</summary>
    static readonly DateTimeOffset Open = DateTimeOffset.MinValue;

    /// <param name="receiver">The webhook's name.</param>
    /// <param name="alert">What turned.</param>
    /// <param name="explained">What it took down with it: those come in the same page.</param>
    public static string Payload(string receiver, AlertView alert, ImmutableArray<AlertView> explained) => new JsonObject
    {
        ["version"] = "4",
        ["groupKey"] = $"{{}}:{{id=\"{alert.Id}\"}}",
        ["truncatedAlerts"] = 0,
        ["status"] = Status(alert),
        ["receiver"] = receiver,
        ["groupLabels"] = new JsonObject { ["alertname"] = alert.Source },
        ["commonLabels"] = explained.IsEmpty ? Labels(alert) : [],
        ["commonAnnotations"] = explained.IsEmpty ? Annotations(alert) : [],
        ["externalURL"] = "",
        ["alerts"] = new JsonArray([One(alert), .. explained.Select(One)]),
    }.ToJsonString(JsonSerializerOptions.Web);

    static JsonObject One(AlertView alert) => new()
    {
        ["status"] = Status(alert),
        ["labels"] = Labels(alert),
        ["annotations"] = Annotations(alert),
        ["startsAt"] = alert.FiredAt,
        ["endsAt"] = alert.ResolvedAt ?? Open,
        ["generatorURL"] = $"/api/v1/alerts/{alert.Id}",
        ["fingerprint"] = alert.Id,
    };

    static string Status(AlertView alert) => alert.State == Alert.Resolved ? "resolved" : "firing";

    static JsonObject Labels(AlertView alert)
    {
        var labels = new JsonObject { ["alertname"] = alert.Source, ["severity"] = alert.Severity, ["target"] = alert.Target };
        if (alert.Parent is { } parent) labels["parent"] = parent;
        return labels;
    }

    static JsonObject Annotations(AlertView alert)
    {
        var annotations = new JsonObject { ["summary"] = alert.Summary, ["runbook_url"] = alert.Runbook };
        if (alert is { State: Alert.Acknowledged, By: { } by }) annotations["acknowledged_by"] = by;
        return annotations;
    }
}
