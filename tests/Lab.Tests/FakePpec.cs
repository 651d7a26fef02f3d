using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;
using Ppec.Lab.Bmcs;
using Ppec.Lab.Sim;

namespace Ppec.Lab.Tests;

/// <summary>As much of PPEC as a machine sees: the boot script, the agent protocol, one image.</summary>
public sealed class FakePpec : IAsyncDisposable
{
    public static readonly JsonSerializerOptions Json = SimJson.Default.Options;
    static int nextPort = 26000 + (Environment.ProcessId % 100 * 40);
    readonly ConcurrentDictionary<string, ConcurrentQueue<AgentTask>> tasks = [];
    readonly ConcurrentDictionary<string, string> sessions = [];
    BmcServer? server;

    public FakePpec() => Port = BmcServer.FreePorts(1, Interlocked.Add(ref nextPort, 8), new HashSet<int>())[0];

    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>Serials that PPEC wants in PIOUS; the others are told to boot from disk.</summary>
    public ConcurrentDictionary<string, bool> Pious { get; } = [];

    public byte[] Image { get; } = RandomNumberGenerator.GetBytes(300_000);

    public ImageRef ImageRef => new("debian@1", "raw", Convert.ToHexStringLower(SHA256.HashData(Image)), Image.Length, Convert.ToHexStringLower(SHA256.HashData(Image)), Image.Length, "bios");

    public ConcurrentQueue<string> Requests { get; } = [];

    public ConcurrentDictionary<string, TaskResult> Results { get; } = [];

    public ConcurrentQueue<Beacon> Beacons { get; } = [];

    /// <summary>So many requests of the agent surface are answered 503 first.</summary>
    public int Unwell;

    /// <summary>What the second stage says to a machine that is not wanted in PIOUS.</summary>
    public string DiskScript { get; set; } = "#!ipxe\nexit\n";

    public async Task Start() => server = await BmcServer.Start([new BmcListener(Port, Serve)], CancellationToken.None);

    public void Give(string serial, string id, AgentWork work) =>
        tasks.GetOrAdd(serial, _ => []).Enqueue(new AgentTask(id, 1, DateTimeOffset.UnixEpoch, work));

    public async Task Stop()
    {
        if (server is not null) await server.DisposeAsync();
        server = null;
    }

    public async ValueTask DisposeAsync() => await Stop();

    async Task Serve(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        Requests.Enqueue($"{http.Request.Method} {path}{http.Request.QueryString}");
        if (path.StartsWith("/agent", StringComparison.Ordinal) && Interlocked.Decrement(ref Unwell) >= 0)
        {
            http.Response.StatusCode = 503;
            return;
        }

        await (path switch
        {
            "/boot/ipxe" => http.Response.WriteAsync($"#!ipxe\nchain http://{http.Request.Host}/boot/ipxe/${{net0/mac}}?uuid=${{uuid}}&serial=${{serial}} || exit\n"),
            "/agent/v1/session" => Session(http),
            "/agent/v1/task" => NextTask(http),
            "/agent/v1/beacon" => Beacon(http),
            _ when path.StartsWith("/boot/ipxe/", StringComparison.Ordinal) => Script(http),
            _ when path.EndsWith("/progress", StringComparison.Ordinal) => NoContent(http),
            _ when path.EndsWith("/result", StringComparison.Ordinal) => Result(http, path.Split('/')[^2]),
            _ when path.StartsWith("/agent/v1/images/", StringComparison.Ordinal) => http.Response.Body.WriteAsync(Image).AsTask(),
            _ => NotFound(http),
        });
    }

    Task Script(HttpContext http)
    {
        var serial = http.Request.Query["serial"].ToString();
        return http.Response.WriteAsync(Pious.ContainsKey(serial)
            ? $"#!ipxe\nkernel /boot/vmlinuz console=ttyS0 ppec.url={Url} ppec.token=boot-{serial} ppec.time=1700000000\ninitrd /boot/initramfs\nboot\n"
            : DiskScript);
    }

    async Task Session(HttpContext http)
    {
        var request = (await http.Request.ReadFromJsonAsync<SessionRequest>(Json))!;
        if (request.Token != $"boot-{request.Evidence.Serial}")
        {
            http.Response.StatusCode = 401;
            return;
        }

        sessions[$"cred-{request.Evidence.Serial}"] = request.Evidence.Serial;
        await http.Response.WriteAsJsonAsync(new SessionGranted($"cred-{request.Evidence.Serial}", "m", "op", DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue), Json);
    }

    async Task NextTask(HttpContext http)
    {
        var credential = http.Request.Headers.Authorization.ToString()["Bearer ".Length..];
        if (!sessions.TryGetValue(credential, out var serial)) http.Response.StatusCode = 401;
        else if (tasks.TryGetValue(serial, out var queue) && queue.TryDequeue(out var task)) await http.Response.WriteAsJsonAsync(task, Json);
        else
        {
            await Task.Delay(50);
            http.Response.StatusCode = 204;
        }
    }

    async Task Result(HttpContext http, string id)
    {
        Results[id] = (await http.Request.ReadFromJsonAsync<TaskResult>(Json))!;
        http.Response.StatusCode = 204;
    }

    async Task Beacon(HttpContext http)
    {
        Beacons.Enqueue((await http.Request.ReadFromJsonAsync<Beacon>(Json))!);
        http.Response.StatusCode = 204;
    }

    static Task NoContent(HttpContext http)
    {
        http.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    static Task NotFound(HttpContext http)
    {
        http.Response.StatusCode = 404;
        return Task.CompletedTask;
    }
}
