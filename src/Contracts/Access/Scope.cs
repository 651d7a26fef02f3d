using System.Collections.Immutable;

namespace Ppec.Contracts.Access;

/// <summary>
/// Where a grant or a policy holds: <c>global</c>, <c>region:blr1</c>, <c>rack:blr1.r12</c>, <c>pool:general</c>, <c>owner:payments</c>, <c>tag:env=prod</c>,
/// or one thing, as <c>machine:sn-7c4k2</c>.
/// </summary>
public sealed record Scope(string Kind, string Value)
{
    public static readonly Scope Global = new("global", "");

    /// <summary>Null for what is no scope.</summary>
    public static Scope? Parse(string? text)
    {
        if (text == "global") return Global;
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon <= 0 || colon == text!.Length - 1 || text.Length > 400 || text.Any(char.IsControl)) return null;
        var (kind, value) = (text[..colon], text[(colon + 1)..]);
        return kind switch
        {
            "tag" => value.IndexOf('=', StringComparison.Ordinal) > 0 ? new(kind, value) : null,
            "global" => null,
            _ => Kinds.Contains(kind) ? new(kind, value) : null,
        };
    }

    /// <summary>What may stand before the colon; those that are nouns name one thing.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["region", "rack", "pool", "owner", "tag", "machine", "operation", "profile", "image", "filter", "user", "group", "role", "policy"];

    /// <summary>Key and value of a <c>tag</c> scope.</summary>
    public (string Key, string Value) Tag => Value.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (Value[..at], Value[(at + 1)..]) : (Value, "");

    /// <summary>Whether all that is within <paramref name="other"/> is within this one too, as far as the two alone can tell.</summary>
    public bool Contains(Scope other) =>
        Kind == "global" || this == other || (Kind == "region" && other.Kind == "rack" && other.Value.StartsWith($"{Value}.", StringComparison.Ordinal));

    /// <summary>Whether the thing is within it.</summary>
    public bool Covers(Resource on) => Kind switch
    {
        "global" => true,
        "region" => on.Region == Value,
        "rack"   => on.Rack == Value,
        "pool"   => on.Pool == Value,
        "owner"  => on.Owner == Value,
        "tag"    => on.Tags?.TryGetValue(Tag.Key, out var value) == true && value == Tag.Value,
        _        => on.Noun == Kind && on.Id == Value,
    };

    /// <summary>Every scope but the global one that covers a thing, as it is written.</summary>
    public static IEnumerable<string> Around(Resource on)
    {
        (string Kind, string? Value)[] places = [("region", on.Region), ("rack", on.Rack), ("pool", on.Pool), ("owner", on.Owner), (on.Noun, on.Id)];
        foreach (var (kind, value) in places)
            if (!string.IsNullOrEmpty(value)) yield return $"{kind}:{value}";
        foreach (var (key, value) in on.Tags ?? ImmutableDictionary<string, string>.Empty) yield return $"tag:{key}={value}";
    }

    public override string ToString() => Kind == "global" ? Kind : $"{Kind}:{Value}";
}
