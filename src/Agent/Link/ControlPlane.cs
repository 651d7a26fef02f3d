using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Link;

/// <summary>PPEC over HTTP, with a session's credential.</summary>
public sealed class ControlPlane : IControlPlane, IDisposable
{
    static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);
    readonly HttpClient _http;

    ControlPlane(HttpClient http) => _http = http;

    /// <summary>Buys a session for the boot token: tried until answered, for the token may be spent only once and PPEC may be restarting.</summary>
    /// <exception cref="SessionEndedException">The token is refused.</exception>
    public static async Task<(ControlPlane Link, SessionGranted Granted)> Open(Uri url, SessionRequest request, TimeProvider clock, Action<string> say, CancellationToken stop)
    {
        // No proxy: the kernel command line is the only configuration. No pooled connection outlives a minute: PPEC may have moved.
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(1), ConnectTimeout = TimeSpan.FromSeconds(10) };
        var http = new HttpClient(handler) { BaseAddress = new Uri(url.AbsoluteUri.TrimEnd('/') + "/agent/v1/"), Timeout = Timeout.InfiniteTimeSpan };
        var link = new ControlPlane(http);
        var backoff = new Backoff(clock);
        while (true)
        {
            var (heard, granted, why) = await link.Ask(request, stop);
            if (heard == Heard.Yes && granted is not null)
            {
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", granted.Credential);
                return (link, granted);
            }

            if (heard == Heard.SessionEnded) { link.Dispose(); throw new SessionEndedException("the boot token was refused"); }
            say($"no session yet: {why}");
            await backoff.Wait(stop);
        }
    }

    async Task<(Heard, SessionGranted?, string Why)> Ask(SessionRequest request, CancellationToken stop)
    {
        try
        {
            using var limit = Limit(AnswerWithin, stop);
            using var response = await _http.PostAsync("session", Body(request, AgentJson.Default.SessionRequest), limit.Token);
            if (!response.IsSuccessStatusCode) return (Meaning(response.StatusCode), null, $"status {(int)response.StatusCode}");
            var granted = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(limit.Token), AgentJson.Default.SessionGranted);
            return (Heard.Yes, granted, "an empty answer");
        }
        catch (Exception e) when (Retryable(e, stop)) { return (Heard.No, null, e.Message); }
    }

    public async Task<Fetched> Fetch(TimeSpan wait, CancellationToken stop)
    {
        try
        {
            using var limit = Limit(wait + AnswerWithin, stop);
            using var response = await _http.GetAsync($"task?wait={(int)wait.TotalSeconds}", limit.Token);
            if (response.StatusCode == HttpStatusCode.NoContent) return new(Heard.Yes);
            if (response.StatusCode != HttpStatusCode.OK) return new(Meaning(response.StatusCode));
            return Read(await response.Content.ReadAsByteArrayAsync(limit.Token));
        }
        catch (Exception e) when (Retryable(e, stop)) { return new(Heard.No); }
    }

    public Task<Heard> Progress(string task, TaskProgress progress, CancellationToken stop) =>
        Tell($"tasks/{Uri.EscapeDataString(task)}/progress", () => Body(progress, AgentJson.Default.TaskProgress), stop);

    public Task<Heard> Result(string task, TaskResult result, CancellationToken stop) =>
        Tell($"tasks/{Uri.EscapeDataString(task)}/result", () => Body(result, AgentJson.Default.TaskResult), stop);

    public async Task<Stream> Image(string sha256, long offset, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"images/{Uri.EscapeDataString(sha256)}");
            if (offset > 0) request.Headers.Range = new RangeHeaderValue(offset, null);
            using var limit = Limit(AnswerWithin, stop);
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (Meaning(response.StatusCode) == Heard.SessionEnded) throw new SessionEndedException("the session ended while fetching the image");
            response.EnsureSuccessStatusCode();
            var stream = await response.Content.ReadAsStreamAsync(stop);
            if (response.StatusCode != HttpStatusCode.PartialContent) await Skip(stream, offset, stop); // a server that ignores Range sends it all again
            return stream;
        }
        catch (Exception e) when (e is not SessionEndedException && Retryable(e, stop)) { throw new IOException(e.Message, e); }
    }

    static async Task Skip(Stream stream, long bytes, CancellationToken stop)
    {
        var scrap = new byte[64 * 1024];
        while (bytes > 0)
        {
            var n = await stream.ReadAsync(scrap.AsMemory(0, (int)Math.Min(scrap.Length, bytes)), stop);
            if (n == 0) throw new IOException("the image ended before the place to resume at");
            bytes -= n;
        }
    }

    async Task<Heard> Tell(string path, Func<HttpContent> body, CancellationToken stop)
    {
        try
        {
            using var limit = Limit(AnswerWithin, stop);
            using var response = await _http.PostAsync(path, body(), limit.Token);
            if (!response.IsSuccessStatusCode && Meaning(response.StatusCode) == Heard.No) Console.WriteLine($"ppec-agent: {path} answered {(int)response.StatusCode}: {await Excerpt(response, limit.Token)}");
            return Meaning(response.StatusCode);
        }
        catch (Exception e) when (Retryable(e, stop)) { return Heard.No; }
    }

    static async Task<string> Excerpt(HttpResponseMessage response, CancellationToken stop)
    {
        var text = await response.Content.ReadAsStringAsync(stop);
        return text.Length > 400 ? text[..400] : text;
    }

    static Fetched Read(byte[] json)
    {
        try
        {
            var task = JsonSerializer.Deserialize(json, AgentJson.Default.AgentTask);
            return task is { Id: not null, Work: not null } ? new(Heard.Yes, task) : new(Heard.No);
        }
        catch (JsonException e) { return Unreadable(json, e.Message); }
        catch (NotSupportedException e) { return Unreadable(json, e.Message); }
    }

    static Fetched Unreadable(byte[] json, string why)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty("id", out var id) && id.GetString() is { Length: > 0 } name ? new(Heard.Yes, null, new UnreadableTask(name, why)) : new(Heard.No);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { return new(Heard.No); }
    }

    static Heard Meaning(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => Heard.Yes,
        401 or 403       => Heard.SessionEnded,
        409              => Heard.Refused,
        _                => Heard.No,
    };

    static ByteArrayContent Body<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    static CancellationTokenSource Limit(TimeSpan time, CancellationToken stop)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        source.CancelAfter(time);
        return source;
    }

    static bool Retryable(Exception e, CancellationToken stop) => e is HttpRequestException or IOException or JsonException || (e is OperationCanceledException && !stop.IsCancellationRequested);

    public void Dispose() => _http.Dispose();
}
