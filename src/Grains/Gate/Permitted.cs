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
        command is not (CredentialCommand or WithdrawChange) && !(command is SetPassword own && own.User == who.User) && rights.Reach(who, command.Permission, at) is { IsEmpty: true }
            ? new(ProblemCodes.Forbidden, $"You lack the permission {command.Permission}.")
            : null;

    /// <summary>Why not; null when it is. Of what one may not even see, one hears that it is not there.</summary>
    public static Problem? Refuses(Rights rights, Principal who, Command command, ImmutableArray<Resource> on, DateTimeOffset at)
    {
        switch (command)
        {
            case IssueCredential c: return Credential.MayIssue(rights, who, c);
            case SetPassword c when c.User == who.User: return null;
            case WithdrawChange: return null; // only its maker does, and the change knows who that is
        }
        foreach (var thing in on)
            if (rights.May(who, command.Permission, thing, at) is { Allowed: false } verdict)
                return Denied(rights, who, command.Permission, verdict, thing, at);
        return null;
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
