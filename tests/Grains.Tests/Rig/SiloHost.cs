using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Images;
using Ppec.Drivers.Notices;
using Ppec.Grains.Access;
using Ppec.Grains.Gate;
using Ppec.Grains.Operations;
using Ppec.Grains.Watching;
using Ppec.Grains.Webhooks;
using Ppec.Projections;
using Ppec.Stores.Codec;

namespace Ppec.Grains.Tests.Rig;

/// <summary>One silo in this process, composed as <c>src/Silo/Node.cs</c> composes it, on the world's log, time, BMCs and secrets.</summary>
public sealed class SiloHost : IAsyncDisposable
{
    readonly IHost _host;
    readonly SiloStore _store;
    readonly ReadModel _model;

    SiloHost(IHost host, SiloStore store, ReadModel model, int siloPort, int gatewayPort) =>
        (_host, _store, _model, SiloPort, GatewayPort) = (host, store, model, siloPort, gatewayPort);

    public int SiloPort { get; }
    public int GatewayPort { get; }
    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();
    public IReadModel Model => _model;
    public InsideDoor Inside => _host.Services.GetRequiredService<InsideDoor>();
    public Activations Activations => _host.Services.GetRequiredService<Activations>();

    public static async Task<SiloHost> Start(World world, bool gateway)
    {
        var (siloPort, gatewayPort) = (FreePort(), gateway ? FreePort() : 0);
        var store = new SiloStore(world.Store);
        var model = ReadModel.Open(world.ReadModelFile, await store.End(default));
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.AddProvider(world.Logs).SetMinimumLevel(LogLevel.Information);
        builder.Services
            .AddSingleton(world.Time.ForSilo)
            .AddSingleton(world.Options)
            .AddSingleton<IEventStore>(store)
            .AddSingleton<ISecretStore>(world.Secrets)
            .AddSingleton<IEventCodec>(_ => EventNames.Codec())
            .AddSingleton<Log>()
            .AddSingleton(model).AddSingleton<IReadModel>(model)
            .AddSingleton<IImageStore>(world.Images)
            .AddSingleton<IBmcConnector>(world.Network)
            .AddSingleton(new WebhookAddresses(new([], Loopback: true, "webhook-networks")))
            .AddSingleton<INotifier>(s => new WebhookNotifier(s.GetRequiredService<WebhookAddresses>().Guard, world.Time))
            .AddSingleton(new Tickets(world.TicketKey, world.Time))
            .AddSingleton(s => ActivatorUtilities.CreateInstance<MachinePower>(s, world.Time)).AddSingleton<MachineSteps>()
            .AddPpecGate().AddSingleton<Lookout>()
            .AddSingleton<IAttempts>(world.Attempts).AddSingleton<ISnapshotStore, Snapshots.ScriptedSnapshots>()
            .AddSingleton<InsideDoor>().AddSingleton<Activations>()
            .AddSingleton<IIncomingGrainCallFilter>(s => s.GetRequiredService<Activations>())
            .AddHostedService<Feed>();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort: siloPort, gatewayPort: gatewayPort, primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, siloPort));
            silo.Configure<EndpointOptions>(o => o.GatewayPort = gatewayPort);
            silo.AddIncomingGrainCallFilter<GateFilter>();
            silo.AddGrainService<Waker>();
            silo.AddGrainService<Watcher>();
            silo.AddGrainService<Inside>();
        });
        var host = builder.Build();
        await host.StartAsync();
        return new(host, store, model, siloPort, gatewayPort);
    }

    /// <summary>As kill -9: from now on nothing of it reaches the log, and nothing is finished.</summary>
    public async Task Kill()
    {
        _store.Cut();
        await _host.StopAsync(new CancellationToken(canceled: true));
        await Free();
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _host.StopAsync(patience.Token);
        await Free();
    }

    async Task Free()
    {
        if (_host is IAsyncDisposable host) await host.DisposeAsync();
        else _host.Dispose();
        _model.Dispose();
    }

    static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
