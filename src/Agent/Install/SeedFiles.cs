using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;

namespace Ppec.Agent.Install;

/// <summary>One file of the seed.</summary>
public sealed record SeedFile(string Name, ImmutableArray<byte> Content);

/// <summary>
/// What the installed system learns about itself. Two readers, one volume: cloud-init's NoCloud (<c>meta-data</c>, <c>user-data</c>,
/// <c>network-config</c>; JSON, which is YAML) and <c>ppec.seed</c>, lines of <c>key=value</c> that a shell reads without tools.
/// </summary>
public static class SeedFiles
{
    /// <summary>The files for one installation.</summary>
    public static ImmutableArray<SeedFile> For(InstallImage work, string task, string operation) =>
    [
        File("meta-data", Json(w => WriteMetaData(w, work.Plan, task))),
        File("user-data", UserData(work.Plan)),
        File("network-config", Json(w => WriteNetwork(w, work.Plan.Interfaces))),
        File("ppec.seed", Lines(work, task, operation)),
    ];

    static string UserData(InstallPlan plan) => plan.UserData.Length > 0 ? plan.UserData : "#cloud-config\n{}\n";

    static void WriteMetaData(Utf8JsonWriter json, InstallPlan plan, string task)
    {
        json.WriteStartObject();
        json.WriteString("instance-id", task); // new with each installation, so that a reimaged machine counts as a new instance
        json.WriteString("local-hostname", plan.Hostname);
        json.WriteStartArray("public-keys");
        foreach (var key in plan.SshKeys) json.WriteStringValue(key);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteNetwork(Utf8JsonWriter json, ImmutableArray<InterfacePlan> interfaces)
    {
        json.WriteStartObject();
        json.WriteNumber("version", 2);
        json.WriteStartObject("ethernets");
        for (var i = 0; i < interfaces.Length; i++) WriteInterface(json, $"port{i}", interfaces[i]);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteInterface(Utf8JsonWriter json, string name, InterfacePlan plan)
    {
        json.WriteStartObject(name);
        json.WriteStartObject("match");
        json.WriteString("macaddress", plan.Mac);
        json.WriteEndObject();
        var dhcp = plan.Address == "dhcp";
        json.WriteBoolean("dhcp4", dhcp);
        if (!dhcp) WriteStrings(json, "addresses", [plan.Address]);
        if (!dhcp && plan.Gateway is { Length: > 0 } gateway)
        {
            json.WriteStartArray("routes");
            json.WriteStartObject();
            json.WriteString("to", gateway.Contains(':') ? "::/0" : "0.0.0.0/0");
            json.WriteString("via", gateway);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        if (plan.Dns.Length > 0)
        {
            json.WriteStartObject("nameservers");
            WriteStrings(json, "addresses", plan.Dns);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    static void WriteStrings(Utf8JsonWriter json, string name, ImmutableArray<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    static string Lines(InstallImage work, string task, string operation)
    {
        var plan = work.Plan;
        var text = new StringBuilder();
        void Add(string key, string value) => text.Append(key).Append('=').Append(OneLine(value)).Append('\n');
        Add("version", "1");
        Add("operation", operation);
        Add("task", task);
        Add("machine", plan.Machine);
        Add("hostname", plan.Hostname);
        Add("image", plan.Image.Image);
        Add("beacon", work.BeaconUrl);
        Add("token", work.FirstBootToken);
        foreach (var port in plan.Interfaces)
            Add("interface", $"{port.Mac} {port.Address} {(string.IsNullOrEmpty(port.Gateway) ? "-" : port.Gateway)} {(port.Dns.Length == 0 ? "-" : string.Join(',', port.Dns))}");
        foreach (var key in plan.SshKeys) Add("ssh-key", key);
        return text.ToString();
    }

    /// <summary>A value cannot smuggle in another line.</summary>
    static string OneLine(string value) => value.Replace('\r', ' ').Replace('\n', ' ').Trim();

    static string Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true })) write(json);
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    static SeedFile File(string name, string text) => new(name, [.. Encoding.UTF8.GetBytes(text)]);
}
