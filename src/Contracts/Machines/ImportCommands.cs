using System.Collections.Immutable;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;

namespace Ppec.Contracts.Machines;

/// <summary>Brings the regions, racks, profiles and machines of a file in, every row or no machine at all. What is there already with the same values is left as it is.</summary>
[GenerateSerializer, Immutable]
public sealed record ImportMany(SiteFile File) : BulkCommand
{
    public const int MostRows = 20_000;

    public override string Permission => "machine.import";
}

/// <summary>What a file of any format says of a site; each row with the line that it begins at.</summary>
[GenerateSerializer, Immutable]
public sealed record SiteFile(
    ImmutableArray<Row<RegionBody>> Regions, ImmutableArray<Row<RackBody>> Racks, ImmutableArray<Row<ProfileRow>> Profiles, ImmutableArray<Row<MachineRow>> Machines)
{
    public static readonly SiteFile Empty = new([], [], [], []);

    public int Rows => Regions.Length + Racks.Length + Profiles.Length + Machines.Length;
}

/// <summary>One row. <paramref name="Line"/> counts from 1.</summary>
[GenerateSerializer, Immutable]
public sealed record Row<T>(int Line, T Value);

/// <summary>One version of a profile; without <paramref name="Version"/> it is the version that says the same, or the next when none does.</summary>
[GenerateSerializer, Immutable]
public sealed record ProfileRow(string Name, ProfileSpec Spec, int? Version = null)
{
    public string Id => Version is { } version ? new ProfileVersion(Name, version, Spec).Id : Name;
}

/// <summary>A machine as it stands in a file. It is racked on paper, and boots from its disk until somebody inspects or adopts it.</summary>
[GenerateSerializer, Immutable]
public sealed record MachineRow(
    string Serial, string Rack, int Unit, int Height = 1,
    string? Profile = null, string? Name = null, ImmutableArray<string> Macs = default, BmcRow? Bmc = null);

/// <summary>How to reach a BMC. An export has no <paramref name="Password"/>; without one the BMC is known and cannot be used until it is set.</summary>
[GenerateSerializer, Immutable]
public sealed record BmcRow(string Address, string User, SecretText? Password = null, string Protocol = "redfish", string? PinnedCertificate = null);
