using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Access;

[GenerateSerializer]
public abstract record CredentialCommand(string Credential) : Command
{
    public override string Target => $"credential-{Credential}";
}

/// <summary>Issues a credential; only the hash of its secret part is ever kept (SHA-256, lower-case hex).</summary>
[GenerateSerializer, Immutable]
public sealed record IssueCredential(string Credential, string Principal, string Sha256) : CredentialCommand(Credential)
{
    public override string Permission => "credential.create";
}

[Alias("credential")]
public interface ICredentialGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(CredentialCommand command, Caller caller);
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
