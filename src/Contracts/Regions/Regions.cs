using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Regions;

[GenerateSerializer]
public abstract record RegionCommand(string Region) : Command
{
    public override string Target => $"region-{Region}";
}

[GenerateSerializer, Immutable]
public sealed record CreateRegion(string Region, string Description) : RegionCommand(Region)
{
    public override string Permission => "region.create";
}

[GenerateSerializer, Immutable]
public sealed record SetRegion(string Region, string Description) : RegionCommand(Region)
{
    public override string Permission => "region.set";
}

/// <summary>The body of POST /api/v1/regions/{id}/set.</summary>
[GenerateSerializer, Immutable]
public sealed record SetRegionBody(string Description);

/// <summary>The body of POST /api/v1/regions.</summary>
[GenerateSerializer, Immutable]
public sealed record RegionBody(string Id, string Description = "");

[GenerateSerializer, Immutable]
public sealed record RegionView(string Id, string Description, DateTimeOffset CreatedAt, long Version);

[Alias("region")]
public interface IRegionGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(RegionCommand command, Caller caller);
    Task<bool> Exists();
}
