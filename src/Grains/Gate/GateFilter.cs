using Orleans.Runtime;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Webhooks;

namespace Ppec.Grains.Gate;

/// <summary>
/// Clients reach the gates and nothing else; grains call each other freely. The API in the same process is a client too.
/// A client can forge its source, so the gateway is a trust boundary: embedded it is closed.
/// </summary>
public sealed class GateFilter : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.SourceId is { } source && source.IsClient() && !MayReach(source, context))
            throw new UnauthorizedAccessException($"{context.InterfaceName} is not for clients: everything enters by the gate.");
        return context.Invoke();
    }

    static bool MayReach(GrainId source, IIncomingGrainCallContext context)
    {
        if (context.TargetId.IsSystemTarget())
            return IsHosted(source) || context.InterfaceName.EndsWith("IClusterManifestSystemTarget", StringComparison.Ordinal);
        return context.Grain is IGateGrain or IMachineGateGrain or IDeliveryGateGrain;
    }

    /// <summary>The client inside this very silo; its id begins so (Orleans' <c>HostedClient.CreateHostedClientGrainId</c>).</summary>
    static bool IsHosted(GrainId client) => client.Key.ToString()!.StartsWith("hosted-", StringComparison.Ordinal);
}
