using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Access;

namespace Ppec.Domain.Access;

/// <summary>Everybody, and what they may do, at one moment. What it holds is shown just so.</summary>
public sealed record Directory(
    ImmutableSortedDictionary<string, UserView> Users,
    ImmutableSortedDictionary<string, GroupView> Groups,
    ImmutableSortedDictionary<string, RoleView> Roles,
    ImmutableSortedDictionary<string, GrantView> Grants,
    ImmutableSortedDictionary<string, OwnerView> Owners,
    ImmutableSortedDictionary<string, PolicyView> Policies)
{
    /// <summary>The first administrator, the roles and the rules that are always there.</summary>
    public static readonly Directory Initial = new(
        Empty<UserView>().Add(BuiltIn.Administrator, new(BuiltIn.Administrator, "person", null, false, null, default, "system:bootstrap", 0)),
        Empty<GroupView>(), BuiltIn.Roles,
        Empty<GrantView>().Add(BuiltIn.FirstGrant, new(BuiltIn.FirstGrant, $"user:{BuiltIn.Administrator}", BuiltIn.AdministratorRole, "global", null, default, "system:bootstrap", 0)),
        Empty<OwnerView>(), BuiltIn.Policies);

    static ImmutableSortedDictionary<string, T> Empty<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);

    public static Directory Evolve(Directory d, AccessEvent @event) => @event switch
    {
        Founded or Recovered => d,
        UserCreated e   => d with { Users = d.Users.SetItem(e.User, new(e.User, e.Kind, e.Responsible, false, null, e.At, e.By, 1) { OidcSubject = e.OidcSubject }) },
        UserSet e       => d with { Users = Put(d.Users, e.User, u => u with { Disabled = e.Disabled, Responsible = e.Responsible, OidcSubject = e.OidcSubject ?? u.OidcSubject, Version = u.Version + 1 }) },
        MailSet e       => d with { Users = Put(d.Users, e.User, u => u with { MailVersion = e.Version, Version = u.Version + 1 }) },
        PasswordSet e   => d with { Users = Put(d.Users, e.User, u => u with { Password = e.MustChange ? "must-change" : "set", PasswordVersion = e.Version, PasswordBy = e.By, Version = u.Version + 1 }) },
        GroupSet e      => d with { Groups = d.Groups.SetItem(e.Group, Group(d.Groups.GetValueOrDefault(e.Group), e)) },
        GroupDeleted e  => d with { Groups = d.Groups.Remove(e.Group), Grants = Without(d.Grants, $"group:{e.Group}"), Owners = Leave(d.Owners, $"group:{e.Group}") },
        RoleSet e       => d with { Roles = d.Roles.SetItem(e.Role, new(e.Role, e.Description, e.Permissions, false, e.At, Next(d.Roles.GetValueOrDefault(e.Role)?.Version))) },
        RoleDeleted e   => d with { Roles = d.Roles.Remove(e.Role) },
        Granted e       => d with { Grants = d.Grants.SetItem(e.Grant, new(e.Grant, e.Subject, e.Role, e.Scope, e.ExpiresAt, e.At, e.By, 1)) },
        GrantRevoked e  => d with { Grants = d.Grants.Remove(e.Grant) },
        OwnerSet e      => d with { Owners = d.Owners.SetItem(e.Owner, new(e.Owner, e.Description, e.Members, e.Quotas, e.At, Next(d.Owners.GetValueOrDefault(e.Owner)?.Version))) },
        OwnerDeleted e  => d with { Owners = d.Owners.Remove(e.Owner), Grants = Without(d.Grants, $"owner:{e.Owner}") },
        PolicySet e     => d with { Policies = d.Policies.SetItem(e.Policy, new(e.Policy, e.Description, e.Permissions, e.Scope, e.Quorum, e.Approvers, e.MinCount, e.MinDisks, e.Window,
                               e.ApproveWithinMinutes, e.ExecuteWithinMinutes, e.SecondStage, e.Severe, false, e.At, Next(d.Policies.GetValueOrDefault(e.Policy)?.Version))) },
        PolicyDeleted e => d with { Policies = d.Policies.Remove(e.Policy) },
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    static long Next(long? version) => (version ?? 0) + 1;

    static ImmutableSortedDictionary<string, T> Put<T>(ImmutableSortedDictionary<string, T> all, string id, Func<T, T> change) => all.SetItem(id, change(all[id]));

    static GroupView Group(GroupView? before, GroupSet e)
    {
        var members = (before?.Members ?? []).Except(e.Removed).Union(e.Added).Order(StringComparer.Ordinal).ToImmutableArray();
        var since = (before?.Since ?? ImmutableDictionary<string, MemberSince>.Empty).RemoveRange(e.Removed).SetItems(e.Added.Select(m => KeyValuePair.Create(m, new MemberSince(e.By, e.At))));
        return new(e.Group, e.Description, members, e.At, Next(before?.Version)) { Since = since };
    }

    static ImmutableSortedDictionary<string, GrantView> Without(ImmutableSortedDictionary<string, GrantView> grants, string subject) =>
        grants.RemoveRange(grants.Values.Where(g => g.Subject == subject).Select(g => g.Id).ToList());

    static ImmutableSortedDictionary<string, OwnerView> Leave(ImmutableSortedDictionary<string, OwnerView> owners, string member) =>
        owners.SetItems(owners.Values.Where(o => o.Members.Contains(member)).Select(o => KeyValuePair.Create(o.Id, o with { Members = o.Members.Remove(member) })).ToList());
}
