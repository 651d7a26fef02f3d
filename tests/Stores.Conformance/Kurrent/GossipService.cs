using Grpc.Core;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Conformance.Kurrent;

sealed class GossipService(TestServer server) : Gossip.GossipBase
{
    public override Task<ClusterInfo> Read(Empty request, ServerCallContext context)
    {
        var cluster = new ClusterInfo();
        foreach (var node in server.Cluster.Nodes)
        {
            cluster.Members.Add(new MemberInfo
            {
                InstanceId = new() { String = Guid.NewGuid().ToString() },
                IsAlive = node.IsRunning,
                State = node == server.Cluster.Leader ? MemberInfo.Types.VNodeState.Leader : MemberInfo.Types.VNodeState.Follower,
                HttpEndPoint = new() { Address = "127.0.0.1", Port = (uint)node.Port },
            });
        }
        return Task.FromResult(cluster);
    }
}
