using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;

namespace Ppec.Grains.Gate;

/// <summary>Whether a command is for this caller, asked in one place for all.</summary>
static class Permitted
{
    /// <summary>Why not, where no grant gives the permission on anything: such a one does not even hear what else is wrong. What is one's own needs none.</summary>
    public static Problem? Nowhere(Rights rights, Principal who, Command command, DateTimeOffset at) =>
        command is not (CredentialCommand or WithdrawChange) && !(command is SetPassword or SetMail && ((UserCommand)command).User == who.User) && rights.Reach(who, command.Permission, at) is { IsEmpty: true }
            ? new(ProblemCodes.Forbidden, $"You lack the permission {command.Permission}.")
            : null;

    /// <summary>Why not; null when it is. Of what one may not even see, one hears that it is not there.</summary>
    public static Problem? Refuses(Rights rights, Principal who, Command command, ImmutableArray<Resource> on, DateTimeOffset at)
    {
        switch (command)
        {
            case IssueCredential c: return Domain.Access.Credential.MayIssue(rights, who, c);
            case RotateCredential or RevokeCredential: return null; // asked of the credential's own
            case SetPassword c when c.User == who.User:
                return Domain.Access.Credential.Wider(who.Limits, Limits.None) is { } wider ? new(ProblemCodes.Escalation, $"A password opens all that you may, and this credential is limited: {wider}.") : null;
            case SetMail c when c.User == who.User: return null; // where one reads is one's own to say
            case WithdrawChange: return null; // only its maker does, and the change knows who that is
        }
        foreach (var thing in on)
            if (rights.May(who, command.Permission, thing, at) is { Allowed: false } verdict)
                return Denied(rights, who, command.Permission, verdict, thing, at);
        return null;
    }

    /// <summary>
    /// Why a credential is not this caller's to rotate or revoke. Rotating is as good as making it: nobody does that with what reaches less far, nor for another person.
    /// Revoking one's own takes as much; anybody else's, the permission.
    /// </summary>
    public static Problem? Credential(Rights rights, Principal who, CredentialCommand command, Issued? issued, DateTimeOffset at)
    {
        if (issued is null) return new(ProblemCodes.NotFound, $"There is no credential {command.Credential}.");
        if (command is RevokeCredential && (command.Credential == who.Credential || rights.May(who, command.Permission, new("credential", command.Credential), at).Allowed)) return null;
        var mine = issued.User == who.User || rights.Directory.Users.GetValueOrDefault(issued.User) is { Kind: "service", Responsible: var responsible } && responsible == who.User;
        if (command is RevokeCredential && !mine) return new(ProblemCodes.Forbidden, $"You lack the permission {command.Permission}.");
        return Domain.Access.Credential.MayIssue(rights, who, new(command.Credential, issued.User, "", Limits: issued.Limits) { At = at });
    }

    static Problem Denied(Rights rights, Principal who, string permission, Verdict verdict, Resource thing, DateTimeOffset at) =>
        thing.IsGlobal || rights.Reach(who, permission, at) is { IsEmpty: true } || rights.May(who, $"{thing.Noun}.read", thing, at).Allowed || rights.Reach(who, $"{thing.Noun}.read", at) is { IsEmpty: true }
            ? new(ProblemCodes.Forbidden, $"You lack the permission {permission}. {verdict.Why}")
            : new(ProblemCodes.NotFound, $"There is no {thing}.");

    /// <summary>Who signed in with a password that somebody else set does nothing before it is changed.</summary>
    public static Problem? MustChangePassword(Rights rights, Principal who, Command command) =>
        who.SignedInAt is not null && command is not SetPassword && rights.Directory.Users.GetValueOrDefault(who.User) is { Password: "must-change" }
            ? new(ProblemCodes.PasswordMustChange, "Your password was set by somebody else: change it first, with ppec user password.")
            : null;
}
