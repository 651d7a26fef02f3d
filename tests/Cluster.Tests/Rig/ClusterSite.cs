using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Ppec.EndToEnd.Running;
using Ppec.Stores.Conformance.Postgres;

namespace Ppec.Cluster.Tests.Rig;

/// <summary>A silo's process and what it is started with: killed, it comes back at the same address on the same directory.</summary>
sealed class Silo(string data, int port, int gateway, string[] options, IReadOnlyDictionary<string, string> environment) : IAsyncDisposable
{
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(60);

    public string Data => data;

    /// <summary>Where silos and where clients connect.</summary>
    public int[] Ports => [port, gateway];

    public Child? Process { get; private set; }

    public async Task<TimeSpan> Start()
    {
        var since = Stopwatch.GetTimestamp();
        Process = Child.Start(Programs.Node, ["--data", data, "--urls", "http://127.0.0.1:0", "--roles", "silo", "--silo", $"127.0.0.1:{port}", "--gateway-port", $"{gateway}", .. options], environment);
        await Process.Ready(StartWithin);
        return Stopwatch.GetElapsedTime(since);
    }

    /// <summary>kill -9.</summary>
    public async Task Kill()
    {
        await Process!.Kill();
        await Process.DisposeAsync();
    }

    /// <summary>SIGTERM: it hands over what it holds, and ends with 0.</summary>
    public async Task Stop()
    {
        var stopped = await Process!.Terminate(TimeSpan.FromSeconds(20));
        if (stopped is not (0, _)) throw new InvalidOperationException($"The silo did not stop in order within 20 s ({stopped}):\n{Process.Errors}");
        await Process.DisposeAsync();
    }

    /// <summary>The process stands still, and thinks afterwards that no time has passed.</summary>
    public Task Freeze() => Signal("-STOP");

    public Task Thaw() => Signal("-CONT");

    async Task Signal(string signal)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [signal, Process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Process is not null) await Process.DisposeAsync();
    }
}

/// <summary>Silos, an API node and PostgreSQL, each a process, with mutual TLS between them; and the lab and client of a <see cref="Site"/>.</summary>
sealed class ClusterSite : IAsyncDisposable
{
    readonly PostgresServer _server;
    readonly Site _site;
    readonly Dictionary<string, string> _environment;

    ClusterSite(PostgresServer server, Site site, string database, Dictionary<string, string> environment, Silo[] silos) =>
        (_server, _site, Database, _environment, Silos) = (server, site, database, environment, silos);

    public Silo[] Silos { get; }

    /// <summary>The API node, the lab, and the client that speaks to the API node.</summary>
    public Site Site => _site;

    public PostgresServer Server => _server;

    /// <summary>Connection string that nodes use.</summary>
    public string Database { get; }

    public static async Task<ClusterSite> Start(int silos)
    {
        var server = await PostgresServer.Start();
        var database = server.Connection(PostgresServer.Application, await server.Database());
        var environment = new Dictionary<string, string> { ["PPEC_EVENTS"] = database, ["PPEC_CLUSTER"] = database };
        Site? site = null;
        site = new Site(() => [.. Common(site!), "--roles", "api"]) { Environment = environment };
        var key = site.Under("secrets.key");
        await File.WriteAllBytesAsync(key, RandomNumberGenerator.GetBytes(32));
        File.SetUnixFileMode(key, UnixFileMode.UserRead);
        Certificates.Write(site.Under("tls"));
        var all = Enumerable.Range(1, silos).Select(n => new Silo(site.Under($"silo{n}"), Programs.FreePort(), Programs.FreePort(),
            [.. Common(site), .. site.NodeOptions, "--secrets-key", key, "--wake-every", "3"], environment)).ToArray();
        var cluster = new ClusterSite(server, site, database, environment, all);
        foreach (var silo in all) await silo.Start();
        Directory.CreateDirectory(site.Data);
        File.Copy(Path.Combine(all[0].Data, "admin-credential"), Path.Combine(site.Data, "admin-credential"));
        await site.StartNode();
        return cluster;
    }

    static string[] Common(Site site) =>
        ["--images", site.Under("images"), "--tls-certificate", Path.Combine(site.Under("tls"), "node.pem"), "--tls-key", Path.Combine(site.Under("tls"), "node.key"), "--tls-authority", Path.Combine(site.Under("tls"), "authority.pem")];

    /// <summary>What a process of another kind needs to join this cluster.</summary>
    public IReadOnlyDictionary<string, string> Environment => _environment;

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        foreach (var silo in Silos) await silo.DisposeAsync();
        await _server.DisposeAsync();
    }
}
