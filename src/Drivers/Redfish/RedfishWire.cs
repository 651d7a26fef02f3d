using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;
using System.Text.Json;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Net;

namespace Ppec.Drivers.Redfish;

/// <summary>One answer. The body is null where there was none or (errors only) where it was not JSON.</summary>
internal sealed record RedfishAnswer(int Status, JsonElement? Body, string? ETag, string? Location, string? Token, TimeSpan? RetryAfter)
{
    public bool Ok => Status is >= 200 and < 300;
}

/// <summary>HTTP to one BMC: one connection, one request at a time, bounded in time and size; every failure becomes a <see cref="BmcException"/>.</summary>
internal sealed class RedfishWire : IDisposable
{
    readonly BmcTarget target;
    readonly RedfishOptions options;
    readonly Uri origin;
    readonly HttpClient http;
    bool certificateRefused;
    string? hidden;

    public RedfishWire(BmcTarget target, RedfishOptions options)
    {
        (this.target, this.options, origin) = (target, options, Origin(target));
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // a redirect could lead the token elsewhere
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.ConnectTimeout,
            ConnectCallback = (connection, limit) => options.Guard.Connect(connection.DnsEndPoint, limit),
            MaxConnectionsPerServer = 1, // many BMCs serve one client at a time
            MaxResponseHeadersLength = 32,
            MaxResponseDrainSize = 0,
            SslOptions = new() { RemoteCertificateValidationCallback = (_, certificate, _, errors) => Trusted(certificate?.GetRawCertData(), errors) },
        };
        http = new HttpClient(handler) { BaseAddress = origin, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What a session token replaces: a BMC without sessions, or one that has none left.</summary>
    public AuthenticationHeaderValue? Basic { get; set; }

    public string? SessionToken { get; set; }

    /// <summary>Sends one request and reads its whole answer. Answers of 4xx, 412 and 5xx are returned; 401 and 403 and 3xx are thrown.</summary>
    public async Task<RedfishAnswer> Send(HttpMethod method, string link, string? body, string? ifMatch, CancellationToken cancellation)
    {
        if (!RedfishJson.IsLocal(link)) throw Fail(BmcFailure.Garbage, $"{method} to a link that is not a path");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.RequestTimeout);
        try
        {
            using var request = Request(method, link, body, ifMatch);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var status = (int)response.StatusCode;
            if (status is >= 300 and < 400) throw Fail(BmcFailure.Garbage, $"{method} {link} answered {status}, a redirect");
            var read = await ReadBody(response, limit.Token);
            var answer = new RedfishAnswer(status, Parse(read, response.IsSuccessStatusCode), Tag(response), Local(response.Headers.Location), Token(response), RetryAfter(response));
            return status is 401 or 403 && !SessionsExhausted(answer) ? throw Fail(BmcFailure.Unauthorized, $"{method} {link} answered {status}{Reason(answer)}") : answer;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { throw; }
        catch (OperationCanceledException e) when (!limit.IsCancellationRequested) { throw Fail(BmcFailure.Unreachable, $"{method} {link}: no connection in {options.ConnectTimeout.TotalSeconds:0.#} s", e); }
        catch (OperationCanceledException e) { throw Fail(BmcFailure.Timeout, $"{method} {link}: no answer in {options.RequestTimeout.TotalSeconds:0.#} s", e); }
        catch (HttpRequestException e) when (e.InnerException is AddressRefusedException refused) { throw Fail(BmcFailure.Unreachable, refused.Message.TrimEnd('.'), e); }
        catch (HttpRequestException e) { throw Fail(Kind(e.HttpRequestError), $"{method} {link}: {Words(e.HttpRequestError)}", e); }
        catch (HttpIOException e) { throw Fail(Kind(e.HttpRequestError), $"{method} {link}: {Words(e.HttpRequestError)}", e); }
        catch (IOException e) { throw Fail(BmcFailure.Unreachable, $"{method} {link}: the connection broke", e); }
        catch (JsonException e) { throw Fail(BmcFailure.Garbage, $"{method} {link}: the body is not JSON", e); }
    }

    /// <summary>As <see cref="Send"/>; anything but success is <see cref="BmcFailure.Refused"/>.</summary>
    public async Task<RedfishAnswer> Ask(HttpMethod method, string link, string? body, string? ifMatch, CancellationToken cancellation)
    {
        var answer = await Send(method, link, body, ifMatch, cancellation);
        return answer.Ok ? answer : throw Refusal(method, link, answer);
    }

    /// <summary>A resource that must be a JSON object.</summary>
    public async Task<(JsonElement Body, string? ETag)> Get(string link, CancellationToken cancellation)
    {
        var answer = await Ask(HttpMethod.Get, link, null, null, cancellation);
        return answer.Body is { ValueKind: JsonValueKind.Object } body
            ? (body, answer.ETag ?? NullIfEmpty(body.Text("@odata.etag")))
            : throw Fail(BmcFailure.Garbage, $"GET {link}: the body is not a JSON object");
    }

    public BmcException Refusal(HttpMethod method, string link, RedfishAnswer answer) =>
        Fail(BmcFailure.Refused, $"{method} {link} answered {answer.Status}{Reason(answer)}");

    public BmcException Fail(BmcFailure failure, string what, Exception? inner = null) =>
        new(failure, $"BMC {origin.Authority}: {Redact(what)}.", inner);

    /// <summary>A 503 or 429, or whatever carries the message that there are too many sessions.</summary>
    public static bool SessionsExhausted(RedfishAnswer answer) =>
        answer.Status is 503 or 429
        || (answer.Body is { } body && (body.Child("error", "@Message.ExtendedInfo") is { ValueKind: JsonValueKind.Array } infos)
            && infos.EnumerateArray().Take(16).Any(i => i.Text("MessageId").Contains("SessionLimitExceeded", StringComparison.Ordinal)));

    /// <summary>One more text that no message may tell.</summary>
    public void Hide(string secret) => hidden = secret;

    public void Dispose() => http.Dispose();

    static Uri Origin(BmcTarget target)
    {
        if (!Uri.TryCreate(target.Address, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0)
        {
            throw new BmcException(BmcFailure.Unreachable, "The BMC's address must be an http or https URL without credentials.");
        }

        if (address.Scheme == "http" && target.PinnedCertificate is not null)
        {
            throw new BmcException(BmcFailure.WrongCertificate, $"BMC {address.Authority}: a certificate is pinned, and http shows none.");
        }

        return address.Scheme == "https" || address.IsLoopback
            ? new Uri(address.GetLeftPart(UriPartial.Authority))
            : throw new BmcException(BmcFailure.Unreachable, $"BMC {address.Authority}: http would send the password in clear; it is for loopback only.");
    }

    HttpRequestMessage Request(HttpMethod method, string link, string? body, string? ifMatch)
    {
        var request = new HttpRequestMessage(method, new Uri(origin, link)) { Version = HttpVersion.Version11 };
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.TryAddWithoutValidation("OData-Version", "4.0");
        if (SessionToken is not null) request.Headers.TryAddWithoutValidation("X-Auth-Token", SessionToken);
        else request.Headers.Authorization = Basic;
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return request;
    }

    bool Trusted(byte[]? certificate, SslPolicyErrors errors)
    {
        var trusted = certificate is not null && (target.PinnedCertificate is null ? errors == SslPolicyErrors.None : CertificatePin.Matches(certificate, target.PinnedCertificate));
        certificateRefused |= !trusted;
        return trusted;
    }

    async Task<byte[]> ReadBody(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > options.MaxBodyBytes) throw Fail(BmcFailure.Garbage, $"a body of {response.Content.Headers.ContentLength} bytes");
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        using var body = new MemoryStream();
        var buffer = new byte[16384];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > options.MaxBodyBytes) throw Fail(BmcFailure.Garbage, $"a body of more than {options.MaxBodyBytes} bytes");
        }

