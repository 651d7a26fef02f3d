using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Ppec.Api.Access;
using Ppec.Api.Agent;
using Ppec.Api.Alerts;
using Ppec.Api.Audit;
using Ppec.Api.Boot;
using Ppec.Api.Changes;
using Ppec.Api.Disks;
using Ppec.Api.Events;
using Ppec.Api.Filters;
using Ppec.Api.Images;
using Ppec.Api.Import;
using Ppec.Api.Logs;
using Ppec.Api.Machines;
using Ppec.Api.Operations;
using Ppec.Api.Profiles;
using Ppec.Api.Racks;
using Ppec.Api.Regions;
using Ppec.Api.Surface;
using Ppec.Api.Tags;
using Ppec.Api.Webhooks;
using Ppec.Contracts;
using Ppec.Contracts.Gate;

namespace Ppec.Api;

/// <summary>The HTTP surface. Endpoints bind, call the gate, and read the read model; they hold no rules.</summary>
public static class PpecApi
{
    public const long LargestBody = 1 << 20;

    public static IServiceCollection AddPpecApi(this IServiceCollection services, SurfaceLimits limits)
    {
        services.ConfigureHttpJsonOptions(o => DocumentTypes.Configure(o.SerializerOptions));
        return services.AddSurfaceLimits(limits).AddPpecOpenApi();
    }

    public static void MapPpecApi(this WebApplication app, PiousFiles pious, IpxeFiles ipxe)
    {
        if (app.Services.GetService<ILocalSiloDetails>() is not null) Insistence.KeepNear(app.Services.GetRequiredService<IGrainFactory>());
        app.Use(SurfaceHeaders.Add);
        app.UseSignInLimits();
        app.Use(Guard);
        app.UseStatusCodePages(Bare);
        app.UseRateLimiter();
        app.MapOpenApi("/openapi/v1.json");
        app.UseSwaggerUI(o => { o.SwaggerEndpoint("/openapi/v1.json", "PPEC v1"); o.RoutePrefix = "swagger"; });
        app.MapHealth();
        app.MapMachines();
        app.MapManyMachines();
        app.MapImport();
        app.MapOperations();
        app.MapEvents();
        app.MapRegions();
        app.MapRacks();
        app.MapProfiles();
        app.MapImages();
        app.MapFilters();
        app.MapTags();
        app.MapDisks();
        app.MapWebhooks();
        app.MapAlerts();
        app.MapLogs();
        app.MapAudit();
        app.MapAccess();
        app.MapCredentials();
        app.MapChanges();
        app.MapUndo();
        app.MapBoot(pious, ipxe);
        app.MapAgent();
    }

    /// <summary>All that a silo without the API's role serves.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health/live", () => Results.Text("live")).ExcludeFromDescription();
        app.MapGet("/health/ready", (IReadiness readiness) => readiness.NotReady is { } why ? Problems.Of(new(ProblemCodes.Unavailable, why)) : Results.Text("ready")).ExcludeFromDescription();
    }

    /// <summary>Whatever goes wrong becomes a problem document; what a bug says stays in the log.</summary>
    static async Task Guard(HttpContext http, RequestDelegate next)
    {
        try
        {
            // No grain has a blank name: asked for one, Orleans throws.
            if (http.Request.RouteValues.GetValueOrDefault("id") is string id && string.IsNullOrWhiteSpace(id)) throw new RequestException(new(ProblemCodes.NotFound, "There is nothing of a blank name."));
            await next(http);
        }
        catch (RequestException e) when (!http.Response.HasStarted)
        {
            await Problems.Of(e.Problem.Code == ProblemCodes.Unauthenticated ? e.Problem : await Stranger(http) ?? e.Problem).ExecuteAsync(http);
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await Problems.Of(e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new(ProblemCodes.TooLarge, "The body is larger than 1 MiB.")
                : new(ProblemCodes.Malformed, "The request cannot be read.")).ExecuteAsync(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested) { /* the caller left */ }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Ppec.Api").RequestFailed(http.Request.Method, http.Request.Path, e);
            var problem = e is TimeoutException || e.GetType().Namespace?.StartsWith("Orleans", StringComparison.Ordinal) == true
                ? new Problem(ProblemCodes.OutcomeUnknown, "The answer did not come in time: send it again with the same Idempotency-Key.")
                : new Problem(ProblemCodes.Unexpected, "That is a fault of PPEC; its log has the details.");
            await Problems.Of(problem).ExecuteAsync(http);
        }
    }

    /// <summary>Who is not known hears only that, whatever else is wrong with the request.</summary>
    static async Task<Problem?> Stranger(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) && !http.Request.Path.StartsWithSegments("/api/v1/sign-in", StringComparison.Ordinal)
            && await http.Stranger(http.RequestServices.GetRequiredService<IGrainFactory>()) is { Code: ProblemCodes.Unauthenticated } problem
            ? problem
            : null;

    /// <summary>Routing's own refusals have no body; ours always do.</summary>
    static Task Bare(StatusCodeContext context)
    {
        var problem = context.HttpContext.Response.StatusCode switch
        {
            404 => new Problem(ProblemCodes.NotFound, "There is nothing at this path."),
            405 => new Problem(ProblemCodes.MethodNotAllowed, "This path does not take this method."),
            415 => new Problem(ProblemCodes.UnsupportedMediaType, "Send the body as application/json."),
            400 => new Problem(ProblemCodes.Malformed, "The request cannot be read."),
            _ => null,
        };
        return problem is null ? Task.CompletedTask : Problems.Of(problem).ExecuteAsync(context.HttpContext);
    }
}

/// <summary>Whether this node can serve; null = it can.</summary>
public interface IReadiness
{
    string? NotReady { get; }
}

static partial class ApiLog
{
    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, Exception exception);
}
