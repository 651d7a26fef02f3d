using System.Collections.Immutable;

namespace Ppec.Api;

/// <summary>One page of a list, as documented; totals are exact to 10,000.</summary>
public sealed record ListPage<T>(ImmutableArray<T> Items, string? NextCursor, int Total, bool TotalIsMore);

/// <summary>A list that comes whole.</summary>
public sealed record Items<T>(ImmutableArray<T> Entries)
{
    [System.Text.Json.Serialization.JsonPropertyName("items")] public ImmutableArray<T> Entries { get; } = Entries;
}
