using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ppec.Lab.Bmcs;

/// <summary>A port of a loopback address (127.0.0.1 when none is given) and what answers there; with a certificate it is https.</summary>
public sealed record BmcListener(int Port, RequestDelegate Serve, X509Certificate2? Certificate = null, IPAddress? Address = null);

/// <summary>
/// All BMCs of a lab in one server. With a port each there are hundreds in one process; with a loopback address each, tens of thousands:
/// they share one listening socket a port, which hears everything that comes in by the loopback interface and nothing else.
/// </summary>
public sealed class BmcServer : IAsyncDisposable
{
    const int SocketLevel = 1;   // SOL_SOCKET and SO_BINDTODEVICE of Linux
    const int BindToDevice = 25;
    readonly WebApplication server;

    BmcServer(WebApplication server) => this.server = server;

    public static async Task<BmcServer> Start(IReadOnlyCollection<BmcListener> listeners, CancellationToken cancellation)
    {
        var byAddress = listeners.ToDictionary(l => new IPEndPoint(l.Address ?? IPAddress.Loopback, l.Port));
        var shared = listeners.Where(l => l.Address is not null).GroupBy(l => l.Port).ToList();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseSockets(sockets => sockets.CreateBoundListenSocket = Bind).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 16;
            foreach (var listener in listeners.Where(l => l.Address is null))
            {
                kestrel.Listen(IPAddress.Loopback, listener.Port, options =>
                {
                    if (listener.Certificate is not null) options.UseHttps(listener.Certificate);
                });
            }

            foreach (var port in shared)
            {
                kestrel.Listen(IPAddress.Any, port.Key, options =>
                {
                    if (port.First().Certificate is not null) options.UseHttps(https => https.ServerCertificateSelector = (connection, _) => At(connection?.LocalEndPoint)?.Certificate);
                });
            }
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var app = builder.Build();
        app.Run(async http =>
        {
            try
            {
                if (At(new IPEndPoint(http.Connection.LocalIpAddress!, http.Connection.LocalPort)) is { } listener) await listener.Serve(http);
                else http.Abort(); // an address of the network that no BMC has
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                // the client is gone
            }
        });
        await app.StartAsync(cancellation);
        return new BmcServer(app);

        BmcListener? At(EndPoint? local) => local is IPEndPoint found ? byAddress.GetValueOrDefault(found) : null;
    }

    /// <summary>The wildcard stands for all of 127.0.0.0/8: bound to the loopback device, it is deaf to every other.</summary>
    static Socket Bind(EndPoint endpoint)
    {
        if (endpoint is not IPEndPoint { Address: var address } || !address.Equals(IPAddress.Any)) return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetRawSocketOption(SocketLevel, BindToDevice, "lo\0"u8);
            socket.Bind(endpoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Ports nobody listens on, below those the kernel hands out for outgoing connections, so that they are still free after a restart.</summary>
    public static List<int> FreePorts(int count, int from, IReadOnlySet<int> taken)
    {
        List<int> found = [];
        for (var port = from; found.Count < count; port++)
        {
            if (port >= 32768) throw new InvalidOperationException($"There are no {count} free ports from {from} up.");
            if (!taken.Contains(port) && IsFree(port)) found.Add(port);
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync();
        await server.DisposeAsync();
    }

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
