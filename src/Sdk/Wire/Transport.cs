using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Ppec.Contracts.Gate;

namespace Ppec.Sdk.Wire;

/// <summary>
/// Sends requests, again where that is safe, and tells the three outcomes apart: answered, not sent, unknown.
/// A change may be sent again because it carries its key; the key is made once for all attempts.
/// </summary>
sealed class Transport : IDisposable
{
    static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(5);

    readonly PpecClientOptions _options;
    readonly HttpClient _http;
    readonly Uri _root;

    public Transport(PpecClientOptions options)
    {
        if (!options.Server.IsAbsoluteUri || options.Server.Scheme is not ("http" or "https"))
            throw new ArgumentException($"“{options.Server}” is not an http or https address.", nameof(options));
        _options = options;
        _root = new Uri(options.Server.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
        _http = options.Handler is null
            ? new HttpClient(new SocketsHttpHandler
            {
                AllowAutoRedirect = false, // a redirect would carry the credential to where nobody meant it to go
                AutomaticDecompression = System.Net.DecompressionMethods.All,
                UseProxy = !options.Server.IsLoopback, // nobody means a proxy when naming this machine
                ConnectTimeout = TimeSpan.FromSeconds(5),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                SslOptions = Trusting(options.TrustedAuthorities),
            })
            : new HttpClient(options.Handler, disposeHandler: false);
        _http.Timeout = Timeout.InfiniteTimeSpan; // each attempt has its own limit
    }

    /// <summary>The name is checked as ever; only who may vouch for it is another.</summary>
    static SslClientAuthenticationOptions Trusting(X509Certificate2Collection? authorities)
    {
        if (authorities is null) return new();
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return new() { CertificateChainPolicy = policy };
    }

    public PpecClientOptions Options => _options;

    public void Dispose() => _http.Dispose();

    public Task<Reply> ReadAsync(PathText path, CancellationToken cancellation) =>
        SendAsync(() => Request(HttpMethod.Get, path, null), null, bounded: true, cancellation);

    /// <exception cref="PlannedException">Only a plan was wanted.</exception>
    /// <exception cref="AwaitingApprovalException">A second person is to agree first.</exception>
    public async Task<Reply> ChangeAsync(PathText path, Payload payload, MutationOptions? options, CancellationToken cancellation)
    {
        if (options is { PlanOnly: true }) throw new PlannedException((await AskAsync(path.Query("plan", "true"), payload, cancellation, options)).As(PpecJson.Api.Plan));
        options = (options ?? new()) with { IdempotencyKey = options?.IdempotencyKey ?? Guid.CreateVersion7().ToString() };
        var reply = await SendAsync(() => Request(payload.Method, path, options, payload.Content()), options.IdempotencyKey, payload.Bounded, cancellation);
        return reply.OpenedChange is null ? reply : throw new AwaitingApprovalException(reply.As(PpecJson.Api.ChangeView));
    }

    /// <summary>Asks without effect, though by POST: a plan. However it ends, nothing is unknown.</summary>
    public Task<Reply> AskAsync(PathText path, Payload payload, CancellationToken cancellation, MutationOptions? options = null)
    {
        options = (options ?? new()) with { IdempotencyKey = options?.IdempotencyKey ?? Guid.CreateVersion7().ToString() };
        return SendAsync(() => Request(payload.Method, path, options, payload.Content()), null, payload.Bounded, cancellation);
    }

    /// <summary>One attempt at an endless answer. The caller reads it, disposes it, and resumes.</summary>
    public Task<HttpResponseMessage> OpenFeedAsync(PathText path, CancellationToken cancellation) => OpenAsync(path, "text/event-stream", cancellation);

    /// <summary>One attempt at an answer that is read as it comes. The caller disposes it.</summary>
    public async Task<HttpResponseMessage> OpenAsync(PathText path, string type, CancellationToken cancellation)
    {
        using var request = Request(HttpMethod.Get, path, null);
        request.Headers.Accept.Clear();
        request.Headers.Accept.Add(new(type));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode) return response;
        using (response) throw (await Reply.ReadAsync(response, _options.Time, cancellation)).Problem();
    }

