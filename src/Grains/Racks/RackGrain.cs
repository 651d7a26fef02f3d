using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Racks;
using Ppec.Domain.Racks;

namespace Ppec.Grains.Racks;

public sealed class RackGrain(Log log, ILogger<RackGrain> logger)
    : AggregateGrain<RackState?, RackEvent>("rack", null, Rack.Evolve, log, logger), IRackGrain
{
    public Task<Outcome> Execute(RackCommand command, Caller caller) =>
        Handle(state => Rack.Decide(state, command), caller, command.At, command.IfVersion);

    public Task<string?> Region() => Task.FromResult(State?.Region);
}
