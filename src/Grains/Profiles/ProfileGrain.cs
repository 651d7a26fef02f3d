using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Profiles;
using Ppec.Domain.Profiles;

namespace Ppec.Grains.Profiles;

public sealed class ProfileGrain(Log log, ILogger<ProfileGrain> logger)
    : AggregateGrain<ProfileState, ProfileEvent>("profile", Profile.Initial, Profile.Evolve, log, logger), IProfileGrain
{
    public Task<Outcome> Execute(ProfileCommand command, Caller caller) =>
        Handle(state => Profile.Decide(state, command), caller, command.At, command.IfVersion);

    public Task<ProfileVersion?> Read(int? version) => Task.FromResult(
        (version ?? State.Versions.Length) is var n && n >= 1 && n <= State.Versions.Length ? State.Versions[n - 1].Version : null);
}
