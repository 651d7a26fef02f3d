using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Access;

/// <summary>
/// What may be changed about who may do what. Nobody gives, or takes part in, more than they have; an administrator is always left;
/// and no policy is left that has not more people to approve than it asks for.
/// </summary>
public static class DirectoryRules
{
    public static Decision<AccessEvent> Decide(Directory d, AccessCommand command)
    {
        if (Stale(d, command) is { } stale) return stale;
        var decided = Rule(d, new(d), command);
        return decided is { Problem: null, Events.IsEmpty: false } && Left(d, decided.Events, command) is { } missing ? missing : decided;
    }

    static Decision<AccessEvent> Rule(Directory d, Rights rights, AccessCommand command) => command switch
    {
        CreateUser c when d.Users.TryGetValue(c.User, out var u) => (u.Kind, u.Responsible) == (c.Kind, c.Responsible) ? Nothing<AccessEvent>() : Exists(c),
        CreateUser { Kind: "service", Responsible: null }        => No(ProblemCodes.Invalid, "A service account has a person who answers for it: name it as responsible."),
        CreateUser { Kind: "person", Responsible: not null }     => No(ProblemCodes.Invalid, "A person answers for oneself: leave out responsible."),
        CreateUser c when NoPerson(d, c.Responsible) is { } who  => who,
        CreateUser c                                             => Then<AccessEvent>(new UserCreated(c.User, c.Kind, c.Responsible, c.By) { At = c.At }),

        AdmitPerson c                                            => Admitting.Decide(d, c),
        UserCommand c when !d.Users.ContainsKey(c.User)          => Unknown(c),
        SetUser c when NoPerson(d, c.Responsible) is { } who     => who,
        SetUser { Responsible: not null } c when d.Users[c.User].Kind == "person" => No(ProblemCodes.Invalid, "A person answers for oneself: leave out responsible."),
        SetUser { OidcSubject: not null } c when d.Users[c.User].Kind != "person" => No(ProblemCodes.Invalid, "Only a person is known to an identity provider."),
        SetUser { OidcSubject: not null } c when Admitting.Known(d, c.OidcSubject) is { } other && other.Id != c.User => No(ProblemCodes.NameTaken, $"{other.Id} is {c.OidcSubject} already."),
        SetUser c when d.Users[c.User] is var u && (c.Disabled ?? u.Disabled, c.Responsible ?? u.Responsible, c.OidcSubject ?? u.OidcSubject) == (u.Disabled, u.Responsible, u.OidcSubject) => Nothing<AccessEvent>(),
        SetUser c when Above(rights, c, Given(rights, c.User)) is { } above => above,
        SetUser c                                                => Then<AccessEvent>(new UserSet(c.User, c.Disabled ?? d.Users[c.User].Disabled, c.Responsible ?? d.Users[c.User].Responsible, c.By, c.OidcSubject) { At = c.At }),
        SetMail c when c.Version == d.Users[c.User].MailVersion  => Nothing<AccessEvent>(),
        SetMail c                                                => Then<AccessEvent>(new MailSet(c.User, c.Version, c.By) { At = c.At }),
        SetPassword c when d.Users[c.User].Kind == "service"     => No(ProblemCodes.Invalid, "A service account signs in with a credential, not with a password."),
        SetPassword c when c.By != c.User && Above(rights, c, Given(rights, c.User)) is { } above => above,
        SetPassword c                                            => Then<AccessEvent>(new PasswordSet(c.User, c.Version, c.By != c.User, c.By) { At = c.At }),

        SetGroup c when c.Add.Concat(c.Remove).FirstOrDefault(m => !d.Users.ContainsKey(m)) is { } nobody => No(ProblemCodes.NotFound, $"There is no user {nobody}."),
        SetGroup c when Admitting.IsProviders(c.Group) && (c.Add, c.Remove) is not ({ IsEmpty: true }, { IsEmpty: true }) => No(ProblemCodes.Invalid, $"Who is in {c.Group} is what the identity provider says: change it there."),
        SetGroup c when Above(rights, c, Granted(d, $"group:{c.Group}")) is { } above => above,
        SetGroup c                                               => Group(d.Groups.GetValueOrDefault(c.Group), c),
        GroupCommand c when !d.Groups.ContainsKey(c.Group)       => Unknown(c),
        DeleteGroup c when d.Policies.Values.FirstOrDefault(p => Approving(p).Contains($"group:{c.Group}")) is { } policy => No(ProblemCodes.InUse, $"Policy {policy.Id} names it as approver: change the policy first."),
        DeleteGroup c when Above(rights, c, Granted(d, $"group:{c.Group}")) is { } above => above,
        DeleteGroup c                                            => Then<AccessEvent>(new GroupDeleted(c.Group, c.By) { At = c.At }),

        RoleCommand c when d.Roles.GetValueOrDefault(c.Role) is { BuiltIn: true } => No(ProblemCodes.BuiltIn, $"{c.Role} is PPEC's own and stays as it is: make another."),
        SetRole c when Above(rights, c, [(Permissions.Of([.. c.Permissions, .. d.Roles.GetValueOrDefault(c.Role)?.Permissions ?? []]), Scope.Global)]) is { } above => above,
        SetRole c when d.Roles.GetValueOrDefault(c.Role) is { } r && r.Description == c.Description && r.Permissions.SequenceEqual(Sorted(c.Permissions)) => Nothing<AccessEvent>(),
        SetRole c                                                => Then<AccessEvent>(new RoleSet(c.Role, c.Description, Sorted(c.Permissions), c.By) { At = c.At }),
        RoleCommand c when !d.Roles.ContainsKey(c.Role)          => Unknown(c),
        DeleteRole c when d.Grants.Values.FirstOrDefault(g => g.Role == c.Role) is { } grant => No(ProblemCodes.InUse, $"{grant.Subject} has it on {grant.Scope}: revoke grant {grant.Id} first."),
        DeleteRole c when d.Policies.Values.FirstOrDefault(p => Approving(p).Contains($"role:{c.Role}")) is { } policy => No(ProblemCodes.InUse, $"Policy {policy.Id} names it as approver: change the policy first."),
        DeleteRole c                                             => Then<AccessEvent>(new RoleDeleted(c.Role, c.By) { At = c.At }),

        CreateGrant c when d.Grants.ContainsKey(c.Grant)         => Nothing<AccessEvent>(),
        CreateGrant c when !Exists(d, c.To)                      => No(ProblemCodes.NotFound, $"There is no {c.To.Replace(":", " ", StringComparison.Ordinal)}: a subject is user:NAME, group:NAME or owner:NAME."),
        CreateGrant c when !d.Roles.ContainsKey(c.Role)          => No(ProblemCodes.NotFound, $"There is no role {c.Role}: look with ppec role list."),
        CreateGrant c when c.ExpiresAt <= c.At                   => No(ProblemCodes.Invalid, "It would be over before it began: the expiry is in the past."),
        CreateGrant c when Above(rights, c, [(Permissions.Of(d.Roles[c.Role].Permissions), Scope.Parse(c.Scope)!)]) is { } above => above,
        CreateGrant c when d.Grants.Values.FirstOrDefault(g => (g.Subject, g.Role, g.Scope) == (c.To, c.Role, c.Scope) && (g.ExpiresAt is null || g.ExpiresAt == c.ExpiresAt)) is { } same => No(ProblemCodes.NameTaken, $"{c.To} has {c.Role} on {c.Scope} already, by grant {same.Id}."),
        CreateGrant c                                            => Then<AccessEvent>(new Granted(c.Grant, c.To, c.Role, c.Scope, c.ExpiresAt, c.By) { At = c.At }),
        GrantCommand c when !d.Grants.ContainsKey(c.Grant)       => Unknown(c),
        RevokeGrant c when Above(rights, c, [(Permissions.Of(d.Roles[d.Grants[c.Grant].Role].Permissions), Scope.Parse(d.Grants[c.Grant].Scope)!)]) is { } above => above,
        RevokeGrant c                                            => Then<AccessEvent>(new GrantRevoked(c.Grant, c.By) { At = c.At }),

        SetOwner c when c.Add.FirstOrDefault(m => !Exists(d, m)) is { } nobody => No(ProblemCodes.NotFound, $"There is no {nobody.Replace(":", " ", StringComparison.Ordinal)}: a member is user:NAME or group:NAME."),
        SetOwner c when (c.Add, c.Remove) is not ({ IsEmpty: true }, { IsEmpty: true }) && Above(rights, c, Granted(d, $"owner:{c.Owner}")) is { } above => above,
        SetOwner c                                               => Owner(d.Owners.GetValueOrDefault(c.Owner), c),
        OwnerCommand c when !d.Owners.ContainsKey(c.Owner)       => Unknown(c),
        DeleteOwner c when Above(rights, c, Granted(d, $"owner:{c.Owner}")) is { } above => above,
        DeleteOwner c                                            => Then<AccessEvent>(new OwnerDeleted(c.Owner, c.By) { At = c.At }),

        PolicyCommand c when d.Policies.GetValueOrDefault(c.Policy) is { BuiltIn: true } => No(ProblemCodes.BuiltIn, $"{c.Policy} is PPEC's own and stays as it is."),
        SetPolicy c when c.Approvers.Concat(c.SecondStage?.Approvers ?? []).FirstOrDefault(a => !Exists(d, a)) is { } nobody => No(ProblemCodes.NotFound, $"There is no {nobody.Replace(":", " ", StringComparison.Ordinal)}: an approver is group:NAME or role:NAME."),
        SetPolicy c                                              => Policy(d.Policies.GetValueOrDefault(c.Policy), c),
        PolicyCommand c when !d.Policies.ContainsKey(c.Policy)   => Unknown(c),
        DeletePolicy c                                           => Then<AccessEvent>(new PolicyDeleted(c.Policy, c.By) { At = c.At }),
        _ => throw new UnreachableException(command.GetType().Name),
    };

