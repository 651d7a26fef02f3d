using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Tags;
using Ppec.Domain.Access;
using Ppec.Domain.Filters;
using Ppec.Domain.Machines;
using Ppec.Domain.Tags;
using Directory = Ppec.Domain.Access.Directory;
using static Ppec.Domain.Machines.MachineState;

namespace Ppec.Domain.Changes;

/// <summary>
/// The command that takes one fact back: from the fact, the state before and right after it, and the state now. What it changed must still be as it left it, or somebody's later word would be undone with it.
/// The command is then judged as any other; what cannot be taken back (a wiped disk, a secret, an operation) has none.
/// </summary>
public static class Undo
{
    const string Which = "Tags, holds, descriptions, grants, groups, roles, owners, policies, users that were disabled or enabled, saved filters and tag keys can be taken back.";

    public static (Command? Command, Problem? Problem) Of(string id, IDomainEvent fact, object? before, object? after, object? now) => (fact, before, after, now) switch
    {
        (MachineEvent e, Known b, Known a, Known n)               => Machine(id, e, b.About, a.About, n.About),
        (AccessEvent e, Directory b, Directory a, Directory n)    => Access(e, b, a, n),
        (SavedFilterEvent, _, _, _)                               => Filter(id, before as SavedFilterState, after as SavedFilterState, now as SavedFilterState),
        (TagKeyEvent, _, _, _)                                    => Tag(id, before as TagKeyState, after as TagKeyState, now as TagKeyState),
        _                                                         => Impossible,
    };

    static (Command?, Problem?) Machine(string id, MachineEvent fact, Dossier before, Dossier after, Dossier now)
    {
        switch (fact)
        {
            case MachineTagged e:
                var touched = e.Set.Keys.Union(e.Removed).ToImmutableArray();
                if (touched.FirstOrDefault(key => now.Tags.GetValueOrDefault(key) != after.Tags.GetValueOrDefault(key)) is { } moved) return Moved($"Its tag {moved} was changed since.");
                return (new TagMachine(id, before.Tags.Where(tag => touched.Contains(tag.Key)).ToImmutableDictionary(), [.. touched.Where(key => !before.Tags.ContainsKey(key))]), null);
            case MachineHeld e when now.Holds.GetValueOrDefault(e.Source) != after.Holds.GetValueOrDefault(e.Source): return Moved($"The hold of {e.Source} was changed or lifted since.");
            case MachineHeld e: return (before.Holds.GetValueOrDefault(e.Source) is { } was ? Again(id, was) : new UnholdMachine(id, e.Source), null);
            case MachineUnheld e when now.Holds.ContainsKey(e.Source): return Moved($"{e.Source} holds it again.");
            case MachineUnheld e when before.Holds.GetValueOrDefault(e.Source) is { } lifted: return (Again(id, lifted), null);
            case MachineDescribed e:
                if ((e.Name is not null && now.Name != after.Name) || (e.Note is not null && now.Note != after.Note) || (e.Owner is not null && now.Owner != after.Owner) || (e.Profile is not null && now.Profile != after.Profile))
                    return Moved("It was described anew since.");
                return (new SetMachine(id, e.Name is null ? null : before.Name ?? "", e.Note is null ? null : before.Note ?? "", e.Owner is null ? null : before.Owner ?? "", e.Profile is null ? null : before.Profile ?? "", null), null);
            default: return Impossible;
        }
    }

    static HoldMachine Again(string id, Hold hold) => new(id, hold.Source, hold.Why, hold.ExpiresAt, hold.LiftPermission);

