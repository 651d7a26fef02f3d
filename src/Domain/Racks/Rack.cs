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
public sealed record UnitsVacated(string Machine, int? Unit = null) : RackEvent;
public sealed record RackDescribed(int Units, string Row, string PowerFeed, string SwitchPair) : RackEvent;
public sealed record RackRetired : RackEvent;

/// <summary>A rack and who stands where, by the lowest unit. A machine has one place, but for the moment in which it moves.</summary>
public sealed record RackState(string Region, int Units, string Row, string PowerFeed, string SwitchPair, ImmutableSortedDictionary<int, Standing> Machines, DateTimeOffset CreatedAt);

public sealed record Standing(string Machine, int Height);

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
        (null, VacateUnits or RetireRack)                             => Nothing<RackEvent>(),
        (null, SetRack)                                               => No(ProblemCodes.NotFound, $"There is no rack {command.Rack}."),
        (null, _)                                                     => No(ProblemCodes.RackUnknown, $"There is no rack {command.Rack}."),
        ({ } s, CreateRack c) when (s.Region, s.Units, s.Row, s.PowerFeed, s.SwitchPair) == (c.Region, c.Units, c.Row, c.PowerFeed, c.SwitchPair)
                                                                      => Nothing<RackEvent>(),
        (_, CreateRack c)                                             => No(ProblemCodes.RackExists, $"Rack {c.Rack} exists already, with other values."),
        ({ } s, OccupyUnits c)                                        => Occupy(s, c),
        ({ } s, VacateUnits c)                                        => s.Machines.Any(m => m.Value.Machine == c.Machine && (c.Unit ?? m.Key) == m.Key) ? new UnitsVacated(c.Machine, c.Unit) : Nothing<RackEvent>(),
        ({ } s, SetRack c)                                            => Describe(s, c),
        ({ Machines.IsEmpty: true }, RetireRack)                      => new RackRetired(),
        ({ } s, RetireRack)                                           => No(ProblemCodes.RackNotEmpty, $"In rack {command.Rack} there still are {string.Join(", ", s.Machines.Values.Select(m => m.Machine).Distinct().Take(5))}{(s.Machines.Count > 5 ? " and others" : "")}: move them, or retire and unrack them."),
        _                                                             => throw new UnreachableException(command.GetType().Name),
    };

    static Decision<RackEvent> Occupy(RackState s, OccupyUnits c)
    {
        if (c.Unit < 1 || c.Height < 1 || c.Height > s.Units - c.Unit + 1)
            return No(ProblemCodes.RackUnitOutside, $"{c.Height} units from unit {c.Unit} up are not in rack {c.Rack}, which has 1 to {s.Units}.");
        if (s.Machines.TryGetValue(c.Unit, out var there) && there == new Standing(c.Machine, c.Height)) return Nothing<RackEvent>();
        var own = s.Machines.FirstOrDefault(m => m.Value.Machine == c.Machine);
        if (own.Value is not null && !c.Moving) return No(ProblemCodes.RackUnitTaken, $"{c.Machine} stands at unit {own.Key} of rack {c.Rack} already: it leaves there first.");
        var taken = s.Machines.FirstOrDefault(m => m.Value.Machine != c.Machine && m.Key < c.Unit + c.Height && c.Unit < m.Key + m.Value.Height);
        return taken.Value is null
            ? new UnitsOccupied(c.Machine, c.Unit, c.Height)
            : No(ProblemCodes.RackUnitTaken, $"Unit {Math.Max(c.Unit, taken.Key)} of rack {c.Rack} is taken by {taken.Value.Machine}.");
    }

    static Decision<RackEvent> Describe(RackState s, SetRack c)
    {
        var wanted = new RackDescribed(c.Units ?? s.Units, c.Row ?? s.Row, c.PowerFeed ?? s.PowerFeed, c.SwitchPair ?? s.SwitchPair);
        if (wanted == new RackDescribed(s.Units, s.Row, s.PowerFeed, s.SwitchPair)) return Nothing<RackEvent>();
        var outside = s.Machines.FirstOrDefault(m => m.Key + m.Value.Height - 1 > wanted.Units);
        return outside.Value is null
            ? wanted
            : No(ProblemCodes.RackUnitOutside, $"{outside.Value.Machine} stands at unit {outside.Key} of rack {c.Rack}, which would be outside {wanted.Units} units.");
    }

    public static RackState? Evolve(RackState? state, RackEvent @event) => (state, @event) switch
    {
        (null, RackCreated e)        => new(e.Region, e.Units, e.Row, e.PowerFeed, e.SwitchPair, ImmutableSortedDictionary<int, Standing>.Empty, e.At),
        ({ } s, UnitsOccupied e)     => s with { Machines = s.Machines.SetItem(e.Unit, new(e.Machine, e.Height)) },
        ({ } s, UnitsVacated e)      => s with { Machines = s.Machines.RemoveRange(s.Machines.Where(m => m.Value.Machine == e.Machine && (e.Unit ?? m.Key) == m.Key).Select(m => m.Key)) },
        ({ } s, RackDescribed e)     => s with { Units = e.Units, Row = e.Row, PowerFeed = e.PowerFeed, SwitchPair = e.SwitchPair },
        ({ }, RackRetired)           => null,
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };
}
