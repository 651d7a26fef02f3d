using Ppec.Api;
using Ppec.Api.Boot;
using Ppec.Api.Images;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Images;
using Ppec.Drivers.Net;
using Ppec.Drivers.Notices;
using Ppec.Drivers.Oidc;
using Ppec.Drivers.Redfish;
using Ppec.Grains;
using Ppec.Grains.Access;
using Ppec.Grains.Gate;
using Ppec.Grains.Operations;
using Ppec.Grains.Snapshots;
using Ppec.Grains.Watching;
using Ppec.Grains.Webhooks;
using Ppec.Projections;
using Ppec.Projections.Audit;
using Ppec.Silo.Cluster;
using Ppec.Silo.Https;
using Ppec.Stores;
using Ppec.Stores.Codec;

namespace Ppec.Silo;

/// <summary>The composition root. Embedded: silo, API and read model in one process on one data directory. In a cluster: the same, or a part of it by role.</summary>
public sealed class Node : IAsyncDisposable
{
    internal const string HeadsName = "heads.jsonl";
    static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);

    readonly WebApplication _app;
    readonly Storage _storage;

    Node(WebApplication app, Storage storage) => (_app, _storage) = (app, storage);

    public IServiceProvider Services => _app.Services;

    /// <summary>Where it serves, once started.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Starts everything and returns when it can serve: the read model has folded what the log held.</summary>
    public static async Task<Node> Start(NodeOptions options, CancellationToken cancellation)
    {
        var storage = await Storage.Open(options, cancellation);
        WebApplication? app = null;
        try
        {
            var (events, isSilo, isApi) = (storage.Events, options.Cluster?.IsSilo ?? true, options.Cluster?.IsApi ?? true);
            if (isSilo) await Bootstrap.Administrator(new(events, EventNames.Codec()), storage.Data, options.Time.GetUtcNow());
            var end = await events.End(cancellation);
            var model = storage.Own(ReadModel.Open(storage.Data.File("read.db"), end));

            var builder = Builder(options);
            if (ServerCertificate.For(options, storage.Data) is { } certificate) builder.WebHost.UseHttps(storage.Own(certificate));
            builder.Services
                .AddSingleton(options.Time)
                .AddSingleton(options.Ppec with { RemindOperations = options.Cluster is not null })
                .AddSingleton(events)
                .AddSingleton<IEventCodec>(_ => EventNames.Codec())
                .AddSingleton<Log>()
                .AddSingleton(model).AddSingleton<IReadModel>(model)
                .AddSingleton<IReadiness>(new Readiness(model, end))
                .AddHostedService<Feed>().AddHostedService<TextFollower>();
            Audit(builder.Services, storage.Data, options.Heads);
            if (isSilo) await Silo(builder.Services, storage, options);
            if (isApi) builder.Services
                .AddSingleton<IHistory, History>()
                .AddSingleton<IImageContent>(new ImageContent(storage.Images))
                .AddPpecApi(options.Limits);
            Orleans(builder, options.Cluster, storage);

            app = builder.Build();
            if (isApi) app.MapPpecApi(new PiousFiles(options.Pious), new IpxeFiles(options.Ipxe));
            else app.MapHealth();
            var node = new Node(app, storage);
            await app.StartAsync(cancellation);
            await model.WaitFor(end, TimeSpan.FromMinutes(10), cancellation);
            return node;
        }
        catch
        {
            // What was started already is stopped before the store that it reads.
            if (app is not null)
            {
                await app.StopAsync(CancellationToken.None);
                await app.DisposeAsync();
            }
            await storage.DisposeAsync();
            throw;
        }
    }

    public Task Stopped() => _app.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _storage.DisposeAsync();
    }

    static WebApplicationBuilder Builder(NodeOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = options.Data });
        builder.WebHost.UseUrls(options.Urls).ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = PpecApi.LargestBody;
        });
        builder.Logging.ClearProviders()
            .AddSimpleConsole(o => { o.SingleLine = true; o.TimestampFormat = "HH:mm:ss.fff "; o.UseUtcTimestamp = true; })
            .AddFilter(null, LogLevel.Warning).AddFilter("Ppec", LogLevel.Information).AddFilter("Ppec.Grains.Operations.Waker", LogLevel.Warning).AddFilter("Ppec.Grains.Watching.Watcher", LogLevel.Warning).AddFilter("Orleans.Runtime.Silo", LogLevel.Error).AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // why it could not start is said once, as a sentence
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopWithin);
        return builder;
    }

    /// <summary>What only grains need: nobody else sees a secret.</summary>
    static async Task Silo(IServiceCollection services, Storage storage, NodeOptions options)
    {
        var (time, ppec) = (options.Time, options.Ppec);
        var secrets = storage.Secrets!;
        var bmcs = new RedfishConnector(new() { Guard = ppec.BmcGuard });
        var webhooks = new AddressGuard(ppec.WebhookNetworks, ppec.AllowLoopback, "webhook-networks");
        services
            .AddSingleton(secrets)
            .AddSingleton<IImageStore>(storage.Images)
            .AddSingleton<IBmcConnector>(ppec.Observe ? new ObservingConnector(bmcs) : bmcs)
            .AddSingleton(new WebhookAddresses(webhooks)).AddSingleton<INotifier>(_ => new WebhookNotifier(webhooks, time))
            .AddSingleton(new Tickets(await Bootstrap.TicketsKey(secrets), time))
            .AddSingleton(await Bootstrap.HeadKey(secrets, storage.Data))
            .AddSingleton<MachinePower>().AddSingleton<MachineSteps>().AddSingleton<Lookout>()
            .AddPpecGate();
        if (options.Oidc is { } oidc) services.AddSingleton(new IdTokens(oidc, time));
        if (options.Mail is { } mail) services.AddSingleton(new MailNotifier(mail));
        if (storage.Snapshots is { } snapshots) services.AddSingleton(snapshots);
        else services.AddSingleton<ISnapshotStore, GrainStorageSnapshots>();
    }

    /// <summary>What shows that the log is the one that was written, who wrote it, and who tried.</summary>
    static void Audit(IServiceCollection services, DataDirectory data, HeadOptions heads)
    {
        services
            .AddSingleton(heads)
            .AddSingleton(new HeadFile(heads.File ?? data.File(HeadsName)))
            .AddSingleton(s => ActivatorUtilities.CreateInstance<TreeKeeper>(s, data.File("tree")))
            .AddSingleton<ILogTree>(s => s.GetRequiredService<TreeKeeper>())
            .AddHostedService(s => s.GetRequiredService<TreeKeeper>())
            .AddHostedService<Anchors>()
            .AddSingleton(s => ActivatorUtilities.CreateInstance<TrailFollower>(s, data.File("audit.db"))).AddHostedService(s => s.GetRequiredService<TrailFollower>())
            .AddSingleton(s => ActivatorUtilities.CreateInstance<AttemptLog>(s, data.File("attempts"), new RingSize())).AddHostedService(s => s.GetRequiredService<AttemptLog>())
            .AddSingleton<IAttempts>(s => s.GetRequiredService<AttemptLog>())
            .AddSingleton<IAuditTrail, AuditTrail>().AddSingleton<IDiskRecords, DiskRecords>();
    }

    static void Orleans(WebApplicationBuilder builder, ClusterOptions? cluster, Storage storage)
    {
        var tls = cluster?.Tls is { } files ? storage.Own(new MutualTls(files.Certificate, files.Key, files.Authority)) : null;
        if (cluster is null) builder.UseOrleans(Membership.Alone);
        else if (cluster.IsSilo) builder.UseOrleans(silo => Membership.Joined(silo, cluster, tls));
        else builder.UseOrleansClient(client => Membership.Outside(client, cluster, tls));
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
