using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Racks;

namespace Ppec.Grains.Gate;

/// <summary>Takes rack units and names for a machine, in turn; <paramref name="taken"/> gets the way back of each that was not its own before.</summary>
sealed class Claims(IGrainFactory grains, string machine, DateTimeOffset at, Caller caller, List<Func<Task>> taken)
{
    /// <summary>Ids of this attempt alone: a claim that was given back must not be answered from memory as taken.</summary>
    public Caller Caller { get; } = After(caller);

    /// <summary>The caller of what follows from a command.</summary>
    public static Caller After(Caller caller) => caller with { CommandId = $"{caller.CommandId}/{Guid.NewGuid():N}", Cause = caller.CommandId };

    /// <param name="moving">It may stand elsewhere in the rack until the move is over.</param>
    /// <param name="instead">The height it has from that very unit up, which is what to go back to.</param>
    public async Task<Problem?> Units(Placement place, bool moving, int? instead = null)
    {
        var rack = grains.GetGrain<IRackGrain>(place.Rack);
        var occupy = new OccupyUnits(place.Rack, machine, place.Unit, place.Height) { At = at, Moving = moving };
        var units = await rack.Execute(occupy, Caller);
        if (units.Wrote) taken.Add(() => rack.Execute(instead is { } height ? occupy with { Height = height } : (RackCommand)new VacateUnits(place.Rack, machine, place.Unit) { At = at }, Undo));
        return units.Problem;
    }

    public async Task<Problem?> Names(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            var claim = grains.GetGrain<IClaimGrain>(name);
            var outcome = await claim.Take(machine, at, Caller);
            if (outcome.Problem is { } problem) return problem;
            if (outcome.Wrote) taken.Add(() => claim.Release(machine, at, Undo));
        }
        return null;
    }

    Caller Undo => Caller with { CommandId = $"{Caller.CommandId}/undo" };
}
