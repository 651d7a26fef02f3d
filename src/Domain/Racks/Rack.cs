using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Racks;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Racks;

public abstract record RackEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record RackCreated(string Rack, string Region, int Units, string Row, string PowerFeed, string SwitchPair) : RackEvent;
public sealed record UnitsOccupied(string Machine, int Unit, int Height) : RackEvent;
public sealed record UnitsVacated(string Machine) : RackEvent;

/// <summary>A rack and who stands where; one machine, one place.</summary>
public sealed record RackState(string Region, int Units, string Row, string PowerFeed, string SwitchPair, ImmutableSortedDictionary<string, (int Unit, int Height)> Machines, DateTimeOffset CreatedAt);

/// <summary>A cabinet: the one owner of its units, so that no two machines share one.</summary>
public static class Rack
{
    public static Decision<RackEvent> Decide(RackState? state, RackCommand command)
    {
        var decision = Rules(state, command);
        return decision.Problem is null ? decision with { Events = [.. decision.Events.Select(e => e with { At = command.At })] } : decision;
    }

    static Decision<RackEvent> Rules(RackState? state, RackCommand command) => (state, command) switch
    {
        (null, CreateRack c)                                          => new RackCreated(c.Rack, c.Region, c.Units, c.Row, c.PowerFeed, c.SwitchPair),
        (null, VacateUnits)                                           => Nothing<RackEvent>(),
        (null, _)                                                     => No(ProblemCodes.RackUnknown, $"There is no rack {command.Rack}."),
        ({ } s, CreateRack c) when (s.Region, s.Units, s.Row, s.PowerFeed, s.SwitchPair) == (c.Region, c.Units, c.Row, c.PowerFeed, c.SwitchPair)
                                                                      => Nothing<RackEvent>(),
        (_, CreateRack c)                                             => No(ProblemCodes.RackExists, $"Rack {c.Rack} exists already, with other values."),
        ({ } s, OccupyUnits c)                                        => Occupy(s, c),
        ({ } s, VacateUnits c)                                        => s.Machines.ContainsKey(c.Machine) ? new UnitsVacated(c.Machine) : Nothing<RackEvent>(),
        _                                                             => throw new UnreachableException(command.GetType().Name),
    };

    static Decision<RackEvent> Occupy(RackState s, OccupyUnits c)
    {
        if (c.Unit < 1 || c.Height < 1 || c.Height > s.Units - c.Unit + 1)
            return No(ProblemCodes.RackUnitOutside, $"{c.Height} units from unit {c.Unit} up are not in rack {c.Rack}, which has 1 to {s.Units}.");
        if (s.Machines.TryGetValue(c.Machine, out var own))
            return own == (c.Unit, c.Height)
                ? Nothing<RackEvent>()
                : No(ProblemCodes.RackUnitTaken, $"{c.Machine} stands at unit {own.Unit} of rack {c.Rack} already: it leaves there first.");
        var taken = s.Machines.FirstOrDefault(m => m.Value.Unit < c.Unit + c.Height && c.Unit < m.Value.Unit + m.Value.Height);
        return taken.Key is null
            ? new UnitsOccupied(c.Machine, c.Unit, c.Height)
            : No(ProblemCodes.RackUnitTaken, $"Unit {Math.Max(c.Unit, taken.Value.Unit)} of rack {c.Rack} is taken by {taken.Key}.");
    }

    public static RackState? Evolve(RackState? state, RackEvent @event) => (state, @event) switch
    {
        (null, RackCreated e)        => new(e.Region, e.Units, e.Row, e.PowerFeed, e.SwitchPair, ImmutableSortedDictionary<string, (int, int)>.Empty, e.At),
        ({ } s, UnitsOccupied e)     => s with { Machines = s.Machines.SetItem(e.Machine, (e.Unit, e.Height)) },
        ({ } s, UnitsVacated e)      => s with { Machines = s.Machines.Remove(e.Machine) },
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };
}
