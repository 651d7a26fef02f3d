using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Webhooks;

/// <summary>Listens on this machine as a webhook's receiver would, and believes only what is signed with its secret.</summary>
public sealed class Receiver : IDisposable
{
    readonly HttpListener _listener = new();
    int _refuses;

    /// <param name="secret">What deliveries are to be signed with.</param>
    /// <param name="refuses">How many it answers 503 first.</param>
    /// <param name="port">Where; 0 = anywhere.</param>
    public Receiver(string? secret = null, int refuses = 0, int port = 0)
    {
        (Secret, _refuses, Port) = (secret, refuses, port == 0 ? Free() : port);
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _ = Task.Run(Listen);
    }

    public sealed record Delivery(string Id, string Type, JsonObject Body, DateTimeOffset SignedAt);

    public string? Secret { get; set; }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}/hook";

    public ConcurrentQueue<Delivery> Taken { get; } = [];

    /// <summary>What came and was not signed as it should be.</summary>
    public ConcurrentQueue<string> Forged { get; } = [];

    public int Refused { get; private set; }

    /// <summary>Waits for a delivery that is like this one.</summary>
    public async Task<Delivery> Comes(string what, Func<Delivery, bool> wanted)
    {
        await Things.Eventually($"{what} is delivered", () => Task.FromResult(Taken.Any(wanted)), () => string.Join('\n', Taken.Select(d => $"{d.Type} {d.Body}").Concat(Forged)));
        return Taken.First(wanted);
    }

    public void Dispose() => _listener.Close();

    async Task Listen()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var text = new StreamReader(context.Request.InputStream);
                context.Response.StatusCode = Answer(context.Request, await text.ReadToEndAsync());
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException) { }
    }

    int Answer(HttpListenerRequest request, string body)
    {
        if (_refuses > 0)
        {
            (_refuses, Refused) = (_refuses - 1, Refused + 1);
            return 503;
        }
        // As a receiver's programmer would write it, and not with the code that is tested.
        var parts = (request.Headers["Ppec-Signature"] ?? "").Split(',').Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1]);
        if (Secret is null || !parts.TryGetValue("t", out var t) || !parts.TryGetValue("v1", out var given)) return Refuse($"unsigned: {body}");
        using var mac = new HMACSHA256(Encoding.UTF8.GetBytes(Secret));
        var right = Convert.ToHexString(mac.ComputeHash(Encoding.UTF8.GetBytes(t + "." + body)));
        if (!right.Equals(given, StringComparison.OrdinalIgnoreCase)) return Refuse($"signed otherwise: {body}");
        Taken.Enqueue(new(request.Headers["Ppec-Delivery"]!, request.Headers["Ppec-Event"]!, JsonNode.Parse(body)!.AsObject(), DateTimeOffset.FromUnixTimeSeconds(long.Parse(t, CultureInfo.InvariantCulture))));
        return 204;
    }

    int Refuse(string why)
    {
        Forged.Enqueue(why);
        return 401;
    }

    static int Free()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
