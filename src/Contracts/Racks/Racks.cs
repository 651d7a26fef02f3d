using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Racks;

/// <summary>A command to one rack; <paramref name="Rack"/> is its id, <c>region.name</c>.</summary>
[GenerateSerializer]
public abstract record RackCommand(string Rack) : Command
{
    public override string Target => $"rack-{Rack}";
}

[GenerateSerializer, Immutable]
public sealed record CreateRack(string Rack, string Region, int Units, string Row, string PowerFeed, string SwitchPair) : RackCommand(Rack)
{
    public override string Permission => "rack.create";
}

/// <summary>Takes units for a machine; asking again for the same machine and units changes nothing.</summary>
[GenerateSerializer, Immutable]
public sealed record OccupyUnits(string Rack, string Machine, int Unit, int Height) : RackCommand(Rack)
{
    public override string Permission => "machine.rack";
}

/// <summary>Frees whatever the machine has in this rack.</summary>
[GenerateSerializer, Immutable]
public sealed record VacateUnits(string Rack, string Machine) : RackCommand(Rack)
{
    public override string Permission => "machine.unrack";
}

/// <summary>The body of POST /api/v1/racks.</summary>
[GenerateSerializer, Immutable]
public sealed record RackBody(string Id, int Units = 42, string Row = "", string PowerFeed = "", string SwitchPair = "");

/// <summary>A rack with what stands in it, from the top down.</summary>
[GenerateSerializer, Immutable]
public sealed record RackView(string Id, string Region, int Units, string Row, string PowerFeed, string SwitchPair, ImmutableArray<RackSlot> Slots, DateTimeOffset CreatedAt, long Version);

[GenerateSerializer, Immutable]
public sealed record RackSlot(int Unit, int Height, string Machine);

[Alias("rack")]
public interface IRackGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(RackCommand command, Caller caller);

    /// <summary>The rack's region; null when there is no such rack.</summary>
    Task<string?> Region();
}
