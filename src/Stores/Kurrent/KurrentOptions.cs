using System.Net;

namespace Ppec.Stores.Kurrent;

/// <summary>
/// How to reach an EventStoreDB or KurrentDB, from one connection string as its own clients read it:
/// <c>esdb://user:password@host:2113?tls=true</c>, or <c>esdb+discover://a:2113,b:2113</c> for a cluster (<c>kurrentdb</c> in place of <c>esdb</c> means the same).
/// The credentials are in no text this type makes.
/// </summary>
public sealed class KurrentOptions
{
    internal KurrentOptions() { }

    /// <summary>Hosts as given. With one and without <c>+discover</c> it is spoken to directly; otherwise they are asked who leads.</summary>
    public required IReadOnlyList<DnsEndPoint> Seeds { get; init; }

    /// <summary>The seeds are names of a cluster: every address DNS has for them is asked who leads.</summary>
    public bool Discover { get; init; }

    /// <summary><c>tls</c>, true when not given.</summary>
    public bool Tls { get; init; } = true;

    /// <summary><c>tlsVerifyCert</c>, true when not given. False trusts whoever answers: for trials only.</summary>
    public bool TlsVerifyCert { get; init; } = true;

    /// <summary><c>tlsCaFile</c>: a PEM file with the only authorities to trust. The system's when not given.</summary>
    public string? TlsCaFile { get; init; }

    /// <summary><c>keepAliveInterval</c> in milliseconds (10,000; -1 = never): how often an idle connection is pinged.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>keepAliveTimeout</c> in milliseconds (10,000): a connection that answers no ping for so long is dead.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>defaultDeadline</c> in milliseconds (10,000): how long an append or a read may take, repetitions included, before it is answered "unavailable".</summary>
    public TimeSpan DefaultDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>gossipTimeout</c> in milliseconds (5,000): how long one node may take to say who leads.</summary>
    public TimeSpan GossipTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>discoveryInterval</c> in milliseconds (100): the pause between two rounds of asking.</summary>
    public TimeSpan DiscoveryInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary><c>maxDiscoverAttempts</c> (10): rounds of asking.</summary>
    public int MaxDiscoverAttempts { get; init; } = 10;

    /// <summary><c>connectionName</c>: how the server's logs call this client.</summary>
    public string ConnectionName { get; init; } = "ppec";

    /// <summary>
    /// <c>streamPrefix</c> (<c>ppec.</c>): what every stream's name begins with in EventStoreDB, so that one server can be shared. Stream <c>machine-1</c> is
    /// <c>ppec.machine-1</c> there; its category, what stands before the first dash, stays one. Two systems on one server need prefixes neither of which begins the other.
    /// </summary>
    public string StreamPrefix { get; init; } = "ppec.";

    /// <summary>The value of the <c>authorization</c> header. Sent over TLS only: a server without TLS ignores it, and others could read it.</summary>
    internal string? Authorization { get; init; }

    /// <exception cref="FormatException">Names the parameter and what it must be.</exception>
    public static KurrentOptions Parse(string connectionString) => ConnectionString.Parse(connectionString);

    /// <summary>Without credentials.</summary>
    public override string ToString() => $"EventStoreDB at {string.Join(", ", Seeds.Select(s => $"{s.Host}:{s.Port}"))}";
}