    static Decision<AccessEvent> Group(GroupView? before, SetGroup c)
    {
        var members = before?.Members ?? [];
        var (added, removed) = (c.Add.Except(members).ToImmutableArray(), c.Remove.Intersect(members).ToImmutableArray());
        var description = c.Description ?? before?.Description ?? "";
        return before is not null && added.IsEmpty && removed.IsEmpty && description == before.Description
            ? Nothing<AccessEvent>()
            : Then<AccessEvent>(new GroupSet(c.Group, description, added, removed, c.By) { At = c.At });
    }

    static Decision<AccessEvent> Owner(OwnerView? before, SetOwner c)
    {
        var members = Sorted([.. (before?.Members ?? []).Except(c.Remove).Union(c.Add)]);
        var (description, quotas) = (c.Description ?? before?.Description ?? "", c.Quotas ?? before?.Quotas ?? ImmutableSortedDictionary<string, long>.Empty);
        return before is not null && members.SequenceEqual(before.Members) && description == before.Description && quotas.SequenceEqual(before.Quotas)
            ? Nothing<AccessEvent>()
            : Then<AccessEvent>(new OwnerSet(c.Owner, description, members, quotas, c.By) { At = c.At });
    }

    static Decision<AccessEvent> Policy(PolicyView? before, SetPolicy c)
    {
        PolicySet set = new(c.Policy, c.Description, c.Permissions, c.Scope, c.Quorum, c.Approvers, c.MinCount, c.MinDisks, c.Window, c.ApproveWithinMinutes, c.ExecuteWithinMinutes, c.SecondStage, c.Severe, c.By) { At = c.At };
        return before is not null && Same(before, c) ? Nothing<AccessEvent>() : Then<AccessEvent>(set);
    }