    public ServerUnreachableException Unreachable(Exception? why) => new(_root, $"{_root} cannot be reached: {why?.Message ?? "no answer"}", why);

    /// <summary>The pause before attempt <paramref name="attempt"/> + 1: exponential, with jitter so that clients cut off together do not return together.</summary>
    public Task PauseAsync(int attempt, TimeSpan? atLeast, CancellationToken cancellation)
    {
        var step = Math.Min(_options.RetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 16) - 1), s_longestPause.TotalMilliseconds);
        var pause = TimeSpan.FromMilliseconds(step * (0.5 + Random.Shared.NextDouble() / 2));
        return Task.Delay(atLeast > pause ? atLeast.Value : pause, _options.Time, cancellation);
    }

    async Task<Reply> SendAsync(Func<HttpRequestMessage> build, string? key, bool bounded, CancellationToken cancellation)
    {
        var mayHaveArrived = false;
        for (var attempt = 1; ; attempt++)
        {
            var (reply, failure) = await AttemptAsync(build, bounded, cancellation);
            if (reply is { Succeeded: true }) return reply;

            var problem = reply?.Problem();
            if (problem is not null && !IsPassing(problem)) throw problem; // with the same key, a refusal is an answer to every attempt before it
            mayHaveArrived |= problem is null ? MayHaveArrived(failure!) : problem.Code == ProblemCodes.OutcomeUnknown || problem.Status is 502 or 504;

            var again = attempt < _options.MaxAttempts && failure is not HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
                && !(problem?.RetryAfter > _options.MaxRetryAfter);
            if (!again)
            {
                if (key is not null && mayHaveArrived)
                    throw new OutcomeUnknownException(key, $"Whether this was done is unknown: {problem?.Message ?? failure!.Message}", problem ?? failure);
                throw problem ?? (Exception)Unreachable(failure);
            }
            await PauseAsync(attempt, problem?.RetryAfter, cancellation);
        }
    }

    async Task<(Reply?, Exception?)> AttemptAsync(Func<HttpRequestMessage> build, bool bounded, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = bounded ? new CancellationTokenSource(_options.AttemptTimeout, _options.Time) : null;
        using var link = timer?.Token.Register(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            using var request = build();
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return (await Reply.ReadAsync(response, _options.Time, limit.Token), null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (null, e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            return (null, new TimeoutException($"no answer within {_options.AttemptTimeout.TotalSeconds:0} s", e));
        }
    }

    HttpRequestMessage Request(HttpMethod method, PathText path, MutationOptions? options, HttpContent? content = null)
    {
        var request = new HttpRequestMessage(method, new Uri(_root, path.ToString())) { Content = content };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("ppec-sdk", typeof(Transport).Assembly.GetName().Version?.ToString(3)));
        request.Headers.Accept.Add(new("application/json"));
        if (_options.Credential is { } credential) request.Headers.Authorization = new("Bearer", credential);
        if (options is null) return request;
        Header("Idempotency-Key", options.IdempotencyKey);
        Header("If-Match", options.IfMatch is { } version ? string.Create(CultureInfo.InvariantCulture, $"\"{version}\"") : null);
        Header("Ppec-Plan", options.PlanHash);
        Header("Ppec-Reason", options.Reason is null ? null : Uri.EscapeDataString(options.Reason));
        Header("Ppec-Ticket", options.Ticket);
        Header("Ppec-Break-Glass", options.BreakGlass ? "true" : null);
        return request;

        void Header(string name, string? value)
        {
            if (value is null) return;
            if (value.Length is 0 or > 4000 || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                throw new ArgumentException($"{name} must be printable ASCII, and not empty.", nameof(options));
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>Problems that may be gone at the next attempt.</summary>
    internal static bool IsPassing(PpecException problem) => problem.Status is 429 or 502 or 503 or 504;

    static bool MayHaveArrived(Exception failure) => failure is not HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };
}
