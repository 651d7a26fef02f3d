using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Ppec.Api.Surface;
using Ppec.Drivers.Notices;
using Ppec.Drivers.Oidc;
using Ppec.Grains;
using Ppec.Projections.Audit;
using Ppec.Silo.Cluster;
using Ppec.Silo.Https;
using YamlDotNet.Serialization;

namespace Ppec.Silo;

/// <summary>
/// How a node is started. Each option is a flag, an environment variable and a key of ppec.yaml; the flag wins, then the variable, then the file.
/// An unknown one is an error.
/// </summary>
/// <param name="Data">Directory of this node alone.</param>
/// <param name="Urls">Where HTTP is served.</param>
/// <param name="Pious">Directory of PIOUS; null = machines boot from disk.</param>
/// <param name="Ppec">How PPEC works on machines.</param>
/// <param name="Events">Where the log is; null = SQLite in <paramref name="Data"/>.</param>
/// <param name="Images">Directory of image content; null = in <paramref name="Data"/>.</param>
/// <param name="Cluster">Null = embedded.</param>
public sealed record NodeOptions(string Data, string Urls, string? Pious, PpecOptions Ppec, string? Events = null, string? Images = null, ClusterOptions? Cluster = null)
{
    /// <summary>The node's clock. Those who wait for a BMC's backoffs in a test may have a swifter one.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where iPXE's programs are.</summary>
    public string Ipxe { get; init; } = DebianIpxe;

    /// <summary>Where signed tree heads go.</summary>
    public HeadOptions Heads { get; init; } = new(null, []);

    /// <summary>The certificate of https addresses; null = one of the node's own making.</summary>
    public HttpsFiles? Https { get; init; }

    /// <summary>Where mail is handed over; null = nobody is told by mail.</summary>
    public MailOptions? Mail { get; init; }

    /// <summary>Who else vouches for people; null = nobody.</summary>
    public OidcOptions? Oidc { get; init; }

    /// <summary>How much one caller may ask.</summary>
    public SurfaceLimits Limits { get; init; } = new();

    const string DebianIpxe = "/usr/lib/ipxe";

    sealed record Option(string Name, string Value, string Help)
    {
        /// <summary>Given or not; it needs no value.</summary>
        public bool IsSwitch => Value.Length == 0;

        public string Variable => $"PPEC_{Name.Replace('-', '_').ToUpperInvariant()}";
    }

