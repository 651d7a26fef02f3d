using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Regions;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Regions;

public abstract record RegionEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record RegionCreated(string Region, string Description) : RegionEvent;

public sealed record RegionDescribed(string Description) : RegionEvent;

public sealed record RegionState(string Description, DateTimeOffset CreatedAt);

/// <summary>A data centre or site; the widest scope.</summary>
public static class Region
{
    public static Decision<RegionEvent> Decide(RegionState? state, RegionCommand command) => (state, command) switch
    {
        (null, CreateRegion c)                                        => new RegionCreated(c.Region, c.Description) { At = c.At },
        ({ } s, CreateRegion c) when s.Description == c.Description   => Nothing<RegionEvent>(),
        (_, CreateRegion c)                                           => No(ProblemCodes.RegionExists, $"Region {c.Region} exists already."),
        (null, SetRegion c)                                           => No(ProblemCodes.NotFound, $"There is no region {c.Region}."),
        ({ } s, SetRegion c) when s.Description == c.Description      => Nothing<RegionEvent>(),
        (_, SetRegion c)                                              => new RegionDescribed(c.Description) { At = c.At },
        _                                                             => throw new UnreachableException(command.GetType().Name),
    };

    public static RegionState? Evolve(RegionState? state, RegionEvent @event) => (state, @event) switch
    {
        (null, RegionCreated e) => new(e.Description, e.At),
        ({ } s, RegionDescribed e) => s with { Description = e.Description },
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };
}
