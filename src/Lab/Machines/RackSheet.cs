using System.Text.Json;
using Ppec.Lab.Plan;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Ppec.Lab.Machines;

/// <summary>What a person at the rack would write down of one machine: the label, the BMC, and what was ordered (not what was delivered).</summary>
public sealed record RackSheetRow
{
    public required string Name { get; init; }
    public required string Kind { get; init; }
    public required string Serial { get; init; }
    public required string Uuid { get; init; }
    public required string Rack { get; init; }
    public required int Unit { get; init; }
    public required List<string> Macs { get; init; }
    public required string BmcAddress { get; init; }
    public required string BmcUser { get; init; }
    public required string BmcPasswordFile { get; init; }

    /// <summary>SHA-256 of the BMC's certificate, lower-case hex; absent over http.</summary>
    public string? BmcCertificate { get; init; }

    public required int Cpus { get; init; }
    public required long MemoryMiB { get; init; }
    public required List<DimmPlan> Dimms { get; init; }
    public required List<DiskPlan> Disks { get; init; }
    public required string Firmware { get; init; }
}

/// <summary><c>machines.json</c> and <c>machines.yaml</c>: the same rows twice, for <c>jq</c> and for people.</summary>
public static class RackSheet
{
    static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web) { WriteIndented = true, DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
    static readonly ISerializer yaml = new SerializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).ConfigureDefaultValuesHandling(DefaultValuesHandling.OmitNull).DisableAliases().Build();

    public static void Write(LabFolder folder, IReadOnlyList<RackSheetRow> rows)
    {
        folder.Write("machines.json", JsonSerializer.Serialize(rows, json) + "\n");
        folder.Write("machines.yaml", yaml.Serialize(rows));
    }

    public static List<RackSheetRow> Read(LabFolder folder) =>
        File.Exists(Path.Combine(folder.Root, "machines.json"))
            ? JsonSerializer.Deserialize<List<RackSheetRow>>(File.ReadAllText(Path.Combine(folder.Root, "machines.json")), json) ?? []
            : [];
}
