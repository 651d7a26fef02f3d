using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ppec.Cli.Tests;

/// <summary>One request as it arrived.</summary>
sealed record Seen(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A server of canned answers on 127.0.0.1: it knows no rules, it only remembers what it was asked.</summary>
sealed class StubServer : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _routes = new(StringComparer.Ordinal);
    WebApplication? _app;

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");
    public ConcurrentQueue<Seen> Requests { get; } = new();

    public static async Task<StubServer> StartAsync()
    {
        var server = new StubServer();
        await server.ListenAsync();
        return server;
    }

    /// <summary>Again at the same address.</summary>
    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, Address.Port, listen => listen.Protocols = HttpProtocols.Http1));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        Address = new(_app.Urls.Single());
    }

    public async Task StopAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        _app = null;
    }

    public ValueTask DisposeAsync() => new(StopAsync());

    public StubServer On(string route, Func<HttpContext, Task> answer)
    {
        _routes[route] = answer;
        return this;
    }

    public StubServer On(string route, string json, int status = 200, params (string Name, string Value)[] headers) => On(route, Json(json, status, headers));

    /// <summary>One answer after the other; the last one stays.</summary>
    public StubServer InTurn(string route, params Func<HttpContext, Task>[] answers)
    {
        var turn = -1;
        return On(route, context => answers[Math.Min(Interlocked.Increment(ref turn), answers.Length - 1)](context));
    }

    public static Func<HttpContext, Task> Json(string json, int status = 200, params (string Name, string Value)[] headers) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status >= 400 ? "application/problem+json" : "application/json";
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
        return context.Response.WriteAsync(json);
    };

    public static Func<HttpContext, Task> Problem(int status, string code, string detail = "No.", string errors = "[]", params (string, string)[] headers) =>
        Json($$"""{"type":"https://ppec.dev/problems/{{code}}","title":"Refused","status":{{status}},"detail":"{{detail}}","code":"{{code}}","errors":{{errors}}}""", status, headers);

    /// <summary>Took the request and broke the connection: did it happen?</summary>
    public static Task LoseAnswer(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    public IEnumerable<Seen> Of(string route) => Requests.Where(seen => $"{seen.Method} {seen.Path}" == route);

    async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        Requests.Enqueue(new(context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body));
        var route = $"{context.Request.Method} {context.Request.Path}";
        await (_routes.TryGetValue(route, out var answer) ? answer : Problem(404, "not-found", $"No {context.Request.Path} here."))(context);
    }
}