    static (Command?, Problem?) Access(AccessEvent fact, Directory before, Directory after, Directory now) => fact switch
    {
        Granted e when now.Grants.ContainsKey(e.Grant)   => (new RevokeGrant(e.Grant), null),
        Granted e                                        => Moved($"Grant {e.Grant} was taken back since."),
        GrantRevoked e when before.Grants[e.Grant] is var g => now.Grants.Values.Any(other => (other.Subject, other.Role, other.Scope) == (g.Subject, g.Role, g.Scope))
                                                            ? Moved($"{g.Subject} has {g.Role} on {g.Scope} again.")
                                                            : (new CreateGrant("", g.Subject, g.Role, g.Scope, g.ExpiresAt), null),
        GroupSet e                                       => Group(e, before, after, now),
        GroupDeleted e when now.Groups.ContainsKey(e.Group) => Moved($"There is a group {e.Group} again."),
        GroupDeleted e                                   => (new SetGroup(e.Group, before.Groups[e.Group].Description, before.Groups[e.Group].Members, []), null),
        RoleSet e                                        => Replaced(e.Role, before.Roles, after.Roles, now.Roles, r => r.Version, r => new SetRole(e.Role, r.Description, r.Permissions), () => new DeleteRole(e.Role)),
        RoleDeleted e                                    => Replaced(e.Role, before.Roles, after.Roles, now.Roles, r => r.Version, r => new SetRole(e.Role, r.Description, r.Permissions), () => new DeleteRole(e.Role)),
        OwnerSet e                                       => Owner(e.Owner, before, after, now),
        OwnerDeleted e                                   => Owner(e.Owner, before, after, now),
        PolicySet e                                      => Policy(e.Policy, before, after, now),
        PolicyDeleted e                                  => Policy(e.Policy, before, after, now),
        UserSet e when now.Users[e.User] is var u && (u.Disabled, u.Responsible, u.OidcSubject) != (e.Disabled, e.Responsible, after.Users[e.User].OidcSubject) => Moved($"{e.User} was set anew since."),
        UserSet e when before.Users[e.User].OidcSubject == after.Users[e.User].OidcSubject => (new SetUser(e.User, before.Users[e.User].Disabled, before.Users[e.User].Responsible), null),
        _                                                => Impossible,
    };

    static (Command?, Problem?) Group(GroupSet e, Directory before, Directory after, Directory now)
    {
        if (now.Groups.GetValueOrDefault(e.Group) is not { } group) return Moved($"Group {e.Group} was deleted since.");
        if (before.Groups.GetValueOrDefault(e.Group) is not { } was)
            return group.Version == after.Groups[e.Group].Version ? (new DeleteGroup(e.Group), null) : Moved($"Group {e.Group} was changed since.");
        if (e.Added.Except(group.Members).Any() || e.Removed.Intersect(group.Members).Any()) return Moved($"Who is in {e.Group} was changed since.");
        return (new SetGroup(e.Group, group.Description == after.Groups[e.Group].Description ? was.Description : null, e.Removed, e.Added), null);
    }

    static (Command?, Problem?) Owner(string id, Directory before, Directory after, Directory now) =>
        Replaced(id, before.Owners, after.Owners, now.Owners, o => o.Version, o => new SetOwner(id, o.Description, o.Members, [.. (now.Owners.GetValueOrDefault(id)?.Members ?? []).Except(o.Members)], o.Quotas), () => new DeleteOwner(id));

    static (Command?, Problem?) Policy(string id, Directory before, Directory after, Directory now) =>
        Replaced(id, before.Policies, after.Policies, now.Policies, p => p.Version,
            p => new SetPolicy(id, p.Description, p.Permissions, p.Scope, p.Quorum, p.Approvers, p.MinCount, p.MinDisks, p.Window, p.ApproveWithinMinutes, p.ExecuteWithinMinutes, p.SecondStage, p.Severe), () => new DeletePolicy(id));

    /// <summary>What is set whole: as it was before, or gone where it was not there.</summary>
    static (Command?, Problem?) Replaced<T>(
        string id, ImmutableSortedDictionary<string, T> before, ImmutableSortedDictionary<string, T> after, ImmutableSortedDictionary<string, T> now, Func<T, long> version, Func<T, Command> set, Func<Command> delete) where T : class
    {
        var (was, left, found) = (before.GetValueOrDefault(id), after.GetValueOrDefault(id), now.GetValueOrDefault(id));
        if ((left is null) != (found is null) || (left is not null && version(left) != version(found!))) return Moved($"{id} was changed since.");
        return (was is null ? delete() : set(was), null);
    }

    static (Command?, Problem?) Filter(string id, SavedFilterState? before, SavedFilterState? after, SavedFilterState? now) =>
        after != now ? Moved("It was saved anew or deleted since.") : (before is null ? new DeleteFilter(id) : new SaveFilter(id, before.Expression), null);

    static (Command?, Problem?) Tag(string id, TagKeyState? before, TagKeyState? after, TagKeyState? now) =>
        after?.SetAt != now?.SetAt ? Moved("It was set anew or deleted since.") : (before is null ? new DeleteTagKey(id) : new SetTagKey(id, before.Values, before.RequiredOn, before.Protected, before.Description), null);

    static (Command?, Problem?) Moved(string what) => (null, new(ProblemCodes.UndoMoved, $"{what} Undo that first, or say what is to be."));

    static (Command?, Problem?) Impossible => (null, new(ProblemCodes.UndoImpossible, $"That cannot be taken back by a command. {Which}"));
}
