using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Ppec.EndToEnd.Running;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Ppec.EndToEnd;

/// <summary>A real OpenID provider (OpenIddict) in this process. Whoever comes to it is Alice of the group ops: what is tested is not how people prove that.</summary>
sealed class IdentityProvider : IAsyncDisposable
{
    public const string Client = "ppec";

    readonly WebApplication _app;

    IdentityProvider(WebApplication app, string url) => (_app, Url) = (app, url);

    public string Url { get; }

    public static async Task<IdentityProvider> Start()
    {
        var url = $"http://127.0.0.1:{Programs.FreePort()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddAuthentication();
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.SetIssuer(new Uri(url)).SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
            server.RegisterScopes(Scopes.OpenId, Scopes.Profile, Scopes.Email, "groups");
            server.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
            server.EnableDegradedMode(); // no database: the one client is known below
            server.UseAspNetCore().DisableTransportSecurityRequirement();
            server.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != Client) context.Reject(Errors.InvalidClient);
                else if (!new Uri(context.RedirectUri ?? "http://x").IsLoopback) context.Reject(Errors.InvalidRequest);
                return default;
            }));
            server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != Client) context.Reject(Errors.InvalidClient);
                return default;
            }));
            server.AddEventHandler<OpenIddictServerEvents.HandleAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                var alice = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType);
                alice.AddClaim(new Claim(Claims.Subject, "248289761001"));
                alice.AddClaim(new Claim(Claims.PreferredUsername, "Alice").SetDestinations(Destinations.IdentityToken));
                alice.AddClaim(new Claim("groups", "ops").SetDestinations(Destinations.IdentityToken));
                context.Principal = new ClaimsPrincipal(alice).SetScopes(context.Request.GetScopes());
                return default;
            }));
        });
        var app = builder.Build();
        app.UseAuthentication();
        await app.StartAsync();
        return new(app, url);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
