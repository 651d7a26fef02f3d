using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Access;

[GenerateSerializer]
public abstract record CredentialCommand(string Credential) : Command
{
    public override string Target => $"credential-{Credential}";
}

/// <summary>
/// Issues a credential of a user; only the hash of its secret part is ever kept (SHA-256, lower-case hex). The gate makes id and secret, and checks that it gives nobody more than they have.
/// </summary>
/// <param name="Credential">Its id.</param>
/// <param name="Principal">The user it stands for.</param>
/// <param name="Sha256">Of the whole token.</param>
/// <param name="Kind"><c>token</c>, or <c>session</c> for a person who signed in.</param>
/// <param name="Name">What it is for, for people.</param>
/// <param name="Limits">What it may do of what its user may.</param>
/// <param name="ExpiresAt">From then on it is worth nothing; only the bootstrap credential has none.</param>
/// <param name="By">Who made it. Set by the gate.</param>
[GenerateSerializer, Immutable]
public sealed record IssueCredential(
    string Credential, string Principal, string Sha256, string Kind = "token", string Name = "", Limits? Limits = null, DateTimeOffset? ExpiresAt = null, string By = "") : CredentialCommand(Credential)
{
    public override string Permission => "credential.create";
}

/// <summary>Gives it a new secret; the old one is honoured until <paramref name="OldUntil"/>.</summary>
[GenerateSerializer, Immutable]
public sealed record RotateCredential(string Credential, DateTimeOffset OldUntil, string Sha256 = "", DateTimeOffset? ExpiresAt = null) : CredentialCommand(Credential)
{
    public override string Permission => "credential.rotate";
}

/// <summary>Ends it for good.</summary>
[GenerateSerializer, Immutable]
public sealed record RevokeCredential(string Credential) : CredentialCommand(Credential)
{
    public override string Permission => "credential.revoke";
}

/// <summary>A credential as the gate looks at it before it is rotated or revoked.</summary>
[GenerateSerializer, Immutable]
public sealed record Issued(string User, Limits Limits);

[Alias("credential")]
public interface ICredentialGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(CredentialCommand command, Caller caller);

    /// <summary>The user it stands for, and what it is limited to; null when there is no such credential.</summary>
    Task<Issued?> Issued();
}

/// <summary>
/// A name that may have one owner: a MAC address, a BMC address. The key is <c>kind:value</c>.
/// Taken before the owner needs it, given back when the owner ends or never came to be.
/// </summary>
[Alias("claim")]
public interface IClaimGrain : IGrainWithStringKey
{
    /// <summary>Takes the name; the same owner again changes nothing; another's is refused with <c>name-taken</c>, naming it.</summary>
    Task<Outcome> Take(string owner, DateTimeOffset at, Caller caller);

    Task<Outcome> Release(string owner, DateTimeOffset at, Caller caller);

    /// <summary>Whose it is now.</summary>
    Task<string?> Owner();
}

/// <summary>
/// Counts what a team has against its quotas, one machine at a time, so that two commands cannot take the last one both. The key is the team. What it counts is the read model's, and what it
/// let pass a moment ago: that is in memory, and needs no giving back after a crash.
/// </summary>
[Alias("quota")]
public interface IQuotaGrain : IGrainWithStringKey
{
    /// <summary>Whether so many more would fit; nothing is taken.</summary>
    Task<Problem?> Room(string type, int count, ImmutableSortedDictionary<string, long> quotas);

    /// <summary>Takes room for a machine, until it is seen to belong to the team.</summary>
    Task<Problem?> Take(string machine, string type, ImmutableSortedDictionary<string, long> quotas);

    /// <summary>It does not come to belong to it.</summary>
    Task Free(string machine);
}
