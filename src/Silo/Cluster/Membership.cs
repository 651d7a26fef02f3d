using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;
using Ppec.Grains.Feeds;
using Ppec.Grains.Gate;
using Ppec.Grains.Operations;
using Ppec.Grains.Snapshots;
using Ppec.Grains.Watching;
using Ppec.Stores.Postgres;

namespace Ppec.Silo.Cluster;

/// <summary>How Orleans is set up: one silo alone, one of several on PostgreSQL, or a client of theirs.</summary>
static class Membership
{
    const string Invariant = "Npgsql";

    /// <summary>One silo on the loopback, with no gateway: nobody outside this process can connect to it.</summary>
    public static void Alone(ISiloBuilder silo)
    {
        var port = FreePort();
        silo.UseLocalhostClustering(siloPort: port, gatewayPort: 0, primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, port));
        silo.Configure<EndpointOptions>(o => o.GatewayPort = 0);
        Grains(silo);
    }

    public static void Joined(ISiloBuilder silo, ClusterOptions options, MutualTls? tls)
    {
        silo.Configure<Orleans.Configuration.ClusterOptions>(o => Name(o, options));
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = options.Silo.Address;
            o.SiloPort = options.Silo.Port;
            o.GatewayPort = options.GatewayPort;
        });
        silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Invariant, PostgresSchema.OrleansConnection(options.Database)));
        silo.UseAdoNetReminderService(o => (o.Invariant, o.ConnectionString) = (Invariant, PostgresSchema.OrleansConnection(options.Database)));
        silo.AddAdoNetGrainStorage(GrainStorageSnapshots.Provider, o => (o.Invariant, o.ConnectionString) = (Invariant, PostgresSchema.OrleansConnection(options.Database)));
        silo.Configure<ClusterMembershipOptions>(FailureDetection);
        if (tls is not null)
            silo.Configure<SiloConnectionOptions>(o =>
            {
                o.ConfigureSiloInboundConnection(tls.Accept);
                o.ConfigureSiloOutboundConnection(tls.Connect);
                o.ConfigureGatewayInboundConnection(tls.Accept);
            });
        Grains(silo);
    }

    public static void Outside(IClientBuilder client, ClusterOptions options, MutualTls? tls)
    {
        client.Configure<Orleans.Configuration.ClusterOptions>(o => Name(o, options));
        client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Invariant, PostgresSchema.OrleansConnection(options.Database)));
        client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
        client.UseConnectionRetryFilter(async (_, cancellation) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellation); // silos may start after it
            return true;
        });
        if (tls is not null) client.Configure<ClientConnectionOptions>(o => o.ConfigureConnection(tls.Connect));
    }

    /// <summary>
    /// Orleans' defaults need 10 s to notice a killed silo and 65 s a frozen one. With these it was measured at 2 to 3 s and 5 to 9 s (a silo short of CPU doubts itself before others);
    /// a pause of less than three seconds is forgiven.
    /// </summary>
    static void FailureDetection(ClusterMembershipOptions o)
    {
        o.ProbeTimeout = TimeSpan.FromSeconds(1);
        o.MaxProbeTimeout = TimeSpan.FromSeconds(1);
        o.NumMissedProbesLimit = 3;
        o.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5); // a silo that vanished while it was alone holds up others' start for three of these
        o.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1);
        o.DefunctSiloExpiration = TimeSpan.FromDays(1);
    }

    static void Grains(ISiloBuilder silo)
    {
        silo.AddIncomingGrainCallFilter<GateFilter>();
        silo.AddGrainService<Waker>();
        silo.AddGrainService<Watcher>();
        silo.AddGrainService<Herald>();
    }

    static void Name(Orleans.Configuration.ClusterOptions o, ClusterOptions options) => (o.ClusterId, o.ServiceId) = (options.Name, options.Name);

    static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
