using System.Collections.Immutable;

namespace Ppec.Contracts.Access;

/// <summary>What a command is about, as far as grants and policies look: null is what it has none of. A thing without a region is everyone's to read and global to change.</summary>
[GenerateSerializer, Immutable]
public sealed record Resource(string Noun, string Id, string? Region = null, string? Rack = null, string? Owner = null, string? Pool = null, ImmutableDictionary<string, string>? Tags = null)
{
    /// <summary>It belongs to no place and no team: a profile, an image, a saved filter, a role.</summary>
    public bool IsGlobal => Region is null && Owner is null && Pool is null;

    public override string ToString() => $"{Noun} {Id}";
}
