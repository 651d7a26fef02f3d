using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ppec.Lab.Bmcs;

/// <summary>A port of 127.0.0.1 and what answers there; with a certificate it is https.</summary>
public sealed record BmcListener(int Port, RequestDelegate Serve, X509Certificate2? Certificate = null);

/// <summary>All BMCs of a lab in one server: a port each, hundreds in one process.</summary>
public sealed class BmcServer : IAsyncDisposable
{
    readonly WebApplication server;

    BmcServer(WebApplication server) => this.server = server;

    public static async Task<BmcServer> Start(IReadOnlyCollection<BmcListener> listeners, CancellationToken cancellation)
    {
        var byPort = listeners.ToDictionary(l => l.Port);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 16;
            foreach (var listener in listeners)
            {
                kestrel.Listen(IPAddress.Loopback, listener.Port, options =>
                {
                    if (listener.Certificate is not null) options.UseHttps(listener.Certificate);
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
                await byPort[http.Connection.LocalPort].Serve(http);
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                // the client is gone
            }
        });
        await app.StartAsync(cancellation);
        return new BmcServer(app);
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
