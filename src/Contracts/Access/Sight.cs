using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Access;

/// <summary>
/// What a reader may see of a noun that belongs to places and teams: what is in any of <paramref name="Scopes"/> (default: everything), narrowed by the credential,
/// and whatever operations <paramref name="User"/> began. What belongs to no place and no team is seen by whoever may see any.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Sight(string User, ImmutableArray<string> Scopes, Limits Within)
{
    /// <summary>Nothing is hidden.</summary>
    public bool IsWhole => Scopes.IsDefault && Within.Regions.IsDefaultOrEmpty && Within.Tags is null or { Count: 0 };
}

/// <summary>What may be read, or why nothing may.</summary>
[GenerateSerializer, Immutable]
public sealed record SightAnswer(Sight? Sight, Problem? Problem);
