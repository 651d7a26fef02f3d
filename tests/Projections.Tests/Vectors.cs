using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ppec.Projections.Tests;

/// <summary>The filter language by example: <c>filter.vectors.json</c>, which server, CLI and dashboard share.</summary>
public sealed record Vectors(ImmutableArray<Vectors.Reading> Parsed, ImmutableArray<Vectors.Refusal> Refused, ImmutableArray<Vectors.Machine> Machines, ImmutableArray<Vectors.Finding> Found)
{
    public sealed record Reading(string Text, ImmutableArray<string> Terms);

    public sealed record Refusal(string Text, string Field, ImmutableArray<string> Says);

    public sealed record Machine(string Id, string Serial, string? Name, string? Note, string Stage, string? Type, ImmutableDictionary<string, string> Tags, int Cores, long MemoryMiB, int Unit, ImmutableArray<string> Macs, ImmutableArray<string> Disks, bool Held);

    public sealed record Finding(string Text, ImmutableArray<string> Ids);

    public static readonly Vectors All = JsonSerializer.Deserialize<Vectors>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "filter.vectors.json")), new JsonSerializerOptions(JsonSerializerDefaults.Web) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow })!;
}
