using System.Collections.Immutable;

namespace Ppec.Domain.Filters;

/// <summary>What a filter may ask for, and how a value is written so that it is found however a person types it.</summary>
public static class FilterKeys
{
    /// <summary>Matched as text.</summary>
    public static readonly ImmutableSortedSet<string> Text = ImmutableSortedSet.Create(StringComparer.Ordinal,
        "id", "stage", "type", "region", "rack", "profile", "owner", "hostname", "image", "name", "serial", "hold", "mac", "ip", "bmc", "disk", "operation", "state", "kind", "machine", "drift", "by", "user", "member", "subject", "role", "scope", "responsible", "severity", "source", "target", "parent");

    /// <summary>Compared as whole numbers: cores in all, MiB, disks, rack unit, events so far, failed operations.</summary>
    public static readonly ImmutableSortedSet<string> Number = ImmutableSortedSet.Create(StringComparer.Ordinal, "cpu", "memory", "disks", "unit", "version", "failures");

    /// <summary>Compared as times: the first and the last event.</summary>
    public static readonly ImmutableSortedSet<string> Time = ImmutableSortedSet.Create(StringComparer.Ordinal, "created", "updated");

    /// <summary>What a list may be sorted by: all of which a thing has at most one.</summary>
    public static readonly ImmutableSortedSet<string> Sort = ImmutableSortedSet.Create(StringComparer.Ordinal,
        "id", "time", "created", "updated", "stage", "type", "region", "rack", "profile", "owner", "hostname", "image", "name", "serial", "state", "kind", "severity", "source", "target", "cpu", "memory", "disks", "unit", "failures");

    /// <summary>The value as it is kept and compared: what hardware is known by has no case, and a MAC address one notation.</summary>
    public static string Fold(string key, string value) => key switch
    {
        "mac"                                              => Mac(value) ?? value.ToLowerInvariant(),
        "serial" or "disk" or "hostname" or "bmc" or "ip"  => value.ToLowerInvariant(),
        _                                                  => value,
    };

    /// <summary><c>AA-BB-CC-00-11-22</c>, <c>aabb.cc00.1122</c> and <c>aabbcc001122</c> as <c>aa:bb:cc:00:11:22</c>; null for what is no MAC address.</summary>
    public static string? Mac(string text)
    {
        Span<char> digits = stackalloc char[12];
        var count = 0;
        foreach (var c in text)
            if (char.IsAsciiHexDigit(c) && count < 12) digits[count++] = char.ToLowerInvariant(c);
            else if (c is not (':' or '-' or '.')) return null;
            else if (count == 0) return null;
        if (count != 12 || text.Length is not (12 or 14 or 17)) return null;
        return string.Join(':', digits.ToString().Chunk(2).Select(pair => new string(pair)));
    }
}

/// <summary>What the filters of one list may ask for. Of things there are also tags, free text and saved filters.</summary>
public sealed record FilterFields(ImmutableSortedSet<string> Text, ImmutableSortedSet<string> Number, ImmutableSortedSet<string> Time, bool AreThings)
{
    public static readonly FilterFields Things = new(FilterKeys.Text, FilterKeys.Number, FilterKeys.Time, true);

    /// <summary>Commands and attempts.</summary>
    public static readonly FilterFields Audit = new(
        ImmutableSortedSet.Create(StringComparer.Ordinal, "actor", "action", "target", "region", "rack", "outcome", "problem", "ticket", "credential", "source", "change", "operation"),
        ImmutableSortedSet<string>.Empty, ImmutableSortedSet.Create(StringComparer.Ordinal, "time"), false);

    /// <summary>The keys, as they are listed to who used another.</summary>
    public override string ToString() => string.Join(", ", Text.Union(Number).Union(Time)) + (AreThings ? ", tag.KEY" : "");
}
