using System.Collections.Immutable;

namespace Ppec.Contracts.Access;

/// <summary>When a credential was honoured last.</summary>
[GenerateSerializer, Immutable]
public sealed record CredentialUse(string Credential, DateTimeOffset At);

/// <summary>When each credential was honoured last, of all silos. Not in the log: a disposable note, at most a minute behind, of which a kill loses no more than that.</summary>
[Alias("last-used")]
public interface ILastUsedGrain : IGrainWithIntegerKey
{
    /// <summary>What one silo honoured lately.</summary>
    Task Used(ImmutableArray<CredentialUse> uses);

    /// <summary>Of those that ever were.</summary>
    Task<ImmutableArray<CredentialUse>> Of(ImmutableArray<string> credentials);
}
