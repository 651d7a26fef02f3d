using System.Collections.Immutable;

namespace Ppec.Contracts.Access;

/// <summary>
/// Every permission there is, <c>noun.verb</c>. A command says its own beside it (<see cref="Gate.Command.Permission"/>); what is only read has <c>noun.read</c>.
/// A role's pattern is one of these, <c>noun.*</c>, <c>*.verb</c> or <c>*</c>.
/// </summary>
public static class Permissions
{
    public static readonly ImmutableSortedSet<string> All = ImmutableSortedSet.Create(StringComparer.Ordinal,
        "region.read", "region.create", "region.set",
        "rack.read", "rack.create", "rack.set", "rack.retire",
        "profile.read", "profile.create",
        "image.read", "image.register", "image.deprecate",
        "machine.read", "machine.rack", "machine.import", "machine.accept", "machine.reject", "machine.set", "machine.bmc", "machine.power", "machine.locate", "machine.rekey",
        "machine.hold", "machine.unhold", "machine.tag", "machine.waive", "machine.repair", "machine.inspect", "machine.promote", "machine.provision", "machine.reimage",
        "machine.release", "machine.retire", "machine.retire-destroyed", "machine.adopt", "machine.maintain", "machine.unrack",
        "operation.read", "operation.cancel", "operation.retry",
        "disk.read", "find.read", "event.read",
        "filter.read", "filter.save", "filter.delete",
        "tag.read", "tag.set", "tag.delete", "tag.protected",
        "user.read", "user.create", "user.set", "user.password", "user.mail",
        "group.read", "group.set", "group.delete",
        "role.read", "role.set", "role.delete",
        "grant.read", "grant.create", "grant.revoke",
        "owner.read", "owner.set", "owner.delete",
        "credential.read", "credential.create", "credential.rotate", "credential.revoke",
        "policy.read", "policy.set", "policy.delete",
        "change.read", "change.approve", "change.break-glass", "change.review",
        "audit.read",
        "webhook.read", "webhook.create", "webhook.set", "webhook.delete", "webhook.test",
        "alert.read", "alert.ack", "alert.resolve", "alert.silence");

    /// <summary>Whether a role's pattern gives a permission.</summary>
    public static bool Gives(string pattern, string permission)
    {
        if (pattern == "*" || pattern == permission) return true;
        if (pattern.EndsWith(".*", StringComparison.Ordinal)) return permission.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal);
        return pattern.StartsWith("*.", StringComparison.Ordinal) && permission.EndsWith(pattern.AsSpan(1), StringComparison.Ordinal);
    }

    /// <summary>All that some patterns give.</summary>
    public static ImmutableSortedSet<string> Of(IEnumerable<string> patterns)
    {
        var given = patterns.ToList();
        return All.Where(p => given.Any(g => Gives(g, p))).ToImmutableSortedSet(StringComparer.Ordinal);
    }

    /// <summary>Whether it is a permission, or a pattern that gives any.</summary>
    public static bool IsPattern(string text) => All.Any(p => Gives(text, p)) && (text.Count(c => c == '*') <= 1);
}
