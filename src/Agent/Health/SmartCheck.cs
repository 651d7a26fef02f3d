using System.Text.Json;
using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Health;

/// <summary>What the disk thinks of itself, by <c>smartctl -H -A -j</c>.</summary>
internal static class SmartCheck
{
    internal static HealthCheck Run(Disk disk)
    {
        var part = disk.Serial.Length > 0 ? disk.Serial : disk.Slot;
        if (disk.Transport is not ("sata" or "nvme" or "scsi")) return new("smart", part, HealthStatus.Skipped, $"{disk.Transport} disks have no SMART here");
        try
        {
            var (_, output) = Tool.Run(TimeSpan.FromSeconds(60), "/usr/sbin/smartctl", "-H", "-A", "-j", $"/dev/{disk.Name}");
            return Read(part, output);
        }
        catch (IOException e) { return new("smart", part, HealthStatus.Skipped, e.Message); }
    }

    /// <summary>The verdict in smartctl's JSON. A failing overall status, an attribute that fails now, or an NVMe warning is a failure.</summary>
    internal static HealthCheck Read(string part, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (Get(root, "smart_status", "passed") is not { } passed) return new("smart", part, HealthStatus.Skipped, Message(root));
            var failing = Attributes(root).ToList();
            if (Get(root, "nvme_smart_health_information_log", "critical_warning") is { ValueKind: JsonValueKind.Number } warning && warning.GetInt64() != 0) failing.Add($"NVMe critical warning 0x{warning.GetInt64():x}");
            if (passed.ValueKind == JsonValueKind.False) failing.Insert(0, "overall status failed");
            return failing.Count > 0
                ? new("smart", part, HealthStatus.Failed, string.Join("; ", failing))
                : new("smart", part, HealthStatus.Passed, "overall status passed, no attribute fails");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException) { return new("smart", part, HealthStatus.Skipped, "smartctl's answer cannot be read"); }
    }

    static IEnumerable<string> Attributes(JsonElement root)
    {
        if (Get(root, "ata_smart_attributes", "table") is not { ValueKind: JsonValueKind.Array } table) yield break;
        foreach (var row in table.EnumerateArray())
            if (Get(row, "when_failed") is { ValueKind: JsonValueKind.String } when && when.GetString() == "now")
                yield return $"attribute {Get(row, "id")} {Get(row, "name")} fails now";
    }

    static string Message(JsonElement root) =>
        Get(root, "smartctl", "messages") is { ValueKind: JsonValueKind.Array } messages && messages.GetArrayLength() > 0 && Get(messages[0], "string") is { } text ? text.ToString() : "the disk has no SMART";

    static JsonElement? Get(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return null;
        return element;
    }
}
