using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Ppec.Lab.Sim;

/// <summary>What all simulated machines of a lab share: where PPEC is, one connection pool, the pace, and the log.</summary>
public sealed class SimWorld(Uri ppec, TimeSpan delay, ILogger log) : IDisposable
{
    /// <summary>The protocol's JSON.</summary>
    public static readonly JsonSerializerOptions Json = SimJson.Default.Options;

    static readonly TimeSpan firstPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan longestPause = TimeSpan.FromSeconds(10);

    readonly HttpClient http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = true,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    })
    { Timeout = TimeSpan.FromMinutes(10) };

    public Uri Ppec => ppec;

    public ILogger Log => log;

    public SimTraffic Traffic { get; } = new();

    /// <summary>Disk digests of stored files that were expanded once: a hundred machines installing one image do not expand it a hundred times.</summary>
    public ConcurrentDictionary<string, (string DiskSha256, long DiskSize)> Expanded { get; } = [];

    /// <summary>The time one piece of a machine's work takes.</summary>
    public Task Pace(CancellationToken power) => delay > TimeSpan.Zero ? Task.Delay(delay, power) : Task.CompletedTask;

    /// <summary>One request without a second try, as boot firmware makes it.</summary>
    public async Task<string?> Fetch(Uri url, CancellationToken power)
    {
        var (since, answered) = (Stopwatch.GetTimestamp(), false);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(power);
            limit.CancelAfter(TimeSpan.FromSeconds(20));
            using var response = await http.GetAsync(url, limit.Token);
            var script = response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(limit.Token) : null;
            answered = script is not null;
            return script;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !power.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            Traffic.Booted(url, since, answered);
        }
    }

    /// <summary>
    /// As the real agent asks: again and again, with growing pauses, until there is an answer that means something.
    /// 2xx, 401, 403 and 409 do; everything else is a server that is not well.
    /// </summary>
    public async Task<HttpResponseMessage> Insist(HttpMethod method, Uri url, string? credential, object? body, CancellationToken power)
    {
        for (var (pause, again) = (firstPause, false); ; (pause, again) = (pause * 2 < longestPause ? pause * 2 : longestPause, true))
        {
            Traffic.Asked(again);
            try
            {
                using var request = new HttpRequestMessage(method, url);
                if (credential is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
                if (body is not null) request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Json)) { Headers = { ContentType = new("application/json") } };
                var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, power);
                if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.Conflict) return response;
                log.Retrying(method.Method, url.AbsolutePath, (int)response.StatusCode);
                response.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !power.IsCancellationRequested))
            {
                log.NoAnswer(method.Method, url.AbsolutePath, e.Message);
            }

            // Spread, or a hundred machines knock at once on a server that has just come back.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), power);
        }
    }

    public void Dispose() => http.Dispose();
}

/// <summary>PPEC ended the session for good.</summary>
public sealed class SessionEndedException(string message) : Exception(message);
