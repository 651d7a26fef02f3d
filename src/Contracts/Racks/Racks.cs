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

/// <summary>Describes: what is null stays as it is.</summary>
[GenerateSerializer, Immutable]
public sealed record SetRack(string Rack, int? Units, string? Row, string? PowerFeed, string? SwitchPair) : RackCommand(Rack)
{
    public override string Permission => "rack.set";
}

/// <summary>The rack is gone. Its id is free again; its history stays.</summary>
[GenerateSerializer, Immutable]
public sealed record RetireRack(string Rack) : RackCommand(Rack)
{
    public override string Permission => "rack.retire";
}

/// <summary>Takes units for a machine; asking again for the same machine and units changes nothing. One that is <see cref="Moving"/> may stand in two places of the rack for a moment.</summary>
[GenerateSerializer, Immutable]
public sealed record OccupyUnits(string Rack, string Machine, int Unit, int Height) : RackCommand(Rack)
{
    [Id(100)] public bool Moving { get; init; }
    public override string Permission => "machine.rack";
}

/// <summary>Frees what the machine has from <paramref name="Unit"/> up; null = whatever it has in this rack.</summary>
[GenerateSerializer, Immutable]
public sealed record VacateUnits(string Rack, string Machine, int? Unit = null) : RackCommand(Rack)
{
    public override string Permission => "machine.unrack";
}

/// <summary>The body of POST /api/v1/racks.</summary>
[GenerateSerializer, Immutable]
public sealed record RackBody(string Id, int Units = 42, string Row = "", string PowerFeed = "", string SwitchPair = "");

/// <summary>The body of POST /api/v1/racks/{id}/set; what is left out stays as it is.</summary>
[GenerateSerializer, Immutable]
public sealed record SetRackBody(int? Units = null, string? Row = null, string? PowerFeed = null, string? SwitchPair = null);

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
