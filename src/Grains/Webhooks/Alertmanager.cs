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

    public static string Payload(string receiver, AlertView alert)
    {
        var status = alert.State == Alert.Resolved ? "resolved" : "firing";
        var one = new JsonObject
        {
            ["status"] = status,
            ["labels"] = Labels(alert),
            ["annotations"] = Annotations(alert),
            ["startsAt"] = alert.FiredAt,
            ["endsAt"] = alert.ResolvedAt ?? Open,
            ["generatorURL"] = $"/api/v1/alerts/{alert.Id}",
            ["fingerprint"] = alert.Id,
        };
        return new JsonObject
        {
            ["version"] = "4",
            ["groupKey"] = $"{{}}:{{id=\"{alert.Id}\"}}",
            ["truncatedAlerts"] = 0,
            ["status"] = status,
            ["receiver"] = receiver,
            ["groupLabels"] = new JsonObject { ["alertname"] = alert.Source },
            ["commonLabels"] = Labels(alert),
            ["commonAnnotations"] = Annotations(alert),
            ["externalURL"] = "",
            ["alerts"] = new JsonArray(one),
        }.ToJsonString(JsonSerializerOptions.Web);
    }

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
