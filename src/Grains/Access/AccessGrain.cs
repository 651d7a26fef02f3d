using Microsoft.Extensions.Logging;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Grains.Access;

/// <summary>The door to the directory. The rules are in <see cref="DirectoryRules"/>; versions there are of each user, group, role, grant and policy.</summary>
public sealed class AccessGrain(Log log, ILogger<AccessGrain> logger)
    : AggregateGrain<Directory, AccessEvent>("access", Directory.Initial, Directory.Evolve, log, logger), IAccessGrain
{
    public Task<Outcome> Execute(AccessCommand command, Caller caller) =>
        Handle(directory => DirectoryRules.Decide(directory, command), caller, command.At);

    public Task<bool> Did(Caller caller) => Task.FromResult(Answered(caller) is not null);
}
