using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Ppec.Drivers.Net;

/// <summary>
/// To which addresses PPEC connects on a user's word. A name is resolved here, and the connection goes to the very address that was judged:
/// a name server that answers otherwise a moment later is not asked again.
/// </summary>
/// <param name="Networks">Only addresses in these; empty = any that is not refused anyway.</param>
/// <param name="Loopback">This machine itself may be meant: a lab.</param>
/// <param name="Option">The option that sets <paramref name="Networks"/>, for the sentence that says what to do.</param>
public sealed record AddressGuard(ImmutableArray<IPNetwork> Networks, bool Loopback, string Option)
{
    /// <summary>Clouds answer for a machine's own secrets here, besides 169.254.169.254, which is link-local.</summary>
    static readonly ImmutableArray<IPAddress> Metadata = [IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("100.100.100.200"), IPAddress.Parse("192.0.0.192")];

    static readonly ImmutableArray<(IPNetwork Network, string What)> Never =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "names no machine"), (IPNetwork.Parse("::/128"), "names no machine"),
        (IPNetwork.Parse("169.254.0.0/16"), "is link-local, where clouds keep their metadata"), (IPNetwork.Parse("fe80::/10"), "is link-local"),
        (IPNetwork.Parse("224.0.0.0/4"), "is multicast"), (IPNetwork.Parse("ff00::/8"), "is multicast"),
        (IPNetwork.Parse("240.0.0.0/4"), "is reserved or broadcast"),
    ];

    /// <summary>Whole IPv4 addresses inside IPv6 ones, and where they begin.</summary>
    static readonly ImmutableArray<(IPNetwork Network, int At)> Carriers =
        [(IPNetwork.Parse("::ffff:0:0/96"), 12), (IPNetwork.Parse("::/96"), 12), (IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("2002::/16"), 2)];

    /// <summary>Why PPEC does not connect to this address, and what to do; null when it may.</summary>
    public string? Refusal(IPAddress address)
    {
        var meant = Meant(address);
        if (Forbidden(meant) is { } never) return $"{address} {never}: PPEC never connects there. Give the address on the network it is managed by.";
        if (IPAddress.IsLoopback(meant)) return Loopback ? null : $"{address} is this node itself: PPEC connects there only in a lab, started with --allow-loopback.";
        return Networks.IsDefaultOrEmpty || Networks.Any(n => n.Contains(meant)) ? null
            : $"{address} is in none of the networks of --{Option} ({string.Join(", ", Networks)}): correct the address, or have its network added there.";
    }

    /// <summary>As <see cref="Refusal(IPAddress)"/> for the address that a URL has in it; a name is judged when it is connected to.</summary>
    public string? Refusal(Uri url) =>
        IPAddress.TryParse(url.IdnHost, out var address) ? Refusal(address)
        : url.IsLoopback && !Loopback ? Refusal(IPAddress.Loopback)
        : null;

    /// <summary>What is refused whatever the options say; null for anything else.</summary>
    public static string? Forbidden(IPAddress address)
    {
        var meant = Meant(address);
        return Metadata.Contains(meant) ? "is where a cloud keeps its metadata" : Never.FirstOrDefault(n => n.Network.Contains(meant)).What;
    }

    /// <summary>Connects to one of the addresses that a host has, if all of them may be connected to.</summary>
    /// <exception cref="AddressRefusedException">One may not.</exception>
    /// <exception cref="SocketException">No such host, or none of its addresses answers.</exception>
    public async ValueTask<Stream> Connect(DnsEndPoint host, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(host.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host.Host, cancellation);
        if (addresses.Select(Refusal).FirstOrDefault(r => r is not null) is { } refusal) throw new AddressRefusedException(literal is null ? $"{host.Host} is {refusal}" : refusal);
        SocketException? failure = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, host.Port), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (e is not SocketException refused) throw;
                failure = refused;
            }
        }
        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    static IPAddress Meant(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || address.Equals(IPAddress.IPv6Loopback) || address.Equals(IPAddress.IPv6Any)) return address;
        var plain = new IPAddress(address.GetAddressBytes()); // without its zone: a link-local address is one on every card
        return Carriers.FirstOrDefault(c => c.Network.Contains(plain)) is { At: > 0 and var at } ? new IPAddress(plain.GetAddressBytes().AsSpan(at, 4)) : plain;
    }
}

/// <summary>An address that PPEC does not connect to on a user's word; the message says which, why, and what to do.</summary>
public sealed class AddressRefusedException(string message) : Exception(message);
