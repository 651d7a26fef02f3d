using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Regions;
using Ppec.Domain.Regions;

namespace Ppec.Grains.Regions;

public sealed class RegionGrain(Log log, ILogger<RegionGrain> logger)
    : AggregateGrain<RegionState?, RegionEvent>("region", null, Region.Evolve, log, logger), IRegionGrain
{
    public Task<Outcome> Execute(RegionCommand command, Caller caller) =>
        Handle(state => Region.Decide(state, command), caller, command.At, command.IfVersion);

    public Task<bool> Exists() => Task.FromResult(State is not null);
}
