using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Access;

/// <summary>Credentials, and coming and going.</summary>
static class CredentialEndpoints
{
    public static void MapCredentials(this IEndpointRouteBuilder routes)
    {
        var credentials = routes.MapGroup("/api/v1/credentials").WithTags("credentials");

        credentials.MapGet("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var (sight, own) = await http.OwnOr(grains, "credential.read");
            var page = await http.Page(model, "credential", sight, own is null ? null : $"user:{own}");
            return Results.Json(new ListPage<CredentialView>(await http.Used(grains, page.Items), page.NextCursor, page.Total, page.TotalIsMore), PpecJson.Options);
        }).Named("credential_list", "Lists credentials: everyone's for whoever may see them, otherwise one's own").Lists<CredentialView>();

        credentials.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model, TimeProvider time) =>
        {
            var b = await http.Body<CredentialBody>();
            if (b.ExpiresAt is null && b.Days is < 1 or > 366) throw RequestException.Invalid("days", "A credential lives for 1 to 366 days.");
            var user = b.User ?? (await http.Me(grains)).User;
            // The same request again must be the same command: a life in days is counted from the hour.
            var hour = new DateTimeOffset(time.GetUtcNow().Ticks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);
            var command = new IssueCredential("", user, "", "token", b.Name, new(b.Permissions, b.Regions, b.Tags, b.Networks), b.ExpiresAt ?? hour.AddDays(b.Days));
            return await http.Token(await http.Send(grains, command), model, 201);
        }).Named("credential_create", "Makes a credential: of oneself, or of a service account; its token is said once").Takes<CredentialBody>().Answers<CredentialMade>(201);

        credentials.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history) =>
        {
            var (sight, own) = await http.OwnOr(grains, "credential.read");
            if (own is not null && model.List("credential", new($"id:{id} user:{own}", null, 1, null)).Total == 0) return Problems.NotFound($"credential {id}");
            await http.AwaitPosition(model);
            if (http.Request.Query.ContainsKey("at") || model.Find("credential", id) is not { } document) return await http.One(model, history, "credential", id, sight);
            var view = (await http.Used(grains, [document]))[0];
            http.Response.Headers.ETag = $"\"{view.Version}\"";
            return Results.Json(view, PpecJson.Options);
        }).Named("credential_show", "One credential, without its secret").Answers<CredentialView>(200).WithAt();

        credentials.MapPost("/{id}/rotate", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, TimeProvider time) =>
        {
            var b = await http.Body<RotateBody>();
            if (b.OverlapMinutes is < 0 or > 7 * 24 * 60) throw RequestException.Invalid("overlapMinutes", "The old secret is honoured for 0 minutes to 7 days more.");
            var minute = new DateTimeOffset(time.GetUtcNow().Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
            return await http.Token(await http.Send(grains, new RotateCredential(id, minute.AddMinutes(b.OverlapMinutes), "", b.ExpiresAt)), model, 200);
        }).Named("credential_rotate", "Gives it a new secret; the old one is honoured for a while").Takes<RotateBody>().Answers<CredentialMade>(200).Mutates();

        credentials.MapPost("/{id}/revoke", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new RevokeCredential(id)), model, "credential", id, 200)).Named("credential_revoke", "Ends it for good, within a second").Answers<CredentialView>(200).Mutates();

        MapSessions(routes);
    }

    static void MapSessions(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/sign-in", async (HttpContext http, IGrainFactory grains) =>
        {
            var b = await http.Body<SignInBody>();
            if (b.User.Length is < 1 or > 63 || b.User.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')) return Problems.Of(new(ProblemCodes.Unauthenticated, "User and password do not match."));
            var answer = await grains.Gate(g => g.SignIn(new(b.User, b.Password, http.Source())));
            return answer.Problem is { } problem ? Problems.Of(problem) : Results.Json(new SessionView(b.User, answer.Token!.Value, answer.ExpiresAt, answer.MustChangePassword), PpecJson.Options);
        }).WithTags("sessions").Named("sign_in", "A session for a person who gives a password, for twelve hours").Takes<SignInBody>().Produces<SessionView>(200).Produces<ProblemDocument>(429, Problems.ContentType).AllowAnonymous();

        routes.MapGet("/api/v1/sign-in/oidc", async (IGrainFactory grains) =>
            await grains.Gate(g => g.IdentityProvider()) is { } provider ? Results.Json(provider, PpecJson.Options) : Problems.NotFound("identity provider")).WithTags("sessions").Named("sign_in_provider", "Where people sign in elsewhere, and as which client of it").Answers<IdentityProviderView>(200).AllowAnonymous();

        routes.MapPost("/api/v1/sign-in/oidc", async (HttpContext http, IGrainFactory grains) =>
        {
            var b = await http.Body<TokenSignInBody>();
            var answer = await grains.Gate(g => g.SignInByToken(new(b.IdToken, b.Nonce, http.Source())));
            return answer.Problem is { } problem ? Problems.Of(problem) : Results.Json(new SessionView(answer.User, answer.Token!.Value, answer.ExpiresAt, false), PpecJson.Options);
        }).WithTags("sessions").Named("sign_in_oidc", "A session for a person whom the identity provider knows, for twelve hours; made a user at the first time, with nothing granted").Takes<TokenSignInBody>().Produces<SessionView>(200).Produces<ProblemDocument>(404, Problems.ContentType).Produces<ProblemDocument>(429, Problems.ContentType).AllowAnonymous();

        routes.MapPost("/api/v1/sign-out", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new RevokeCredential((await http.Me(grains)).Credential)), model)).WithTags("sessions").Named("sign_out", "Ends the credential that is presented").Mutates().Produces(204);

        routes.MapGet("/api/v1/me", async (HttpContext http, IGrainFactory grains) => Results.Json(await http.Me(grains), PpecJson.Options))
            .WithTags("sessions").Named("me", "Who one is, and what one may do somewhere").Produces<WhoAmI>(200);
    }

    static async Task<WhoAmI> Me(this HttpContext http, IGrainFactory grains)
    {
        var request = new ReadRequest(http.Credential(), http.Source(), "");
        return await grains.Gate(g => g.WhoAmI(request)) ?? throw new RequestException((await http.Stranger(grains))!);
    }

    /// <summary>Credentials as they are kept, with when each was honoured last.</summary>
    static async Task<ImmutableArray<CredentialView>> Used(this HttpContext http, IGrainFactory grains, ImmutableArray<ReadOnlyMemory<byte>> documents)
    {
        var views = documents.Select(document => JsonSerializer.Deserialize<CredentialView>(document.Span, Kept)!).ToImmutableArray();
        var request = new ReadRequest(http.Credential(), http.Source(), "credential.read");
        var last = (await grains.Gate(g => g.LastUsed(request, [.. views.Select(v => v.Id)]))).ToDictionary(use => use.Credential, use => use.At, StringComparer.Ordinal);
        return [.. views.Select(view => last.TryGetValue(view.Id, out var at) ? view with { LastUsedAt = at } : view)];
    }

    /// <summary>Everyone's for whoever may; otherwise whose only.</summary>
    static async Task<(Sight Sight, string? Own)> OwnOr(this HttpContext http, IGrainFactory grains, string permission)
    {
        var me = await http.Me(grains);
        return (new(me.User, default, Limits.None), me.Permissions.Contains(permission) ? null : me.User);
    }

    static async Task<IResult> Token(this HttpContext http, GateAnswer answer, IReadModel model, int status)
    {
        if (answer is not { Problem: null, Token: { } token }) return await http.Document(answer, model, "credential", answer.Id, status);
        http.Response.Headers["Ppec-Position"] = answer.Position.ToString();
        await model.WaitFor(answer.Position, TimeSpan.FromSeconds(10), http.RequestAborted);
        return model.Find("credential", answer.Id) is { } document && JsonSerializer.Deserialize<CredentialView>(document.Span, Kept) is { } view
            ? Results.Json(new CredentialMade(view.Id, view.User, token.Value, view.ExpiresAt), PpecJson.Options, statusCode: status)
            : Problems.Of(new(ProblemCodes.Unavailable, "It is made, and not yet visible: ask again with the same Idempotency-Key."));
    }

    static readonly JsonSerializerOptions Kept = new(PpecJson.Options) { RespectRequiredConstructorParameters = false };
}
