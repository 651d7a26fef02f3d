using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Access;

/// <summary>
/// People whom an identity provider vouches for. A person is known by the provider's unchanging subject and never by a name that someone there can choose: a name that is taken here stays its owner's.
/// A group called <c>oidc-NAME</c> has as members whoever was in the provider's NAME at their last sign-in; grants are given to it here, by those who may.
/// </summary>
public static class Admitting
{
    const string Prefix = "oidc-";

    /// <summary>Whether a group's members are the provider's word.</summary>
    public static bool IsProviders(string group) => group.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Who this is here; null for somebody new.</summary>
    public static UserView? Known(Directory directory, string subject) => directory.Users.Values.FirstOrDefault(u => u.OidcSubject == subject);

    /// <summary>A name for PPEC of what the provider calls somebody (a user name or a mail address); null when none can be made of it.</summary>
    public static string? Name(string? said)
    {
        var name = new string([.. (said ?? "").Split('@')[0].ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-')]).Trim('-');
        return name.Length is > 0 and <= 63 ? name : null;
    }

    internal static Decision<AccessEvent> Decide(Directory d, AdmitPerson c)
    {
        var events = ImmutableArray.CreateBuilder<AccessEvent>();
        var known = Known(d, c.OidcSubject);
        if (known is { Disabled: true }) return No(ProblemCodes.Unauthenticated, $"{known.Id} is disabled here.");
        if (known is null)
        {
            if (d.Users.ContainsKey(c.User)) return No(ProblemCodes.Unauthenticated, $"There is a {c.User} here who was not made by signing in there. Where it is the same person, an administrator says so: ppec user set {c.User} --oidc-subject '{c.OidcSubject}'.");
            events.Add(new UserCreated(c.User, "person", null, AdmitPerson.Actor, c.OidcSubject) { At = c.At });
        }
        var user = known?.Id ?? c.User;
        foreach (var group in d.Groups.Values.Where(g => IsProviders(g.Id)))
        {
            var (isMember, shouldBe) = (group.Members.Contains(user), c.Groups.Contains(group.Id[Prefix.Length..]));
            if (isMember != shouldBe) events.Add(new GroupSet(group.Id, group.Description, shouldBe ? [user] : [], shouldBe ? [] : [user], AdmitPerson.Actor) { At = c.At });
        }
        return new(events.ToImmutable(), null);
    }
}
