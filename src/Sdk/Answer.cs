using System.Collections.Immutable;

namespace Ppec.Sdk;

/// <summary>What the server answered: the value, and what came with it.</summary>
/// <param name="Value">The body, read.</param>
/// <param name="Json">The body, byte for byte.</param>
/// <param name="Position">Where in the log a change was written (<c>Ppec-Position</c>): give it as <c>After</c> to a read that must see it.</param>
/// <param name="Version">The version of the thing (<c>ETag</c>), for <see cref="MutationOptions.IfMatch"/>.</param>
public sealed record Answer<T>(T Value, ReadOnlyMemory<byte> Json, string? Position = null, long? Version = null)
{
    /// <summary>The value.</summary>
    public static implicit operator T(Answer<T> answer) => answer.Value;
}

/// <summary>One page of a list.</summary>
/// <param name="Items">The items, in the order asked for.</param>
/// <param name="NextCursor">Where the next page begins; null = this was the last.</param>
/// <param name="Total">How many there are in all, exact to 10,000.</param>
/// <param name="TotalIsMore">There are more than <paramref name="Total"/>.</param>
public sealed record ListPage<T>(ImmutableArray<T> Items, string? NextCursor = null, int Total = 0, bool TotalIsMore = false);
