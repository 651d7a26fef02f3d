using System.Collections.Concurrent;
using System.Collections.Immutable;
using Ppec.Contracts.Access;

namespace Ppec.Domain.Access;

/// <summary>Who asks: a user, with what the credential leaves of what the user may.</summary>
/// <param name="User">Its id.</param>
/// <param name="Limits">Of the credential.</param>
/// <param name="Credential">The credential's id.</param>
/// <param name="IssuedBy">Who made the credential.</param>
/// <param name="SignedInAt">When the person signed in, for a session; null for any other credential.</param>
public sealed record Principal(string User, Limits Limits, string Credential, string IssuedBy, DateTimeOffset? SignedInAt = null)
{
    /// <summary>A user with nothing taken away.</summary>
    public static Principal Of(string user) => new(user, Limits.None, "", user);
}

/// <summary>A grant as it reaches one user. <paramref name="Through"/>: the group or owner it came through, or null.</summary>
public sealed record Power(GrantView Grant, RoleView Role, Scope Scope, string? Through);

/// <summary>May, or may not, and why.</summary>
public sealed record Verdict(bool Allowed, string Why, Power? By = null);

/// <summary>
/// Who may do what, of one directory. Denied is whatever no grant gives. Made anew when the directory changes; what it works out of a user it keeps.
/// </summary>
public sealed class Rights(Directory directory)
{
    readonly ILookup<string, GrantView> _bySubject = directory.Grants.Values.ToLookup(g => g.Subject, StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, ImmutableArray<Power>> _powers = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, ImmutableArray<PolicyView>> _guarded = new(StringComparer.Ordinal);
    readonly ILookup<string, PolicyView> _byScope = directory.Policies.Values.ToLookup(p => p.Scope, StringComparer.Ordinal);
    readonly ConcurrentDictionary<(string Role, string Permission), bool> _gives = new();

    public Directory Directory => directory;

    /// <summary>Every grant that reaches a user, expired ones too.</summary>
    public ImmutableArray<Power> Powers(string user) => _powers.GetOrAdd(user, Gather);

    public Verdict May(Principal who, string permission, Resource on, DateTimeOffset now)
    {
        if (Known(who) is { } unknown) return new(false, unknown);
        if (Outside(who.Limits, permission, on) is { } outside) return new(false, outside);
        var elsewhere = default(Power);
        foreach (var power in Powers(who.User))
        {
            if (!Gives(power.Role, permission)) continue;
            if (power.Grant.ExpiresAt <= now) continue;
            if (power.Scope.Covers(on) || (on.IsGlobal && permission.EndsWith(".read", StringComparison.Ordinal)))
                return new(true, $"{power.Role.Id} on {power.Scope}{(power.Through is null ? "" : $" through {power.Through}")} gives {permission}.", power);
            elsewhere ??= power;
        }
        return new(false, elsewhere is null
            ? $"No grant gives {who.User} the permission {permission}."
            : $"{who.User} has {permission} on {elsewhere.Scope}, and not on {on}.");
    }

    /// <summary>The scopes on which a permission is had, for lists: null is everything; empty is nothing.</summary>
    public ImmutableArray<Scope>? Reach(Principal who, string permission, DateTimeOffset now)
    {
        if (Known(who) is not null || (Narrowed(who.Limits.Permissions) && !who.Limits.Permissions.Any(p => Permissions.Gives(p, permission)))) return [];
        var scopes = ImmutableArray.CreateBuilder<Scope>();
        foreach (var power in Powers(who.User))
        {
            if (!Gives(power.Role, permission) || power.Grant.ExpiresAt <= now) continue;
            if (power.Scope.Kind == "global") return null;
            if (!scopes.Contains(power.Scope)) scopes.Add(power.Scope);
        }
        return scopes.ToImmutable();
    }

    /// <summary>Whether a permission is had on everything, whatever the command is about.</summary>
    public bool Everywhere(Principal who, string permission, DateTimeOffset now) =>
        Reach(who, permission, now) is null && !Narrowed(who.Limits.Regions) && who.Limits.Tags is not { Count: > 0 };

    /// <summary>The first of these permissions that this user does not have on all of a scope; null when none lacks.</summary>
    public string? Lacks(string user, Limits within, IEnumerable<string> permissions, Scope scope, DateTimeOffset now)
    {
        var powers = Powers(user).Where(p => !(p.Grant.ExpiresAt <= now) && p.Scope.Contains(scope)).ToList();
        return permissions.FirstOrDefault(permission => !powers.Any(p => Gives(p.Role, permission)) || !Leaves(within, permission, scope));
    }

    /// <summary>Every enabled person with a permission on all of a scope.</summary>
    public IEnumerable<string> Persons(string permission, Scope scope, DateTimeOffset now) =>
        directory.Users.Values.Where(u => u is { Kind: "person", Disabled: false } && Lacks(u.Id, Limits.None, [permission], scope, now) is null).Select(u => u.Id);

    /// <summary>Whether any policy guards only some things, which then could be moved away from it.</summary>
    public bool AnyScopedPolicy { get; } = directory.Policies.Values.Any(p => p.Scope != "global");

    /// <summary>Whether any policy names commands with this permission.</summary>
    public bool AnyPolicy(string permission) => !Naming(permission).IsEmpty;

    /// <summary>The policies that name commands with this permission.</summary>
    public ImmutableArray<PolicyView> Naming(string permission) =>
        _guarded.GetOrAdd(permission, p => [.. directory.Policies.Values.Where(policy => policy.Permissions.Any(given => Permissions.Gives(given, p)))]);

    /// <summary>The policies in whose scope a thing is, but for those that are about everything.</summary>
    public IEnumerable<PolicyView> Around(Resource thing) => Scope.Around(thing).SelectMany(s => _byScope[s]);

    /// <summary>The person behind a user: oneself, or who answers for the service account.</summary>
    public string? Person(string user) => directory.Users.GetValueOrDefault(user) switch
    {
        { Kind: "person" } u  => u.Id,
        { Responsible: { } r } => r,
        _                      => null,
    };

    /// <summary>What a person is named by in grants and as approver: oneself, one's groups, one's owners.</summary>
    public ImmutableArray<string> Names(string user)
    {
        var groups = directory.Groups.Values.Where(g => g.Members.Contains(user)).Select(g => $"group:{g.Id}").ToList();
        return [$"user:{user}", .. groups, .. directory.Owners.Values.Where(o => o.Members.Contains($"user:{user}") || o.Members.Any(groups.Contains)).Select(o => $"owner:{o.Id}")];
    }

    string? Known(Principal who) => directory.Users.GetValueOrDefault(who.User) switch
    {
        null               => $"There is no user {who.User}.",
        { Disabled: true } => $"{who.User} is disabled.",
        _                  => null,
    };

    /// <summary>Why the credential does not reach so far; null when it does.</summary>
    static string? Outside(Limits limits, string permission, Resource on)
    {
        if (Narrowed(limits.Permissions) && !limits.Permissions.Any(p => Permissions.Gives(p, permission))) return $"The credential is not for {permission}.";
        if (on.IsGlobal && permission.EndsWith(".read", StringComparison.Ordinal)) return null;
        if (Narrowed(limits.Regions) && (on.Region is null || !limits.Regions.Contains(on.Region))) return $"The credential is for {string.Join(", ", limits.Regions)} only.";
        if (limits.Tags is { Count: > 0 } tags && tags.FirstOrDefault(t => on.Tags?.GetValueOrDefault(t.Key) != t.Value) is { Key: not null } lacking) return $"The credential is only for what is tagged {lacking.Key}={lacking.Value}.";
        return null;
    }

    static bool Leaves(Limits limits, string permission, Scope scope) =>
        (!Narrowed(limits.Permissions) || limits.Permissions.Any(p => Permissions.Gives(p, permission)))
        && (!Narrowed(limits.Regions) || limits.Regions.Any(r => new Scope("region", r).Contains(scope)))
        && limits.Tags is null or { Count: 0 };

    static bool Narrowed(ImmutableArray<string> some) => !some.IsDefaultOrEmpty;

    bool Gives(RoleView role, string permission) => _gives.GetOrAdd((role.Id, permission), static (key, r) => r.Permissions.Any(p => Permissions.Gives(p, key.Permission)), role);

    ImmutableArray<Power> Gather(string user) =>
        [.. Names(user).SelectMany(name => _bySubject[name].Select(g => directory.Roles.GetValueOrDefault(g.Role) is { } role && Scope.Parse(g.Scope) is { } scope ? new Power(g, role, scope, name == $"user:{user}" ? null : name) : null)).OfType<Power>()];
}
