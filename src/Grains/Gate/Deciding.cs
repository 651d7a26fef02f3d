using Ppec.Contracts.Changes;
using Ppec.Domain.Access;
using Ppec.Domain.Changes;

namespace Ppec.Grains.Gate;

/// <summary>Says of a decision about a change who takes it, and for which quorums that word counts.</summary>
public sealed class Deciding(IGrainFactory grains)
{
    public async Task<ChangeCommand> By(ChangeCommand command, Principal who, Rights rights, DateTimeOffset at)
    {
        // A service account has nobody's word, not even that of the person who answers for it; but it may take back what it made.
        var person = command is WithdrawChange || rights.Directory.Users[who.User].Kind == "person" ? rights.Person(who.User) : null;
        var facts = await grains.GetGrain<IChangeGrain>(command.Change).Facts();
        var checker = new Checker(who.User, person, who.Credential, who.IssuedBy, who.SignedInAt, facts is null ? [] : Checkers.CountsFor(rights, facts, person, at));
        return command switch
        {
            ApproveChange c  => c with { By = checker },
            RejectChange c   => c with { By = checker },
            WithdrawChange c => c with { By = checker },
            ReviewChange c   => c with { By = checker },
            _ => command,
        };
    }
}
