using Orleans.Concurrency;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Webhooks;

namespace Ppec.Grains.Webhooks;

/// <summary>Asks the users' gate whether the caller may, and the courier what it did.</summary>
[StatelessWorker(16), Reentrant]
public sealed class DeliveryGateGrain : Grain, IDeliveryGateGrain
{
    public async Task<DeliveryAnswer> Deliveries(ReadRequest request, string webhook)
    {
        if (await GrainFactory.GetGrain<IGateGrain>(0).Sight(request) is { Problem: { } denied }) return new([], denied);
        return await GrainFactory.GetGrain<IWebhookGrain>(webhook).Task() is null
            ? new([], new(ProblemCodes.NotFound, $"There is no webhook {webhook}."))
            : new(await GrainFactory.GetGrain<ICourierGrain>(webhook).Deliveries(), null);
    }
}
