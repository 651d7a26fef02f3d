using Ppec.Contracts.Access;

namespace Ppec.Domain.Access;

/// <summary>Says why somebody may or may not, in words a person can act on.</summary>
public static class Explaining
{
    public static Explanation Of(Rights rights, string user, string permission, Resource on, DateTimeOffset now)
    {
        var verdict = rights.May(Principal.Of(user), permission, on, now);
        var others = rights.Powers(user).Where(p => p != verdict.By && p.Role.Permissions.Any(given => Permissions.Gives(given, permission)))
            .Select(p => $"{p.Role.Id} on {p.Scope}{(p.Through is null ? "" : $" through {p.Through}")} (grant {p.Grant.Id}){(p.Grant.ExpiresAt <= now ? $": over since {p.Grant.ExpiresAt:yyyy-MM-dd}" : p.Scope.Covers(on) ? "" : ": not there")}");
        var policies = Policies.Matching(rights, new(permission, [on], [], int.MaxValue, int.MaxValue), now);
        return new(verdict.Allowed, user, permission, on.ToString(), verdict.Why, verdict.By?.Grant.Id, verdict.By?.Through, [.. others], [.. policies.Select(p => p.Id)]);
    }
}
