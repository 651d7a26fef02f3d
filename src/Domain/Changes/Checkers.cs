using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Domain.Access;

namespace Ppec.Domain.Changes;

/// <summary>Whose word counts for a change: as the policy says, and not because the maker put them there.</summary>
public static class Checkers
{
    /// <summary>The stages for which a person's word counts.</summary>
    public static ImmutableArray<string> CountsFor(Rights rights, ChangeFacts facts, string? person, DateTimeOffset now) => person is null ? [] :
        [.. facts.Stages.Where(s => rights.Directory.Policies.GetValueOrDefault(s.Policy) is { } policy && Counts(rights, policy, s.Approvers, person, facts, now)).Select(Change.Key)];

    public static bool Counts(Rights rights, PolicyView policy, ImmutableArray<string> approvers, string person, ChangeFacts facts, DateTimeOffset now) =>
        rights.Directory.Users.GetValueOrDefault(person) is { Kind: "person", Disabled: false } && person != facts.Person
        && Policies.Counts(Without(rights, person, facts), policy, approvers, person, now);

    /// <summary>The directory as it would be had the maker not touched this person's memberships and grants while the change was open.</summary>
    static Rights Without(Rights rights, string person, ChangeFacts facts)
    {
        var (d, since) = (rights.Directory, facts.OpenedAt);
        bool Makers(string by, DateTimeOffset at) => at >= since && (by == facts.Maker || rights.Person(by) == facts.Person);
        var groups = d.Groups.Values.Where(g => g.Since.TryGetValue(person, out var joined) && Makers(joined.By, joined.At)).ToList();
        var grants = d.Grants.Values.Where(g => Makers(g.GrantedBy, g.GrantedAt) && rights.Names(person).Contains(g.Subject)).ToList();
        return groups.Count == 0 && grants.Count == 0 ? rights : new(d with
        {
            Groups = d.Groups.SetItems(groups.Select(g => KeyValuePair.Create(g.Id, g with { Members = g.Members.Remove(person) }))),
            Grants = d.Grants.RemoveRange(grants.Select(g => g.Id)),
        });
    }
}
