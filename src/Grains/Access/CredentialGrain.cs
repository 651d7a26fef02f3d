using Microsoft.Extensions.Logging;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;

namespace Ppec.Grains.Access;

public sealed class CredentialGrain(Log log, ILogger<CredentialGrain> logger)
    : AggregateGrain<CredentialState?, CredentialEvent>("credential", null, Credential.Evolve, log, logger), ICredentialGrain
{
    public Task<Outcome> Execute(CredentialCommand command, Caller caller) =>
        Handle(state => Credential.Decide(state, command), caller, command.At, command.IfVersion);

    public Task<Issued?> Issued() => Task.FromResult(State is null ? null : new Issued(State.Principal, State.Limits));
}
