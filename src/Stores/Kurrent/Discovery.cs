using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Kurrent;

/// <summary>Asks the seeds, one after the other, who leads (<c>Gossip/Read</c>). With <c>+discover</c> each name stands for all its addresses in DNS.</summary>
sealed class Discovery(KurrentOptions options, Func<DnsEndPoint, string, KurrentNode> node)
{
    /// <exception cref="RpcException">Unavailable: nobody named a leader. It says what each seed answered.</exception>
    public async Task<DnsEndPoint> Leader(CancellationToken cancellation)
    {
        var answers = new Dictionary<string, string>();
        for (var round = 1; ; round++)
        {
            foreach (var (endpoint, name) in await Seeds(answers, cancellation))
            {
                var (leader, answer) = await Ask(node(endpoint, name), cancellation);
                if (leader is not null) return leader;
                answers[$"{endpoint.Host}:{endpoint.Port}"] = answer;
            }
            if (round == options.MaxDiscoverAttempts)
                throw new RpcException(new(StatusCode.Unavailable, $"no node of the cluster leads ({string.Join("; ", answers.Select(a => $"{a.Key} {a.Value}"))})"));
            await Task.Delay(options.DiscoveryInterval, cancellation);
        }
    }

    async Task<IReadOnlyList<(DnsEndPoint, string)>> Seeds(Dictionary<string, string> answers, CancellationToken cancellation)
    {
        if (!options.Discover) return [.. options.Seeds.Select(s => (s, s.Host))];
        var seeds = new List<(DnsEndPoint, string)>();
        foreach (var seed in options.Seeds)
        {
            try
            {
                var addresses = await Dns.GetHostAddressesAsync(seed.Host, cancellation).WaitAsync(options.GossipTimeout, cancellation);
                seeds.AddRange(addresses.Select(a => (new DnsEndPoint(a.ToString(), seed.Port), seed.Host)));
            }
            catch (SocketException e) { answers[seed.Host] = $"is not known to DNS: {e.Message}"; }
            catch (TimeoutException) { answers[seed.Host] = "is not known to DNS: it did not answer"; }
        }
        return seeds;
    }

    async Task<(DnsEndPoint? Leader, string Answer)> Ask(KurrentNode seed, CancellationToken cancellation)
    {
        try
        {
            var cluster = await seed.Gossip.ReadAsync(new(), seed.Headers, DateTime.UtcNow + options.GossipTimeout, cancellation);
            var leaders = cluster.Members.Where(m => m is { State: MemberInfo.Types.VNodeState.Leader, HttpEndPoint.Port: > 0 and <= 65535 }).ToList();
            if (leaders.Find(m => m.IsAlive) is { } leader) return (new(leader.HttpEndPoint.Address, (int)leader.HttpEndPoint.Port), "");
            return (null, leaders.Count > 0 ? "names a leader that is not alive" : $"knows no leader among {cluster.Members.Count}");
        }
        catch (RpcException e) when (!cancellation.IsCancellationRequested && KurrentErrors.IsTransient(e))
        {
            return (null, $"did not answer: {KurrentErrors.Why(e)}");
        }
    }
}
