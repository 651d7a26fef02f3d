using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ppec.Drivers.Net;

namespace Ppec.Drivers.Notices;

/// <summary>
/// Notices by HTTP POST, signed: <c>Ppec-Signature: t=SECONDS,v1=HMAC-SHA256(key, "SECONDS.body")</c> in lower-case hex. No redirects, no proxy, and no address that nobody may mean.
/// Nothing of an answer is read but its status.
/// </summary>
public sealed class WebhookNotifier : INotifier, IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    readonly HttpClient _http;
    readonly TimeProvider _time;

    public WebhookNotifier(AddressGuard guard, TimeProvider time)
    {
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // it could lead to where the guard was not asked
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = (connection, limit) => guard.Connect(connection.DnsEndPoint, limit),
            ConnectTimeout = Patience,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 32,
            MaxResponseDrainSize = 65_536,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public async Task<Sent> Send(Notice notice, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using var request = Request(notice, _time.GetUtcNow().ToUnixTimeSeconds());
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var status = (int)response.StatusCode;
            return new(status, response.IsSuccessStatusCode ? null : status is >= 300 and < 400 ? $"It answered {status}, a redirect, which is not followed." : $"It answered {status}.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested) { return new(null, $"No answer within {Patience.TotalSeconds:0} s."); }
        catch (HttpRequestException e) when (e.InnerException is AddressRefusedException refused) { return new(null, refused.Message); }
        catch (HttpRequestException e) { return new(null, e.HttpRequestError == HttpRequestError.SecureConnectionError ? "Its certificate is not trusted here." : $"It cannot be reached ({e.HttpRequestError})."); }
        catch (IOException) { return new(null, "The connection broke."); }
    }

    public static string Signature(string key, long seconds, string body) => string.Create(CultureInfo.InvariantCulture,
        $"t={seconds},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seconds}.{body}"))))}");

    public void Dispose() => _http.Dispose();

    static HttpRequestMessage Request(Notice notice, long seconds)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, notice.To) { Version = HttpVersion.Version11, Content = new StringContent(notice.Body, Encoding.UTF8, "application/json") };
        request.Headers.UserAgent.ParseAdd("ppec");
        request.Headers.TryAddWithoutValidation("Ppec-Delivery", notice.Id);
        request.Headers.TryAddWithoutValidation("Ppec-Event", notice.Subject);
        if (notice.Key is not null) request.Headers.TryAddWithoutValidation("Ppec-Signature", Signature(notice.Key, seconds, notice.Body));
        return request;
    }
}