    static bool Same(PolicyView p, SetPolicy c) =>
        (p.Description, p.Scope, p.Quorum, p.MinCount, p.MinDisks, p.Window, p.ApproveWithinMinutes, p.ExecuteWithinMinutes, p.Severe)
            == (c.Description, c.Scope, c.Quorum, c.MinCount, c.MinDisks, c.Window, c.ApproveWithinMinutes, c.ExecuteWithinMinutes, c.Severe)
        && p.Permissions.SequenceEqual(c.Permissions) && p.Approvers.SequenceEqual(c.Approvers)
        && (p.SecondStage, c.SecondStage) switch { (null, null) => true, ({ } a, { } b) => a.Quorum == b.Quorum && a.Approvers.SequenceEqual(b.Approvers), _ => false };

    /// <summary>What would be lost by it that must stay: somebody who may do everything, and more people for each policy than it asks for.</summary>
    static Problem? Left(Directory before, ImmutableArray<AccessEvent> events, AccessCommand command)
    {
        if (command is CreateUser or SetPassword or CreateGrant or AdmitPerson) return null; // by these nobody is less than before; and who is in a provider's group is not ours to refuse
        var after = events.Aggregate(before, Directory.Evolve);
        var rights = new Rights(after);
        // A grant that ends by itself is none to rely on.
        if (!after.Grants.Values.Any(g => g is { Role: BuiltIn.AdministratorRole, Scope: "global", ExpiresAt: null } && after.Users.Values.Any(u => u is { Kind: "person", Disabled: false } && rights.Names(u.Id).Contains(g.Subject))))
            return No(ProblemCodes.LastAdministrator, "Nobody would be left who may do everything: make another administrator first.");
        var was = new Rights(before);
        foreach (var policy in command is SetPolicy set ? [after.Policies[set.Policy]] : after.Policies.Values.AsEnumerable())
            foreach (var (quorum, approvers) in Policies.Stages(policy))
                if (Policies.Approvers(rights, policy, approvers, command.At).Count is var left && left <= quorum && (command is SetPolicy || Policies.Approvers(was, policy, approvers, command.At).Count > quorum) && !policy.BuiltIn)
                    return No(ProblemCodes.TooFewApprovers, $"Policy {policy.Id} asks for {quorum} to approve, and {left} people can: there must be more than it asks for, or a maker among them would wait for ever.");
        return null;
    }

