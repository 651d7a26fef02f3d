using System.Collections.Immutable;
using Ppec.Contracts.Access;

namespace Ppec.Domain.Access;

/// <summary>What every directory begins with and nobody can change: the roles, and the rules that guard the rules.</summary>
public static class BuiltIn
{
    public const string Administrator = "admin";
    public const string AdministratorRole = "administrator";

    /// <summary>The grant by which the first administrator is one. It can be revoked once there is another.</summary>
    public const string FirstGrant = "bootstrap";

    static readonly string[] Look =
    [
        "region.read", "rack.read", "profile.read", "image.read", "machine.read", "operation.read", "disk.read", "find.read", "filter.*", "tag.read", "owner.read", "role.read", "alert.read", "change.read",
    ];

    public static readonly ImmutableSortedDictionary<string, RoleView> Roles = new RoleView[]
    {
        Role("viewer", "Sees machines and all about them; changes nothing.", Look),
        Role("auditor", "Sees everything, who did what and who allowed it; changes nothing.", "*.read"),
        Role("site-operator", "Racks, repairs and retires hardware.",
            [.. Look, "rack.*", "machine.rack", "machine.import", "machine.accept", "machine.reject", "machine.set", "machine.bmc", "machine.power", "machine.locate", "machine.hold", "machine.unhold",
                "machine.tag", "machine.waive", "machine.repair", "machine.inspect", "machine.promote", "machine.retire", "machine.retire-destroyed", "machine.rekey", "machine.maintain", "machine.unrack",
                "operation.cancel", "operation.retry", "alert.ack", "alert.resolve"]),
        Role("operator", "Runs the fleet: profiles, images, provisioning, release.",
            [.. Look, "region.set", "rack.*", "profile.create", "image.*", "machine.*", "operation.*", "tag.*", "event.read", "alert.*", "webhook.*"]),
        Role("network-admin", "Networks and addresses.", Look),
        Role("approver", "Sees what waits for a second person, and decides.", [.. Look, "change.approve", "change.review"]),
        Role("tenant-user", "Gets machines for a team and gives them back.",
            [.. Look, "machine.provision", "machine.reimage", "machine.release", "machine.power", "machine.tag", "machine.hold", "machine.unhold", "operation.cancel", "operation.retry"]),
        Role(AdministratorRole, "Everything.", "*"),
    }.ToImmutableSortedDictionary(r => r.Id, r => r, StringComparer.Ordinal);

    /// <summary>Permissions by which one could come to more. Who has any of them is powerful, and so is a grant that gives any.</summary>
    public static ImmutableArray<string> Powers { get; } = ["user.create", "user.set", "user.password", "group.set", "group.delete", "role.set", "role.delete", "grant.create", "grant.revoke", "policy.set", "policy.delete", "change.approve", "change.break-glass", "change.review"];

    /// <summary>Rules that hold as soon as enough people can approve; asleep, what they guard is the administrator's alone.</summary>
    public static readonly ImmutableSortedDictionary<string, PolicyView> Policies = new PolicyView[]
    {
        Policy("system-access", "Who may do what, and who must agree, is not changed by one person.", Powers),
        Policy("system-evidence", "What a machine is, and that its disks were destroyed, is not said by one person.", ["machine.rekey", "machine.retire-destroyed"]),
    }.ToImmutableSortedDictionary(p => p.Id, p => p, StringComparer.Ordinal);

    static RoleView Role(string id, string description, params string[] permissions) => new(id, description, [.. permissions.Distinct().Order(StringComparer.Ordinal)], true, default, 0);

    static PolicyView Policy(string id, string description, ImmutableArray<string> permissions) =>
        new(id, description, permissions, "global", 1, [], 0, 0, null, 24 * 60, 60, null, false, true, default, 0);
}
