using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Ppec.Drivers.Oidc;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>Whom the identity provider vouches for, as a user of ours. Without a provider nobody is vouched for.</summary>
public sealed class Vouching(IGrainFactory grains, AccessBook book, TimeProvider time, IEnumerable<IdTokens> providers)
{
    const string Scopes = "openid profile email groups";

    readonly IdTokens? _tokens = providers.FirstOrDefault();

    public IdentityProviderView? Provider => _tokens is { Options: var o } ? new(o.Issuer.AbsoluteUri.TrimEnd('/'), o.ClientId, Scopes) : null;

    /// <summary>The user, who is made at the first time; or why not: <c>Problem</c> for who asks, <c>Why</c> for the record.</summary>
    public async Task<(string? User, Problem? Problem, string? Why)> Admit(TokenSignInRequest request)
    {
        if (_tokens is null) return (null, new(ProblemCodes.NotFound, "Nobody signs in elsewhere here: no identity provider is configured."), null);
        Vouched? vouched;
        string? why;
        try { (vouched, why) = await _tokens.Read(request.IdToken.Value, request.Nonce, CancellationToken.None); }
        catch (ProviderAwayException e) { return (null, new(ProblemCodes.Unavailable, e.Message), null); }
        if (vouched is null) return (null, new(ProblemCodes.Unauthenticated, "That ID token is not accepted: sign in anew."), why);

        var at = time.GetUtcNow();
        var known = Admitting.Known((await book.Now()).Directory, vouched.Subject);
        if ((known?.Id ?? Admitting.Name(vouched.Name)) is not { } name) return (null, new(ProblemCodes.Unauthenticated, $"The identity provider gives no name that a user can have ({_tokens.Options.NameClaim})."), null);
        var id = Guid.NewGuid().ToString("n");
        var outcome = await grains.Carry(new AdmitPerson(name, vouched.Subject, vouched.Groups) { At = at, By = AdmitPerson.Actor }, new Caller(AdmitPerson.Actor, "internal", request.SourceAddress, id, "", Permission: "user.admit"));
        book.Told();
        return outcome.Problem is { } refused ? (null, refused, null) : (name, null, null);
    }
}