    /// <summary>Refused, where the command gives or takes more than who sends it has.</summary>
    static Problem? Above(Rights rights, AccessCommand c, IEnumerable<(ImmutableSortedSet<string> Permissions, Scope Scope)> given)
    {
        foreach (var (permissions, scope) in given)
            if (rights.Lacks(c.By, c.Within, permissions, scope, c.At) is { } lacking)
                return No(ProblemCodes.Escalation, $"It touches {lacking} on {scope}, which you do not have there yourself: nobody gives or takes more than they have.");
        return null;
    }

    /// <summary>All that a user has.</summary>
    static IEnumerable<(ImmutableSortedSet<string>, Scope)> Given(Rights rights, string user) => rights.Powers(user).Select(p => (Permissions.Of(p.Role.Permissions), p.Scope));

    /// <summary>All that was granted to a subject.</summary>
    static IEnumerable<(ImmutableSortedSet<string>, Scope)> Granted(Directory d, string subject) =>
        d.Grants.Values.Where(g => g.Subject == subject && d.Roles.ContainsKey(g.Role)).Select(g => (Permissions.Of(d.Roles[g.Role].Permissions), Scope.Parse(g.Scope)!));

    static Problem? Stale(Directory d, AccessCommand c) =>
        c.IfVersion is { } wanted && Version(d, c) is var version && wanted != version
            ? No(ProblemCodes.VersionStale, $"It is at version {version}, not {wanted}: read it again, and decide again.")
            : null;

    static long Version(Directory d, AccessCommand c) => c switch
    {
        UserCommand u   => d.Users.GetValueOrDefault(u.User)?.Version,
        GroupCommand g  => d.Groups.GetValueOrDefault(g.Group)?.Version,
        RoleCommand r   => d.Roles.GetValueOrDefault(r.Role)?.Version,
        GrantCommand g  => d.Grants.GetValueOrDefault(g.Grant)?.Version,
        OwnerCommand o  => d.Owners.GetValueOrDefault(o.Owner)?.Version,
        PolicyCommand p => d.Policies.GetValueOrDefault(p.Policy)?.Version,
        _ => null,
    } ?? 0;

    static bool Exists(Directory d, string subject) => subject.Split(':', 2) switch
    {
        ["user", var id]  => d.Users.ContainsKey(id),
        ["group", var id] => d.Groups.ContainsKey(id),
        ["owner", var id] => d.Owners.ContainsKey(id),
        ["role", var id]  => d.Roles.ContainsKey(id),
        _ => false,
    };

    static Problem? NoPerson(Directory d, string? id) =>
        id is null || d.Users.GetValueOrDefault(id) is { Kind: "person", Disabled: false } ? null : No(ProblemCodes.NotFound, $"There is no person {id} who could answer for it.");

    static IEnumerable<string> Approving(PolicyView p) => p.Approvers.Concat(p.SecondStage?.Approvers ?? []);

    static ImmutableArray<string> Sorted(ImmutableArray<string> some) => [.. some.Distinct().Order(StringComparer.Ordinal)];

    static Problem Unknown(AccessCommand c) => No(ProblemCodes.NotFound, $"There is no {c.Noun} {c.Subject}.");

    static Problem Exists(AccessCommand c) => No(ProblemCodes.NameTaken, $"{c.Subject} is there already: take another name.");
}
