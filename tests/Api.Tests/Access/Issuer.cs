using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ppec.Api.Tests.Access;

/// <summary>Publishes its keys as an OpenID provider does, and signs whatever it is told to: right tokens and forged ones.</summary>
sealed class Issuer : IAsyncDisposable
{
    readonly WebApplication _app;
    RsaSecurityKey _key = Fresh();

    Issuer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Up ? Results.Json(new { issuer = Url, jwks_uri = $"{Url}/keys", authorization_endpoint = $"{Url}/authorize", token_endpoint = $"{Url}/token" }) : Results.StatusCode(503));
        _app.MapGet("/keys", () =>
        {
            var parameters = _key.Rsa.ExportParameters(false);
            return Results.Json(new { keys = new[] { new { kty = "RSA", use = "sig", kid = _key.KeyId, n = Base64UrlEncoder.Encode(parameters.Modulus), e = Base64UrlEncoder.Encode(parameters.Exponent) } } });
        });
    }

    public bool Up { get; set; } = true;

    public string Url => _app.Urls.First();

    public static async Task<Issuer> Start()
    {
        var issuer = new Issuer();
        await issuer._app.StartAsync();
        return issuer;
    }

    public void ChangeKey() => _key = Fresh();

    /// <summary>A token of this issuer for <c>ppec</c>, of now, unless said otherwise.</summary>
    public string Token(string sub = "17", string name = "alice", string[]? groups = null, string? nonce = null, string? issuer = null, string audience = "ppec", int issuedMinutesAgo = 0, int lifeMinutes = 5, SigningCredentials? signing = null)
    {
        var now = DateTime.UtcNow.AddMinutes(-issuedMinutesAgo);
        List<Claim> claims = [new("sub", sub), new("preferred_username", name), .. (groups ?? []).Select(g => new Claim("groups", g))];
        if (nonce is not null) claims.Add(new("nonce", nonce));
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Url, Audience = audience, IssuedAt = now, NotBefore = now, Expires = now.AddMinutes(lifeMinutes), Subject = new(claims),
            SigningCredentials = signing ?? new(_key, SecurityAlgorithms.RsaSha256),
        });
    }

    public static RsaSecurityKey Fresh() => new(RSA.Create(2048)) { KeyId = Guid.NewGuid().ToString("n") };

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