        return body.ToArray();
    }

    /// <summary>The body of an error is a courtesy: where it is no JSON, the status still tells.</summary>
    static JsonElement? Parse(byte[] body, bool success)
    {
        if (body.Length == 0) return null;
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.Clone();
        }
        catch (JsonException) when (!success) { return null; }
    }

    BmcFailure Kind(HttpRequestError error) => error switch
    {
        HttpRequestError.SecureConnectionError => certificateRefused ? BmcFailure.WrongCertificate : BmcFailure.Garbage,
        HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.HttpProtocolError => BmcFailure.Garbage,
        _ => BmcFailure.Unreachable,
    };

    static string Words(HttpRequestError error) => error switch
    {
        HttpRequestError.ConnectionError => "no connection",
        HttpRequestError.Unknown or HttpRequestError.ResponseEnded => "it hung up without an answer",
        _ => error.ToString(),
    };

    string Reason(RedfishAnswer answer)
    {
        if (answer.Body is not { } body) return "";
        var text = body.Child("error", "@Message.ExtendedInfo") is { ValueKind: JsonValueKind.Array } infos && infos.GetArrayLength() > 0 ? infos[0].Text("Message") : "";
        if (text.Length == 0) text = body.Text("error", "message");
        return text.Length == 0 ? "" : $": {text.TrimEnd('.')}";
    }

    /// <summary>A BMC that echoes what it was sent must not write a credential into our logs.</summary>
    string Redact(string text)
    {
        foreach (var secret in (ReadOnlySpan<string?>)[SessionToken, target.Password, hidden])
        {
            if (!string.IsNullOrEmpty(secret)) text = text.Replace(secret, "***", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Many BMCs send absolute locations with a name only they know: the path counts, on the origin we chose.</summary>
    static string? Local(Uri? location)
    {
        var path = location is null ? null : location.IsAbsoluteUri ? location.PathAndQuery : location.OriginalString;
        return path is not null && RedfishJson.IsLocal(path) ? path : null;
    }

    static string? Token(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Auth-Token", out var values) && values.First() is { Length: > 0 and <= 4096 } token && token.All(c => c is > ' ' and < (char)127) ? token : null;

    static string? Tag(HttpResponseMessage response) =>
        response.Headers.TryGetValues("ETag", out var values) && values.First() is { Length: > 0 and <= 256 } tag ? tag : null;

    static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter?.Delta;

    static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
