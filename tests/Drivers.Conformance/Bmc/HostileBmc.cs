using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ppec.Drivers.Conformance.Bmc;

/// <summary>Answers each request with exactly these bytes, whether or not they are HTTP.</summary>
public sealed class HostileBmc : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stop = new();
    Task serving = Task.CompletedTask;

    public string Address { get; private set; } = "";

    public static Task<HostileBmc> Start(Func<string, string> answer)
    {
        var bmc = new HostileBmc();
        bmc.listener.Start();
        bmc.Address = $"http://127.0.0.1:{((IPEndPoint)bmc.listener.LocalEndpoint).Port}";
        bmc.serving = bmc.Serve(answer);
        return Task.FromResult(bmc);
    }

    public static string Json(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        listener.Dispose();
        stop.Dispose();
    }

    async Task Serve(Func<string, string> answer)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = Talk(client, answer);
            }
        }
        catch (Exception e) when (stop.IsCancellationRequested || e is SocketException)
        {
            // stopped
        }
    }

    async Task Talk(TcpClient client, Func<string, string> answer)
    {
        using var connection = client;
        try
        {
            var buffer = new byte[8192];
            int read;
            while ((read = await client.GetStream().ReadAsync(buffer, stop.Token)) > 0)
            {
                var request = Encoding.ASCII.GetString(buffer, 0, read);
                if (!request.Contains("HTTP/1.1", StringComparison.Ordinal)) continue; // a body that came by itself
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(answer(request)), stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // the client is gone, or we are
        }
    }
}
