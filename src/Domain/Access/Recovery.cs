using System.Collections.Immutable;
using Ppec.Contracts.Access;

namespace Ppec.Domain.Access;

/// <summary>How the directory gets an administrator when it has none that can come in. It is nobody's command: who holds the node's files can do it, and everybody hears of it.</summary>
public static class Recovery
{
    /// <summary>The actor of what is done so.</summary>
    public const string Actor = "system:recover";

    /// <summary>What is to happen that this person is an enabled administrator everywhere; only what is missing, and always the fact that it was done.</summary>
    /// <exception cref="ArgumentException">The name is a service account's.</exception>
    public static ImmutableArray<AccessEvent> Of(Directory directory, string user, string why, string grant, DateTimeOffset at)
    {
        var events = ImmutableArray.CreateBuilder<AccessEvent>();
        var known = directory.Users.GetValueOrDefault(user);
        if (known is null) events.Add(new UserCreated(user, "person", null, Actor) { At = at });
        else if (known.Kind != "person") throw new ArgumentException($"{user} is a service account: an administrator is a person.", nameof(user));
        else if (known.Disabled) events.Add(new UserSet(user, false, known.Responsible, Actor) { At = at });
        if (!directory.Grants.Values.Any(g => g.Subject == $"user:{user}" && g.Role == BuiltIn.AdministratorRole && g.Scope == "global" && g.ExpiresAt is null))
            events.Add(new Granted(grant, $"user:{user}", BuiltIn.AdministratorRole, "global", null, Actor) { At = at });
        events.Add(new Recovered(user, why, Actor) { At = at });
        return events.ToImmutable();
    }
}
