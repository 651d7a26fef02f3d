using System.Globalization;
using System.Net;
using System.Text;

namespace Ppec.Stores.Kurrent;

/// <summary>Reads connection strings. Nothing that may be part of a password is repeated in an error.</summary>
static class ConnectionString
{
    const int DefaultPort = 2113;
    const string Example = "for example esdb://user:password@db1:2113?tls=true, or esdb+discover://cluster.example:2113 for a cluster";
    const string Encode = "In a user name or password the characters @ : / ? # , % are written %40 %3A %2F %3F %23 %2C %25.";

    static readonly string[] Known =
    [
        "connectionName", "defaultDeadline", "discoveryInterval", "gossipTimeout", "keepAliveInterval", "keepAliveTimeout",
        "maxDiscoverAttempts", "nodePreference", "streamPrefix", "tls", "tlsCaFile", "tlsVerifyCert",
    ];

    public static KurrentOptions Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = at > 0 ? text[..at].ToUpperInvariant() : "";
        var discover = scheme is "ESDB+DISCOVER" or "KURRENTDB+DISCOVER";
        if (!discover && scheme is not ("ESDB" or "KURRENTDB"))
            throw new FormatException($"A connection string of EventStoreDB begins with esdb://, kurrentdb://, esdb+discover:// or kurrentdb+discover://: {Example}.");
        var rest = text[(at + 3)..];
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var (authority, query) = question < 0 ? (rest, "") : (rest[..question], rest[(question + 1)..]);
        var credentials = authority.LastIndexOf('@');
        var hosts = authority[(credentials + 1)..].TrimEnd('/');
        var given = Parameters(query);

        var options = new KurrentOptions
        {
            Seeds = Hosts(hosts),
            Discover = discover,
            Authorization = credentials < 0 ? null : Basic(authority[..credentials]),
            Tls = Flag(given, "tls", true),
            TlsVerifyCert = Flag(given, "tlsVerifyCert", true),
            TlsCaFile = CaFile(given),
            KeepAliveInterval = Milliseconds(given, "keepAliveInterval", 10_000, least: 1_000, off: true),
            KeepAliveTimeout = Milliseconds(given, "keepAliveTimeout", 10_000, least: 1_000),
            DefaultDeadline = Milliseconds(given, "defaultDeadline", 10_000),
            GossipTimeout = Milliseconds(given, "gossipTimeout", 5_000),
            DiscoveryInterval = Milliseconds(given, "discoveryInterval", 100),
            MaxDiscoverAttempts = Number(given, "maxDiscoverAttempts", 10, 1, "a whole number of rounds, at least 1"),
            ConnectionName = Name(given),
            StreamPrefix = Prefix(given),
        };
        if (given.TryGetValue("nodePreference", out var preference) && !preference.Equals("leader", StringComparison.OrdinalIgnoreCase))
            throw Bad("nodePreference", "leader, the only node that may write and whose reads are never behind; or leave it out");
        if (!options.Tls && options.TlsCaFile is not null) throw Bad("tlsCaFile", "left out when tls=false");
        return options;
    }

    static Dictionary<string, string> Parameters(string query)
    {
        var given = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new FormatException($"Each parameter after the ? is written name=value. {Encode}");
            var name = Uri.UnescapeDataString(pair[..equals]);
            if (!Known.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw new FormatException($"There is no parameter '{(query.Contains('@', StringComparison.Ordinal) ? "…" : name)}' here. Known: {string.Join(", ", Known)}.");
            if (!given.TryAdd(name, Uri.UnescapeDataString(pair[(equals + 1)..]))) throw Bad(name, "given once");
        }
        return given;
    }

    static List<DnsEndPoint> Hosts(string text)
    {
        var seeds = new List<DnsEndPoint>();
        foreach (var host in text.Split(','))
        {
            if (!Uri.TryCreate($"tcp://{host}/", UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.UserInfo.Length > 0 || uri.AbsolutePath != "/" || uri.Port == 0)
                throw new FormatException($"After the :// stand one or more hosts, each host or host:port with a port from 1 to 65535, separated by commas: {Example}. {Encode}");
            seeds.Add(new(uri.IdnHost.Trim('[', ']'), uri.Port < 0 ? DefaultPort : uri.Port));
        }
        return seeds;
    }

    static string Basic(string text)
    {
        var parts = text.Split(':');
        if (parts.Length != 2 || parts[0].Length == 0) throw new FormatException($"Before the @ stand user:password. {Encode}");
        return "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.UnescapeDataString(parts[0])}:{Uri.UnescapeDataString(parts[1])}"));
    }

    static bool Flag(Dictionary<string, string> given, string name, bool otherwise) =>
        !given.TryGetValue(name, out var value) ? otherwise : bool.TryParse(value, out var flag) ? flag : throw Bad(name, "true or false");

    static TimeSpan Milliseconds(Dictionary<string, string> given, string name, int otherwise, int least = 1, bool off = false) =>
        off && given.TryGetValue(name, out var value) && value == "-1"
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromMilliseconds(Number(given, name, otherwise, least, $"milliseconds, at least {least}{(off ? ", or -1 for never" : "")}"));

    static int Number(Dictionary<string, string> given, string name, int otherwise, int least, string what)
    {
        if (!given.TryGetValue(name, out var value)) return otherwise;
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least ? number : throw Bad(name, what);
    }

    static string? CaFile(Dictionary<string, string> given)
    {
        if (!given.TryGetValue("tlsCaFile", out var path)) return null;
        return File.Exists(path) ? path : throw Bad("tlsCaFile", "the path of a PEM file that this process may read; there is none at the one given");
    }

    static string Name(Dictionary<string, string> given)
    {
        if (!given.TryGetValue("connectionName", out var name)) return "ppec";
        return name.Length > 0 && name.All(c => c is > ' ' and < '\x7f') ? name : throw Bad("connectionName", "printable ASCII without spaces");
    }

    static string Prefix(Dictionary<string, string> given)
    {
        if (!given.TryGetValue("streamPrefix", out var prefix)) return "ppec.";
        return prefix.Length > 0 && prefix[0] != '$' ? prefix : throw Bad("streamPrefix", "at least one character, the first not $ (those are EventStoreDB's own streams)");
    }

    static FormatException Bad(string name, string what) => new($"The parameter {name} must be {what}.");
}
