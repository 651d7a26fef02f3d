using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Kurrent;

/// <summary>One server and the HTTP/2 connections to it, which come and go underneath: a node is kept as long as the store.</summary>
sealed class KurrentNode : IDisposable
{
    const int LargestMessage = 20 << 20; // the server's largest record is 16 MiB

    readonly GrpcChannel _channel;

    /// <param name="endpoint">Where.</param>
    /// <param name="name">What the certificate must name.</param>
    /// <param name="options">TLS, keepalive, credentials.</param>
    public KurrentNode(DnsEndPoint endpoint, string name, KurrentOptions options)
    {
        Endpoint = endpoint;
        var host = IPAddress.TryParse(endpoint.Host, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{endpoint.Host}]" : endpoint.Host;
        _channel = GrpcChannel.ForAddress($"{(options.Tls ? "https" : "http")}://{host}:{endpoint.Port}", new GrpcChannelOptions
        {
            HttpHandler = Handler(name, options),
            DisposeHttpClient = true,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(20), // its own, up to two minutes, would outlast every deadline
            MaxReconnectBackoff = TimeSpan.FromMilliseconds(500),
            MaxReceiveMessageSize = LargestMessage,
            MaxSendMessageSize = LargestMessage,
        });
        Streams = new(_channel);
        Gossip = new(_channel);
        Headers = new() { { "connection-name", options.ConnectionName }, { "requires-leader", "true" } };
        if (options.Tls && options.Authorization is { } authorization) Headers.Add("authorization", authorization);
    }

    public DnsEndPoint Endpoint { get; }
    public Streams.StreamsClient Streams { get; }
    public Gossip.GossipClient Gossip { get; }
    public Metadata Headers { get; }

    static SocketsHttpHandler Handler(string name, KurrentOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = System.Threading.Timeout.InfiniteTimeSpan,
            KeepAlivePingDelay = options.KeepAliveInterval,
            KeepAlivePingTimeout = options.KeepAliveTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = options.DefaultDeadline,
        };
        if (!options.Tls) return handler;
        handler.SslOptions.TargetHost = name;
        if (!options.TlsVerifyCert)
        {
#pragma warning disable CA5359, MA0039 // asked for by tlsVerifyCert=false
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }
        else if (options.TlsCaFile is { } file)
        {
            var trusted = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            trusted.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions.CertificateChainPolicy = trusted;
        }
        return handler;
    }

    public void Dispose() => _channel.Dispose();
}
