using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Access;

/// <summary>A person at the door, with a password.</summary>
[GenerateSerializer, Immutable]
public sealed record SignInRequest(string User, SecretText Password, string SourceAddress)
{
    public override string ToString() => $"sign-in of {User} from {SourceAddress}";
}

/// <summary>A person at the door, with an ID token of the identity provider. <paramref name="Nonce"/>: what was asked for with it, where something was.</summary>
[GenerateSerializer, Immutable]
public sealed record TokenSignInRequest(SecretText IdToken, string? Nonce, string SourceAddress)
{
    public override string ToString() => $"sign-in by ID token from {SourceAddress}";
}

/// <summary>Where people of this PPEC sign in elsewhere: an OpenID provider, and as which client of it.</summary>
[GenerateSerializer, Immutable]
public sealed record IdentityProviderView(string Issuer, string ClientId, string Scopes);

/// <summary>A session's token, said once; or why there is none.</summary>
[GenerateSerializer, Immutable]
public sealed record SignInAnswer(Problem? Problem, SecretText? Token = null, string Credential = "", DateTimeOffset ExpiresAt = default, bool MustChangePassword = false, string User = "")
{
    public override string ToString() => Problem?.Code ?? "signed in";
}

/// <summary>Counts the wrong passwords of one user, existing or not, and makes whoever guesses wait longer and longer. In memory: a restart forgives.</summary>
[Alias("sign-in")]
public interface ISignInGrain : IGrainWithStringKey
{
    /// <summary>Null when the password is the user's; otherwise why not, the same for a user that does not exist.</summary>
    Task<Problem?> Check(SecretText password);
}

/// <summary>Who one is, as the credential presented says.</summary>
[GenerateSerializer, Immutable]
public sealed record WhoAmI(string User, string Credential, Limits Limits, DateTimeOffset? SignedInAt, System.Collections.Immutable.ImmutableArray<string> Permissions, bool MustChangePassword);