    static readonly ImmutableArray<Option> All =
    [
        new("config", "FILE", "A ppec.yaml with these options as keys."),
        new("data", "DIR", "Where this node keeps everything. Created when missing; locked by one node. Default: ppec-data"),
        new("urls", "URL", "Where the API listens; several with ; between them. Default: http://127.0.0.1:7770"),
        new("https-certificate", "FILE", "PEM file of the certificate, with its chain, that https addresses show. Default: one of the node's own, which lies in --data as https-certificate.pem for clients to trust (PPEC_CA_FILE)"),
        new("https-key", "FILE", "PEM file of its key."),
        new("rate-per-credential", "N", "API requests a second with one credential, and five times as many at once; 0 = any. Default: 2000"),
        new("rate-per-address", "N", "The same from one address. Default: 5000"),
        new("failed-sign-ins", "N", "Refused sign-ins a minute from one address, before it is no longer listened to; 0 = any. Default: 30"),
        new("credential-days", "N", "How many days a credential may live at most, 1 to 366. Default: 366"),
        new("bmc-networks", "CIDR[,CIDR…]", "Where BMCs may be. Link-local, multicast and metadata addresses are never connected to. Default: anywhere else"),
        new("webhook-networks", "CIDR[,CIDR…]", "Where webhooks may lead; as for BMCs. Default: anywhere else"),
        new("allow-loopback", "", "BMCs and webhooks may be on this machine itself: a lab."),
        new("events", "ADDRESS", "Where events are kept: esdb://… or a PostgreSQL connection string. It may hold a password: better in the variable or the file. Default: SQLite in --data"),
        new("images", "DIR", "Where image content is kept; nodes of a cluster share it. Default: images in --data"),
        new("pious", "DIR", "PIOUS as ops/pious/build made it. Without it every machine boots from disk."),
        new("ipxe", "DIR", "iPXE's snponly.efi, for UEFI that boots over HTTP. Default: /usr/lib/ipxe"),
        new("trusted-image-keys", "FILE", "PEM file of the public keys whose image signatures are trusted. Without it no image is accepted."),
        new("enlist-from", "CIDR[,CIDR…]", "Subnets on which unknown machines that network-boot are enlisted. Default: none"),
        new("shutdown-grace", "SECONDS", "How long a running system may take to shut down before its power is cut. Default: 120"),
        new("power-timeout", "SECONDS", "How long a BMC may take to show the power it was asked for. Default: 60"),
        new("health-memory", "MIB", "Memory tested in a health check. Default: 1024"),
        new("health-cpu", "SECONDS", "How long each core is tested. Default: 60"),
        new("health-disk", "MIB", "How much of each disk is read. Default: 1024"),
        new("wake-every", "SECONDS", "How often open operations are looked after, whatever else happens. Default: 10"),
        new("watch-every", "SECONDS", "How often each machine is looked at through its BMC, to notice drift; 0 = never. A BMC that does not answer is drift after three looks, and is then asked less often, down to once in eight intervals. Default: 120"),
        new("observe", "", "Nothing is powered, booted or written: machines boot from disk, agents are refused, drift is reported. Open operations stand as they are, and no deadline ends one; a deadline that passed meanwhile is a failed attempt once a node without this option goes on. Every node of a cluster needs it."),
        new("heads", "FILE", "Where signed tree heads are appended: best a file that can only be appended to and belongs to someone else. Default: heads.jsonl in --data"),
        new("anchors", "URL[,URL…]", "Where each tree head is also sent, as JSON by POST, again until it is taken: the outside witnesses of ppec audit verify."),
        new("smtp", "HOST:PORT", "Where mail is handed over: checkers are told of changes there. Without it nobody is told by mail. Every silo of a cluster needs it."),
        new("smtp-from", "ADDRESS", "Whom such mail is from."),
        new("smtp-tls", "starttls|tls|none", "How the connection is secured; none only where nobody else listens. Default: starttls"),
        new("smtp-user", "NAME", "Who signs in there. Default: nobody does"),
        new("smtp-password-file", "FILE", "A file with the password, and nothing else."),
        new("oidc-issuer", "URL", "An OpenID provider whose people may sign in: https, or on this machine itself. Every silo of a cluster needs it."),
        new("oidc-client-id", "ID", "As which public client of it (authorization code with PKCE; redirects to http://127.0.0.1 on any port)."),
        new("oidc-name-claim", "CLAIM", "Where its ID tokens say what somebody is called. Default: preferred_username, or email"),
        new("oidc-groups-claim", "CLAIM", "Where they say in which groups: whoever is in its NAME is in the group oidc-NAME here, once somebody made that. Default: groups"),
        new("cluster", "CONNECTION", "PostgreSQL connection string of a cluster: membership, reminders, snapshots, secrets. Without it this node is alone."),
        new("cluster-name", "NAME", "Nodes of one name form one cluster. Default: ppec"),
        new("roles", "ROLES", "silo (runs grains), api (serves HTTP), or both. Default: silo,api"),
        new("silo", "ADDRESS:PORT", "Where other silos reach this one. Default: 127.0.0.1:11111"),
        new("gateway-port", "PORT", "Where API nodes and grain clients reach this silo; 0 = closed. Default: 0"),
        new("secrets-key", "FILE", "The key that wraps all secrets: 32 random bytes, mode 0400, the same on every silo."),
        new("tls-certificate", "FILE", "PEM file of this node's certificate for mutual TLS between nodes. Required beyond the loopback."),
        new("tls-key", "FILE", "PEM file of its key."),
        new("tls-authority", "FILE", "PEM file of the authority that signs the nodes of this cluster, and nobody else."),
    ];

    public static string Help => $"""
        ppec-silo: one PPEC node; alone on embedded storage, or one of a cluster.

        Usage: ppec-silo [--OPTION VALUE]…

        {string.Join('\n', All.Select(o => $"  --{o.Name} {o.Value}{new string(' ', Math.Max(1, 38 - o.Name.Length - o.Value.Length))}{o.Help}"))}

        Each is also an environment variable (--data is PPEC_DATA) and a key of the file given by --config.
        Prints one line "ready: URL" on standard output when it can serve; logs to standard error; stops on SIGTERM within 10 s.

        Example: ppec-silo --data /var/lib/ppec --urls http://127.0.0.1:7770
        """;

