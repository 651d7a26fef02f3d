using System.Net;

namespace Ppec.Silo.Cluster;

/// <summary>What a node of a cluster needs beyond an embedded one.</summary>
/// <param name="Database">Npgsql connection string of the PostgreSQL database with membership, reminders, snapshots and secrets.</param>
/// <param name="Name">Nodes of one name form one cluster.</param>
/// <param name="IsSilo">It runs grains.</param>
/// <param name="IsApi">It serves the API. Alone, it is a client of the silos' gateways.</param>
/// <param name="Silo">Where other silos reach this one.</param>
/// <param name="GatewayPort">Where API nodes and grain clients reach it, at the same address; 0 = closed.</param>
/// <param name="SecretsKey">File of the key that wraps all secrets: the same on every silo.</param>
/// <param name="Tls">Certificate, key and authority; null only on the loopback.</param>
public sealed record ClusterOptions(string Database, string Name, bool IsSilo, bool IsApi, IPEndPoint Silo, int GatewayPort, string? SecretsKey, TlsFiles? Tls)
{
    public override string ToString() => $"{Name} at {Silo}"; // the connection string has a password

    /// <summary>Reads and checks them together; null when this node is embedded.</summary>
    /// <exception cref="OptionException">One is missing, cannot be read, or is unsafe.</exception>
    internal static ClusterOptions? Read(Func<string, string?> get, bool eventsAreLocal)
    {
        if (get("cluster") is not { } database)
        {
            return OnlyInCluster.FirstOrDefault(o => get(o) is not null) is { } stray ? throw new OptionException($"--{stray} is for nodes of a cluster: it needs --cluster.") : null;
        }
        if (eventsAreLocal) throw new OptionException("--cluster needs --events: nodes of a cluster share one log, in PostgreSQL or EventStoreDB.");
        var roles = (get("roles") ?? "silo,api").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (roles.Length == 0 || roles.Any(r => r is not ("silo" or "api"))) throw new OptionException($"--roles is silo, api or silo,api, not '{get("roles")}'.");
        var (isSilo, isApi) = (roles.Contains("silo"), roles.Contains("api"));
        if (!IPEndPoint.TryParse(get("silo") ?? "127.0.0.1:11111", out var silo) || silo.Port == 0) throw new OptionException($"--silo is an address and a port such as 10.0.0.5:11111, not '{get("silo")}'.");
        if (!ushort.TryParse(get("gateway-port") ?? "0", out var gateway)) throw new OptionException($"--gateway-port is a port, not '{get("gateway-port")}'.");
        var files = (get("tls-certificate"), get("tls-key"), get("tls-authority"));
        var tls = files switch
        {
            ({ } certificate, { } key, { } authority) => new TlsFiles(certificate, key, authority),
            (null, null, null) => null,
            _ => throw new OptionException("--tls-certificate, --tls-key and --tls-authority go together."),
        };
        if (tls is null && !IPAddress.IsLoopback(silo.Address))
            throw new OptionException($"--silo {silo} can be reached by others: it needs --tls-certificate, --tls-key and --tls-authority. Whoever connects to a silo without them could do anything.");
        if (isSilo && get("secrets-key") is null) throw new OptionException("A silo of a cluster needs --secrets-key: the file of the key that wraps all secrets, the same on every silo.");
        return new(database, get("cluster-name") ?? "ppec", isSilo, isApi, silo, gateway, get("secrets-key"), tls);
    }

    static readonly string[] OnlyInCluster = ["cluster-name", "roles", "silo", "gateway-port", "secrets-key", "tls-certificate", "tls-key", "tls-authority"];
}

/// <summary>PEM files of mutual TLS between the nodes of a cluster.</summary>
public sealed record TlsFiles(string Certificate, string Key, string Authority);
