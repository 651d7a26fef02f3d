using Microsoft.Extensions.Logging;
using Ppec.Contracts.Events;
using Ppec.Contracts.Feeds;
using Ppec.Contracts.Gate;
using Ppec.Domain.Feeds;

namespace Ppec.Grains.Feeds;

public sealed class FollowerGrain(Log log, ILogger<FollowerGrain> logger)
    : AggregateGrain<LogPosition, FollowerEvent>("follower", LogPosition.Start, Follower.Evolve, log, logger), IFollowerGrain
{
    public Task<LogPosition> Reached() => Task.FromResult(State);

    public Task<Outcome> Reach(LogPosition position, DateTimeOffset at, Caller caller) => Handle(state => Follower.Reach(state, position, at), caller, at);
}
