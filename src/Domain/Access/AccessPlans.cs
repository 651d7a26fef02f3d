using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Domain.Machines;

namespace Ppec.Domain.Access;

/// <summary>What a command about rights would do: to whom it gives what, and from whom it takes what.</summary>
public static class AccessPlans
{
    /// <param name="d">The directory now.</param>
    /// <param name="command">The command.</param>
    /// <param name="text">The command as it reads.</param>
    public static (Plan? Plan, Problem? Problem) Of(Directory d, AccessCommand command, string text)
    {
        var decided = DirectoryRules.Decide(d, command);
        if (decided.Problem is { } problem) return (null, problem);
        var after = decided.Events.Aggregate(d, Directory.Evolve);
        var (before, then) = (new Rights(d), new Rights(after));
        var effects = ImmutableArray.CreateBuilder<PlanEffect>();
        if (!decided.Events.IsEmpty) effects.Add(new(command.Permission.Split('.')[1], $"{command.Noun}:{Id(command)}", text));
        foreach (var user in Affected(d, after, command).Order(StringComparer.Ordinal))
        {
            var (had, has) = (Held(before, user), Held(then, user));
            effects.AddRange(has.Except(had).Order(StringComparer.Ordinal).Select(p => new PlanEffect("grant-gained", $"user:{user}", p)));
            effects.AddRange(had.Except(has).Order(StringComparer.Ordinal).Select(p => new PlanEffect("grant-lost", $"user:{user}", p)));
        }
        return (MachinePlans.Plan(command.Permission, [], effects.ToImmutable(), Inputs(d, command)), null);
    }

    static HashSet<string> Held(Rights rights, string user) => [.. rights.Powers(user).Select(p => $"{p.Role.Id} on {p.Scope}: {string.Join(", ", p.Role.Permissions)}")];

    /// <summary>What the effects follow from, beyond the command: what a role gives.</summary>
    static ImmutableArray<PlanInput> Inputs(Directory d, AccessCommand command) => command switch
    {
        CreateGrant c when d.Roles.GetValueOrDefault(c.Role) is { } role => [new($"role:{role.Id}", string.Join(",", role.Permissions))],
        PolicyCommand c => [new($"policy:{c.Policy}", d.Policies.GetValueOrDefault(c.Policy)?.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none")],
        _ => [],
    };

    /// <summary>A grant's id is made when it is granted.</summary>
    static string Id(AccessCommand command) => command is CreateGrant c ? c.To : command.Subject;

    static IEnumerable<string> Affected(Directory before, Directory after, AccessCommand command) => command switch
    {
        UserCommand c  => [c.User],
        GroupCommand c => Users(before, $"group:{c.Group}").Union(Users(after, $"group:{c.Group}")),
        OwnerCommand c => Users(before, $"owner:{c.Owner}").Union(Users(after, $"owner:{c.Owner}")),
        RoleCommand c  => before.Grants.Values.Where(g => g.Role == c.Role).SelectMany(g => Users(before, g.Subject)).Distinct(),
        CreateGrant c  => Users(after, c.To),
        RevokeGrant c  => before.Grants.GetValueOrDefault(c.Grant) is { } grant ? Users(before, grant.Subject) : [],
        _ => [],
    };

    static IEnumerable<string> Users(Directory d, string subject) => subject.Split(':', 2) switch
    {
        ["user", var id]  => [id],
        ["group", var id] => d.Groups.GetValueOrDefault(id)?.Members ?? [],
        ["owner", var id] => (d.Owners.GetValueOrDefault(id)?.Members ?? []).SelectMany(m => Users(d, m)).Distinct(),
        _ => [],
    };
}
