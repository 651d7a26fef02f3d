using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>What the nodes of one test cluster share.</summary>
sealed class TestCluster
{
    public ServerLog Log { get; init; } = new();
    public Faults Faults { get; } = new();
    public List<TestServer> Nodes { get; } = [];
    public TestServer? Leader { get; set; }

    /// <summary>The first node started leads, until <see cref="Leader"/> is set.</summary>
    public Task<TestServer> Start(X509Certificate2? certificate = null, string? credentials = null) => TestServer.Start(this, certificate, credentials);
}

/// <summary>
/// Speaks EventStoreDB's protocol v1 on 127.0.0.1 as 23.10 does, over a log in memory: h2c, or TLS with a certificate. Not a database: what it is true to are the answers.
/// </summary>
sealed class TestServer : IAsyncDisposable
{
    readonly X509Certificate2? _certificate;
    readonly string? _credentials;
    WebApplication? _app;

    TestServer(TestCluster cluster, X509Certificate2? certificate, string? credentials) => (Cluster, _certificate, _credentials) = (cluster, certificate, credentials);

    public TestCluster Cluster { get; }
    public int Port { get; private set; }
    public bool IsRunning => _app is not null;
    public string Address => $"esdb://127.0.0.1:{Port}?tls={(_certificate is null ? "false" : "true")}";

    public static async Task<TestServer> Start(TestCluster cluster, X509Certificate2? certificate, string? credentials)
    {
        var server = new TestServer(cluster, certificate, credentials);
        await server.Start();
        cluster.Nodes.Add(server);
        cluster.Leader ??= server;
        return server;
    }

    public async Task Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (_certificate is not null) listen.UseHttps(_certificate);
        }));
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = 16 << 20);
        builder.Services.AddSingleton(this);
        var app = builder.Build();
        app.Use(Authenticate);
        app.UseRouting();
        app.MapGrpcService<StreamsService>();
        app.MapGrpcService<GossipService>();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Port = new Uri(address).Port;
        _app = app;
    }

    /// <summary>At once: connections are cut, nothing is finished.</summary>
    public async Task Stop()
    {
        if (Interlocked.Exchange(ref _app, null) is not { } app) return;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        try { await app.StopAsync(now.Token); }
        catch (OperationCanceledException) { }
        await app.DisposeAsync();
    }

    public async Task Restart()
    {
        await Stop();
        await Start();
    }

    // A wrong password is answered by HTTP, before gRPC.
    Task Authenticate(HttpContext context, RequestDelegate next)
    {
        if (_credentials is null || context.Request.Headers.Authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(_credentials))) return next(context);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    /// <summary>A node that does not lead says who does, when the caller wants the leader.</summary>
    public void EnsureLeads(ServerCallContext context)
    {
        if (Cluster.Leader == this || context.RequestHeaders.GetValue("requires-leader") != "true") return;
        if (Cluster.Faults.HidesLeader) throw new RpcException(new(StatusCode.Unknown, "No leader info available in response"));
        throw new RpcException(new(StatusCode.NotFound, "Leader info available"), new Metadata
        {
            { "exception", "not-leader" }, { "leader-endpoint-host", "127.0.0.1" }, { "leader-endpoint-port", $"{Cluster.Leader!.Port}" },
        });
    }

    public async ValueTask DisposeAsync() => await Stop();
}
