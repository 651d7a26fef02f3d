using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;
using Ppec.Api;
using Ppec.Api.Boot;
using Ppec.Api.Images;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Images;
using Ppec.Drivers.Redfish;
using Ppec.Grains;
using Ppec.Grains.Access;
using Ppec.Grains.Gate;
using Ppec.Grains.Operations;
using Ppec.Projections;
using Ppec.Stores;
using Ppec.Stores.Codec;
using Ppec.Stores.Secrets;
using Ppec.Stores.Sqlite;

namespace Ppec.Silo;

/// <summary>The composition root of an embedded node: silo, API and read model in one process on one data directory.</summary>
public sealed class Node : IAsyncDisposable
{
    static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);

    readonly WebApplication _app;
    readonly List<IAsyncDisposable> _owned;

    Node(WebApplication app, List<IAsyncDisposable> owned) => (_app, _owned) = (app, owned);

    public IServiceProvider Services => _app.Services;

    /// <summary>Where it serves, once started.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Starts everything and returns when it can serve: the read model has folded what the log held.</summary>
    public static async Task<Node> Start(NodeOptions options, CancellationToken cancellation)
    {
        var data = DataDirectory.Lock(options.Data);
        var store = SqliteEventStore.Open(data);
        var secrets = SqliteSecretStore.Open(data);
        var log = new Log(store, EventNames.Codec());
        await Bootstrap.Administrator(log, data, TimeProvider.System.GetUtcNow());
        var end = await store.End(cancellation);
        var model = ReadModel.Open(data.File("read.db"), end);
        var images = new FileImageStore(data.File("images"));

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = options.Data });
        builder.WebHost.UseUrls(options.Urls).ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = PpecApi.LargestBody;
        });
        builder.Logging.ClearProviders()
            .AddSimpleConsole(o => { o.SingleLine = true; o.TimestampFormat = "HH:mm:ss.fff "; o.UseUtcTimestamp = true; })
            .AddFilter(null, LogLevel.Warning).AddFilter("Ppec", LogLevel.Information).AddFilter("Ppec.Grains.Operations.Waker", LogLevel.Warning).AddFilter("Orleans.Runtime.Silo", LogLevel.Error).AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // why it could not start is said once, as a sentence
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopWithin);

        builder.Services
            .AddSingleton(TimeProvider.System)
            .AddSingleton(options.Ppec)
            .AddSingleton<IEventStore>(store)
            .AddSingleton<ISecretStore>(secrets)
            .AddSingleton<IEventCodec>(_ => EventNames.Codec())
            .AddSingleton<Log>()
            .AddSingleton(model).AddSingleton<IReadModel>(model)
            .AddSingleton<IHistory, History>()
            .AddSingleton<IReadiness>(new Readiness(model, end))
            .AddSingleton<IImageStore>(images)
            .AddSingleton<IImageContent>(new ImageContent(images))
            .AddSingleton<IBmcConnector>(new RedfishConnector())
            .AddSingleton(new Tickets(await Bootstrap.TicketsKey(secrets), TimeProvider.System))
            .AddSingleton<MachinePower>().AddSingleton<MachineSteps>()
            .AddSingleton<Credentials>().AddSingleton<Preparation>()
            .AddPpecApi()
            .AddHostedService<Feed>();
        builder.UseOrleans(Embedded);

        var app = builder.Build();
        app.MapPpecApi(new PiousFiles(options.Pious));
        var node = new Node(app, [Dispose(model), Dispose(secrets), store, Dispose(data)]);
        await app.StartAsync(cancellation);
        await model.WaitFor(end, TimeSpan.FromMinutes(10), cancellation);
        return node;
    }

    public Task Stopped() => _app.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        foreach (var owned in _owned) await owned.DisposeAsync();
    }

    /// <summary>One silo on the loopback, with no gateway: nobody outside this process can connect to it.</summary>
    static void Embedded(ISiloBuilder silo)
    {
        var port = FreePort();
        silo.UseLocalhostClustering(siloPort: port, gatewayPort: 0, primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, port));
        silo.Configure<EndpointOptions>(o => o.GatewayPort = 0);
        silo.AddIncomingGrainCallFilter<GateFilter>();
        silo.AddGrainService<Waker>();
    }

    static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    static IAsyncDisposable Dispose(IDisposable owned) => new Later(owned);

    sealed class Later(IDisposable owned) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            owned.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    sealed class Readiness(IReadModel model, LogPosition end) : IReadiness
    {
        public string? NotReady => model.Position >= end ? null : $"The read model is at {model.Position} of {end}.";
    }

    sealed class ImageContent(FileImageStore images) : IImageContent
    {
        public async Task<bool> Has(string sha256, CancellationToken cancellation)
        {
            await using var found = images.Open(sha256);
            return found is not null && await images.Verify(sha256, found.Length, cancellation);
        }

        public Task<string?> Put(string sha256, Stream content, CancellationToken cancellation) => images.Put(sha256, content, cancellation);

        public Stream? Open(string sha256) => images.Open(sha256);
    }
}