    /// <exception cref="OptionException">An option is unknown, lacks its value, or has one that cannot be read.</exception>
    public static NodeOptions Read(string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var flags = Flags(arguments);
        var file = (flags.GetValueOrDefault("config") ?? environment.GetValueOrDefault("PPEC_CONFIG")) is { } path ? Yaml(path) : [];
        string? Get(string name) => flags.GetValueOrDefault(name) ?? environment.GetValueOrDefault(All.First(o => o.Name == name).Variable) ?? file.GetValueOrDefault(name);
        var defaults = new PpecOptions();
        return new(
            Path.GetFullPath(Get("data") ?? "ppec-data"),
            Get("urls") ?? "http://127.0.0.1:7770",
            Get("pious") is { } pious ? Path.GetFullPath(pious) : null,
            defaults with
            {
                TrustedImageKeys = Get("trusted-image-keys") is { } keys ? PublicKeys(keys) : [],
                EnlistFrom = Networks("enlist-from"),
                BmcNetworks = Networks("bmc-networks"),
                WebhookNetworks = Networks("webhook-networks"),
                AllowLoopback = Switch("allow-loopback"),
                ShutdownGrace = Seconds("shutdown-grace", defaults.ShutdownGrace),
                PowerTimeout = Seconds("power-timeout", defaults.PowerTimeout),
                WakeEvery = Seconds("wake-every", defaults.WakeEvery),
                WatchEvery = Get("watch-every") == "0" ? TimeSpan.Zero : Seconds("watch-every", defaults.WatchEvery),
                LongestCredential = Number("credential-days", 366) is >= 1 and <= 366 and var days ? TimeSpan.FromDays(days) : throw new OptionException("--credential-days is 1 to 366."),
                Observe = Switch("observe"),
                HealthMemoryMiB = Number("health-memory", defaults.HealthMemoryMiB),
                HealthCpuSeconds = Number("health-cpu", defaults.HealthCpuSeconds),
                HealthDiskReadMiB = Number("health-disk", defaults.HealthDiskReadMiB),
            },
            Get("events"),
            Get("images") is { } images ? Path.GetFullPath(images) : null,
            ClusterOptions.Read(Get, eventsAreLocal: Get("events") is null)) 
        {
            Ipxe = Path.GetFullPath(Get("ipxe") ?? DebianIpxe),
            Heads = new(Get("heads") is { } heads ? Path.GetFullPath(heads) : null, [.. (Get("anchors") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Anchor)]),
            Https = HttpsFiles.Read(Get),
            Mail = Mail(),
            Oidc = Oidc(),
            Limits = new()
            {
                PerCredential = Number("rate-per-credential", new SurfaceLimits().PerCredential),
                PerAddress = Number("rate-per-address", new SurfaceLimits().PerAddress),
                FailedSignIns = Number("failed-sign-ins", new SurfaceLimits().FailedSignIns),
            },
        };

        MailOptions? Mail()
        {
            if (Get("smtp") is not { } server)
                return ((string[])["smtp-from", "smtp-tls", "smtp-user", "smtp-password-file"]).FirstOrDefault(o => Get(o) is not null) is { } alone ? throw new OptionException($"--{alone} says nothing without --smtp.") : null;
            if (!Uri.TryCreate($"smtp://{server}", UriKind.Absolute, out var uri) || uri.Port is < 1 or > 65535 || uri.PathAndQuery != "/") throw new OptionException($"--smtp is HOST:PORT, not '{server}'.");
            if (Get("smtp-from") is not { } from || from.Split('@') is not [{ Length: > 0 }, { Length: > 0 }]) throw new OptionException("--smtp needs --smtp-from: whom the mail is from, NAME@DOMAIN.");
            var tls = Get("smtp-tls") ?? "starttls";
            if (tls is not ("starttls" or "tls" or "none")) throw new OptionException($"--smtp-tls is starttls, tls or none, not '{tls}'.");
            return new(uri.IdnHost, uri.Port, from, tls, Get("smtp-user"), Get("smtp-password-file") is { } file ? Text(file, "smtp-password-file").TrimEnd('\r', '\n') : null);
        }

        OidcOptions? Oidc()
        {
            if (Get("oidc-issuer") is not { } issuer)
                return ((string[])["oidc-client-id", "oidc-name-claim", "oidc-groups-claim"]).FirstOrDefault(o => Get(o) is not null) is { } alone ? throw new OptionException($"--{alone} says nothing without --oidc-issuer.") : null;
            if (!Uri.TryCreate(issuer, UriKind.Absolute, out var uri) || !(uri.Scheme == "https" || (uri.Scheme == "http" && uri.IsLoopback)) || uri.Query.Length > 0) throw new OptionException($"--oidc-issuer is an https address, not '{issuer}'.");
            var client = Get("oidc-client-id") ?? throw new OptionException("--oidc-issuer needs --oidc-client-id: whom its tokens are for.");
            var usual = new OidcOptions(uri, client);
            return usual with { NameClaim = Get("oidc-name-claim") ?? usual.NameClaim, GroupsClaim = Get("oidc-groups-claim") ?? usual.GroupsClaim };
        }

        ImmutableArray<IPNetwork> Networks(string name) =>
            [.. (Get(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text => Network(name, text))];

        int Number(string name, int otherwise) => Get(name) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n
            : throw new OptionException($"--{name} is a whole number, not '{text}'.");

        bool Switch(string name) => Get(name) switch
        {
            null or "false" or "0" => false,
            "true" or "1" => true,
            var text => throw new OptionException($"--{name} is true or false, not '{text}'."),
        };

        TimeSpan Seconds(string name, TimeSpan otherwise) => Get(name) is not { } text ? otherwise
            : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var n) && n > 0 ? TimeSpan.FromSeconds(n)
            : throw new OptionException($"--{name} is a number of seconds, not '{text}'.");
    }

