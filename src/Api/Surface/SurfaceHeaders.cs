using Microsoft.AspNetCore.Http;

namespace Ppec.Api.Surface;

/// <summary>What every answer tells a browser: take nothing for what it is not, keep nothing, show it in nobody's frame. No answer lets another origin in (CORS).</summary>
static class SurfaceHeaders
{
    const string Nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Swagger UI runs its own scripts, sets styles of its own, draws icons from data and asks this server.</summary>
    const string Swagger = Nothing + "; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'";

    public static Task Add(HttpContext http, RequestDelegate next)
    {
        var headers = http.Response.Headers;
        var page = http.Request.Path.StartsWithSegments("/swagger", StringComparison.Ordinal);
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = page ? Swagger : Nothing;
        if (!page) headers.CacheControl = "no-store";
        if (http.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
        return next(http);
    }
}
