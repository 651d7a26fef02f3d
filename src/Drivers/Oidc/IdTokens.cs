using System.Collections.Immutable;
using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Ppec.Drivers.Oidc;

/// <summary>
/// An OpenID provider, and what of its tokens is believed. <paramref name="ClientId"/> is the audience that a token must be for;
/// <paramref name="NameClaim"/> and <paramref name="GroupsClaim"/>: where it says what somebody is called, and in which groups.
/// </summary>
public sealed record OidcOptions(Uri Issuer, string ClientId, string NameClaim = "preferred_username", string GroupsClaim = "groups");

/// <summary>What a provider said of somebody. <paramref name="Subject"/>: <c>ISSUER#SUB</c>, which never changes.</summary>
public sealed record Vouched(string Subject, string? Name, ImmutableArray<string> Groups);

/// <summary>Reads ID tokens (OpenID Connect Core 1.0, 3.1.3.7): signed by a key that the provider publishes, for us, of now, and (where one was asked for) with the nonce.</summary>
public sealed class IdTokens : IDisposable
{
    /// <summary>A token is for signing in now: one that was issued longer ago was not asked for by this sign-in.</summary>
    static readonly TimeSpan Oldest = TimeSpan.FromMinutes(10);
    static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);
    static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false };

    readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 1 << 20 };
    readonly ConfigurationManager<OpenIdConnectConfiguration> _provider;
    readonly TimeProvider _time;

    public IdTokens(OidcOptions options, TimeProvider time)
    {
        (Options, _time) = (options, time);
        var retriever = new HttpDocumentRetriever(_http) { RequireHttps = !options.Issuer.IsLoopback };
        _provider = new($"{options.Issuer.AbsoluteUri.TrimEnd('/')}/.well-known/openid-configuration", new OpenIdConnectConfigurationRetriever(), retriever);
    }

    public OidcOptions Options { get; }

    /// <summary>What the token says, or why it is not believed. The reason is for the record and not for who sent it.</summary>
    /// <exception cref="ProviderAwayException">The provider does not answer, so nothing can be checked.</exception>
    public async Task<(Vouched? Vouched, string? Why)> Read(string token, string? nonce, CancellationToken cancellation)
    {
        var result = await Validate(token, cancellation);
        if (result is { IsValid: false, Exception: SecurityTokenSignatureKeyNotFoundException })
        {
            _provider.RequestRefresh(); // it changed its keys
            result = await Validate(token, cancellation);
        }
        if (!result.IsValid) return (null, result.Exception.GetType().Name);
        var said = (JsonWebToken)result.SecurityToken;
        if (string.IsNullOrEmpty(said.Subject)) return (null, "it names no subject");
        if (said.IssuedAt < _time.GetUtcNow().UtcDateTime - Oldest - Skew) return (null, "it was issued too long ago");
        if (said.Audiences.Count() > 1 && said.Azp != Options.ClientId) return (null, "it was asked for by somebody else");
        if (nonce is not null && (!said.TryGetPayloadValue<string>("nonce", out var asked) || asked != nonce)) return (null, "its nonce is another");
        string? Claim(string name) => result.ClaimsIdentity.FindFirst(name)?.Value;
        return (new($"{said.Issuer}#{said.Subject}", Claim(Options.NameClaim) ?? Claim("email"), [.. result.ClaimsIdentity.FindAll(Options.GroupsClaim).Select(c => c.Value).Distinct()]), null);
    }

    async Task<TokenValidationResult> Validate(string token, CancellationToken cancellation)
    {
        OpenIdConnectConfiguration provider;
        try { provider = await _provider.GetConfigurationAsync(cancellation); }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException or ArgumentException)
        {
            throw new ProviderAwayException($"The identity provider {Options.Issuer} does not answer as one: try again in a moment, and look at its /.well-known/openid-configuration.", e);
        }
        return await Handler.ValidateTokenAsync(token, new()
        {
            ValidIssuers = [Options.Issuer.AbsoluteUri, Options.Issuer.AbsoluteUri.TrimEnd('/')],
            ValidAudience = Options.ClientId,
            IssuerSigningKeys = provider.SigningKeys,
            // Asymmetric ones alone: with a shared secret a token could be made of what is public.
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384],
            LifetimeValidator = (from, until, _, _) => until > _time.GetUtcNow().UtcDateTime - Skew && (from is null || from < _time.GetUtcNow().UtcDateTime + Skew),
            RequireExpirationTime = true, RequireSignedTokens = true,
        });
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>The provider does not answer.</summary>
public sealed class ProviderAwayException(string message, Exception inner) : Exception(message, inner);
