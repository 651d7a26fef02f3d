using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Gate;

namespace Ppec.Api.Surface;

/// <summary>Token buckets by address and by credential, on one node. A credential is known here by a hash of it alone.</summary>
static class RateLimits
{
    const int BurstSeconds = 5;
    const int BeatsPerSecond = 10;

    /// <summary>Open feeds with one credential: each holds a connection and follows the log.</summary>
    const int LiveFeeds = 200;

    public static IServiceCollection AddSurfaceLimits(this IServiceCollection services, SurfaceLimits limits) => services
        .AddSingleton(new SignIns(limits.FailedSignIns))
        .AddRateLimiter(o =>
        {
            o.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                PartitionedRateLimiter.Create<HttpContext, string>(http => Bucket(http, Address(http), limits.PerAddress)),
                PartitionedRateLimiter.Create<HttpContext, string>(http => Bucket(http, Credential(http), limits.PerCredential)),
                PartitionedRateLimiter.Create<HttpContext, string>(http => IsFeed(http)
                    ? RateLimitPartition.GetConcurrencyLimiter(Credential(http), _ => new() { PermitLimit = LiveFeeds })
                    : RateLimitPartition.GetNoLimiter("")));
            o.OnRejected = (rejected, _) => new(Refuse(rejected.HttpContext, IsFeed(rejected.HttpContext) && !rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan _)
                ? $"At most {LiveFeeds} feeds are open with one credential: close some."
                : "These are more requests than one caller may send: slow down, or have --rate-per-credential and --rate-per-address raised.", rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : default));
        });

    static RateLimitPartition<string> Bucket(HttpContext http, string key, int perSecond) => perSecond == 0 || key.Length == 0 || !IsApi(http)
        ? RateLimitPartition.GetNoLimiter("")
        : RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
        {
            TokenLimit = perSecond * BurstSeconds, TokensPerPeriod = Math.Max(1, perSecond / BeatsPerSecond), ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1.0 / BeatsPerSecond, 1.0 / perSecond)), QueueLimit = 0,
        });

    static bool IsApi(HttpContext http) => http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal);

    static bool IsFeed(HttpContext http) => http.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == "text/event-stream");

    /// <summary>Of IPv6 the /64: that is what one has, and may change within.</summary>
    static string Address(HttpContext http)
    {
        var source = http.Source();
        return source.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(source, out var address) ? Convert.ToHexString(address.GetAddressBytes(), 0, 8) : source;
    }

    static string Credential(HttpContext http) => http.Credential() is { Length: > 0 } token ? Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)), 0, 16) : "";

    static Task Refuse(HttpContext http, string why, TimeSpan after)
    {
        http.Response.Headers.RetryAfter = ((int)Math.Ceiling(Math.Max(1, after.TotalSeconds))).ToString(CultureInfo.InvariantCulture);
        return Problems.Of(new(ProblemCodes.TooManyRequests, why)).ExecuteAsync(http);
    }

    /// <summary>
    /// Whoever guesses is stopped before he is listened to. A credential that was good lately is not: he may sit behind the same address as those who work.
    /// </summary>
    internal sealed class SignIns(int perMinute) : IDisposable
    {
        const int Kept = 10_000;

        readonly ConcurrentDictionary<string, bool> _good = new(StringComparer.Ordinal);
        readonly PartitionedRateLimiter<HttpContext> _failures = PartitionedRateLimiter.Create<HttpContext, string>(http => RateLimitPartition.GetTokenBucketLimiter(Address(http), _ => new()
        {
            TokenLimit = Math.Max(1, perMinute), TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromMinutes(1.0 / Math.Max(1, perMinute)), QueueLimit = 0,
        }));

        public async Task Guard(HttpContext http, RequestDelegate next)
        {
            if (perMinute == 0 || !IsApi(http))
            {
                await next(http);
                return;
            }
            var credential = Credential(http);
            // Counted when it failed, so only looked at here; fractions of a token are none.
            if (!_good.ContainsKey(credential) && _failures.GetStatistics(http) is { CurrentAvailablePermits: < 1 })
            {
                await Refuse(http, "Too many sign-ins from this address were refused: wait, and check which credential is sent.", TimeSpan.FromMinutes(1.0 / perMinute));
                return;
            }
            await next(http);
            if (http.Response.StatusCode == StatusCodes.Status401Unauthorized)
            {
                _good.TryRemove(credential, out _);
                _failures.AttemptAcquire(http).Dispose();
            }
            else if (credential.Length > 0 && http.Response.StatusCode < 300)
            {
                if (_good.Count > Kept) _good.Clear();
                _good[credential] = true;
            }
        }

        public void Dispose() => _failures.Dispose();
    }

    /// <summary>Outermost, since what a request came to is only known when all else is done.</summary>
    public static void UseSignInLimits(this WebApplication app)
    {
        var signIns = app.Services.GetRequiredService<SignIns>();
        app.Use(signIns.Guard);
    }
}
