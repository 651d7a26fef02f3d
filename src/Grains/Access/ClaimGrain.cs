using Microsoft.Extensions.Logging;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;

namespace Ppec.Grains.Access;

public sealed class ClaimGrain(Log log, ILogger<ClaimGrain> logger)
    : AggregateGrain<ClaimState, ClaimEvent>("claim", Claim.Initial, Claim.Evolve, log, logger), IClaimGrain
{
    public Task<Outcome> Take(string owner, DateTimeOffset at, Caller caller) =>
        Handle(state => Claim.Take(state, this.GetPrimaryKeyString(), owner, at), caller, at);

    public Task<Outcome> Release(string owner, DateTimeOffset at, Caller caller) =>
        Handle(state => Claim.Release(state, this.GetPrimaryKeyString(), owner, at), caller, at);

    public Task<string?> Owner() => Task.FromResult(State.Owner);
}
