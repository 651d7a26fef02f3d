using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ppec.Agent.Link;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tests.Fakes;

/// <summary>The agent's side of PPEC, over real HTTP on 127.0.0.1. It can be stopped and started again on the same port, as a restart is.</summary>
public sealed class FakePpec : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, TaskCompletionSource<TaskResult>> _results = [];
    readonly TaskCompletionSource<Beacon> _beacon = new(TaskCreationOptions.RunContinuationsAsynchronously);
    WebApplication? _app;
    int _port;

    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>The port as a guest with user networking sees it.</summary>
    public string GuestUrl => $"http://10.0.2.2:{_port}";

    public ConcurrentQueue<AgentTask> Tasks { get; } = [];
    public ConcurrentQueue<(string Task, TaskProgress Progress)> Progress { get; } = [];
    public ConcurrentQueue<(string Task, TaskResult Result)> Results { get; } = [];
    public ConcurrentQueue<SessionRequest> Sessions { get; } = [];
    public ConcurrentDictionary<string, byte[]> Images { get; } = [];
    public ConcurrentQueue<string> Ranges { get; } = [];

    /// <summary>What a progress report is answered.</summary>
    public int ProgressStatus { get; set; } = 204;

    /// <summary>What everything of a session is answered, once it is set.</summary>
    public int? SessionStatus { get; set; }

    /// <summary>The connection is cut after so many bytes of an image; each cut is done once.</summary>
    public ConcurrentQueue<int> CutImageAfter { get; } = [];

    public async Task Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, _port));
        _app = builder.Build();
        _app.MapPost("/agent/v1/session", Session);
        _app.MapGet("/agent/v1/task", Task_);
        _app.MapPost("/agent/v1/tasks/{id}/progress", async (HttpContext http, string id) =>
        {
            if (Refused(http)) return;
            Progress.Enqueue((id, (await http.Request.ReadFromJsonAsync(AgentJson.Default.TaskProgress))!));
            http.Response.StatusCode = ProgressStatus;
        });
        _app.MapPost("/agent/v1/tasks/{id}/result", Result);
        _app.MapGet("/agent/v1/images/{sha256}", Image);
        _app.MapPost("/agent/v1/beacon", async http =>
        {
            _beacon.TrySetResult((await http.Request.ReadFromJsonAsync<Beacon>())!);
            http.Response.StatusCode = 204;
        });
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    public async Task Stop()
    {
        if (_app is not { } app) return;
        _app = null;
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    public void Give(string id, AgentWork work, long generation = 1, DateTimeOffset? deadline = null) =>
        Tasks.Enqueue(new AgentTask(id, generation, deadline ?? DateTimeOffset.UtcNow.AddHours(1), work));

    public Task<TaskResult> ResultOf(string id) => _results.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public Task<Beacon> Beacon => _beacon.Task;

    async Task Session(HttpContext http)
    {
        if (Refused(http)) return;
        Sessions.Enqueue((await http.Request.ReadFromJsonAsync(AgentJson.Default.SessionRequest))!);
        var now = DateTimeOffset.UtcNow;
        await http.Response.WriteAsJsonAsync(new SessionGranted("the-credential", "m-1", "op-1", now, now.AddHours(1)), AgentJson.Default.SessionGranted);
    }

    async Task Task_(HttpContext http)
    {
        if (Refused(http)) return;
        if (http.Request.Headers.Authorization != "Bearer the-credential") { http.Response.StatusCode = 401; return; }
        for (var i = 0; i < 20; i++)
        {
            if (Tasks.TryPeek(out var task)) { await http.Response.WriteAsJsonAsync(task, AgentJson.Default.AgentTask); return; }
            await Task.Delay(50, http.RequestAborted);
        }

        http.Response.StatusCode = 204;
    }

    async Task Result(HttpContext http, string id)
    {
        if (Refused(http)) return;
        var result = (await http.Request.ReadFromJsonAsync(AgentJson.Default.TaskResult))!;
        Results.Enqueue((id, result));
        if (Tasks.TryPeek(out var current) && current.Id == id) Tasks.TryDequeue(out _);
        http.Response.StatusCode = 204;
        _results.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(result);
    }

    async Task Image(HttpContext http, string sha256)
    {
        if (!Images.TryGetValue(sha256, out var bytes)) { http.Response.StatusCode = 404; return; }
        var range = http.Request.Headers.Range.ToString();
        Ranges.Enqueue(range);
        var from = range.Length == 0 ? 0 : int.Parse(range["bytes=".Length..^1]);
        http.Response.StatusCode = from > 0 ? 206 : 200;
        http.Response.ContentLength = bytes.Length - from;
        if (CutImageAfter.TryDequeue(out var cut))
        {
            await http.Response.Body.WriteAsync(bytes.AsMemory(from, Math.Min(cut, bytes.Length - from)));
            await http.Response.Body.FlushAsync();
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(bytes.AsMemory(from));
    }

    bool Refused(HttpContext http)
    {
        if (SessionStatus is not { } status) return false;
        http.Response.StatusCode = status;
        return true;
    }

    public async ValueTask DisposeAsync() => await Stop();
}
