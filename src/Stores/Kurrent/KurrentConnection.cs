using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Grpc.Core;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Kurrent;

/// <summary>
/// Knows which node leads. A node that says it does not lead names the one that does (the <c>not-leader</c> trailer);
/// when that leads nowhere, the seeds are asked again.
/// </summary>
sealed class KurrentConnection(KurrentOptions options) : IDisposable
{
    readonly ConcurrentDictionary<(DnsEndPoint Endpoint, string Name), Lazy<KurrentNode>> _nodes = new();
    readonly SemaphoreSlim _discovery = new(1, 1);
    readonly CancellationTokenSource _closed = new();
    KurrentNode? _leader;
    long _losses;

    public KurrentOptions Options => options;

    /// <summary>Ends what still runs when the store is closed.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>How often the leader was lost: what was remembered of the log before may no longer hold (it may have been restored from a backup).</summary>
    public long Losses => Interlocked.Read(ref _losses);

    /// <exception cref="RpcException">No node leads now.</exception>
    public async ValueTask<KurrentNode> Leader(CancellationToken cancellation)
    {
        ThrowIfClosed();
        if (Volatile.Read(ref _leader) is { } known) return known;
        await _discovery.WaitAsync(cancellation);
        try
        {
            if (_leader is null)
            {
                var leader = options is { Discover: false, Seeds: [var only] } ? Node(only) : Node(await new Discovery(options, Node).Leader(cancellation));
                Volatile.Write(ref _leader, leader);
            }
            return _leader;
        }
        finally { _discovery.Release(); }
    }

    /// <summary>A call to <paramref name="node"/> failed: the next one asks anew, or goes where the error points.</summary>
    public void Lost(KurrentNode node, RpcException error)
    {
        Interlocked.Increment(ref _losses);
        Interlocked.CompareExchange(ref _leader, Redirect(error.Trailers) is { } to ? Node(to) : null, node);
    }

    public void ThrowIfClosed()
    {
        if (_closed.IsCancellationRequested) throw new EventStoreUnavailableException("The event store has been closed.");
    }

    static DnsEndPoint? Redirect(Metadata trailers) =>
        trailers.GetValue("exception") == "not-leader" && trailers.GetValue("leader-endpoint-host") is { Length: > 0 } host
        && ushort.TryParse(trailers.GetValue("leader-endpoint-port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? new(host, port)
            : null;

    KurrentNode Node(DnsEndPoint endpoint) => Node(endpoint, endpoint.Host);

    KurrentNode Node(DnsEndPoint endpoint, string name) => _nodes.GetOrAdd((endpoint, name), at => new(() => new(at.Endpoint, at.Name, options))).Value;

    public void Dispose()
    {
        if (_closed.IsCancellationRequested) return;
        _closed.Cancel();
        foreach (var node in _nodes.Values) node.Value.Dispose();
        _nodes.Clear();
    }
}