    static Dictionary<string, string> Flags(string[] arguments)
    {
        var flags = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal)) throw new OptionException($"'{arguments[i]}' is not an option: options begin with --.");
            var equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? arguments[i][2..] : arguments[i][2..equals];
            if (All.All(o => o.Name != name)) throw new OptionException($"There is no option --{name}. See --help.");
            flags[name] = equals >= 0 ? arguments[i][(equals + 1)..]
                : All.First(o => o.Name == name).IsSwitch ? "true"
                : ++i < arguments.Length ? arguments[i]
                : throw new OptionException($"--{name} lacks its value.");
        }
        return flags;
    }

    static Dictionary<string, string> Yaml(string path)
    {
        var read = new DeserializerBuilder().Build().Deserialize<Dictionary<string, string>>(Text(path, "config")) ?? [];
        return read.Keys.FirstOrDefault(k => All.All(o => o.Name != k)) is { } unknown
            ? throw new OptionException($"{path}: there is no option '{unknown}'.")
            : read;
    }

    static string Text(string path, string option)
    {
        try { return File.ReadAllText(path); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new OptionException($"--{option}: {e.Message}"); }
    }

    static IPNetwork Network(string name, string text) =>
        IPNetwork.TryParse(text, out var network) ? network : throw new OptionException($"--{name}: '{text}' is not a subnet such as 10.1.0.0/16.");

    static Uri Anchor(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https") ? url : throw new OptionException($"--anchors: '{text}' is not an http or https address.");

    static ImmutableArray<ReadOnlyMemory<byte>> PublicKeys(string path)
    {
        var keys = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        for (var rest = Text(path, "trusted-image-keys").AsSpan(); PemEncoding.TryFind(rest, out var pem); rest = rest[pem.Location.End..])
            if (rest[pem.Label] is "PUBLIC KEY") keys.Add(Convert.FromBase64String(rest[pem.Base64Data].ToString()));
        return keys.Count > 0 ? keys.ToImmutable() : throw new OptionException($"{path} holds no public key in PEM.");
    }
}

/// <summary>An option that cannot be used; the message says which, and what it should be.</summary>
public sealed class OptionException(string message) : Exception(message);
