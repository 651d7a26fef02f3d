using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>Against the test server, as EventStoreDB 23.10 answers.</summary>
public sealed class KurrentEventStoreTests : KurrentConformance
{
    private protected override void Prepare(Faults faults) { }
}

/// <summary>As KurrentDB 26 answers: a slow subscriber is told that it fell behind, and kept.</summary>
public sealed class Kurrent26EventStoreTests : KurrentConformance
{
    private protected override void Prepare(Faults faults) => faults.SaysFellBehind = true;
}

public abstract class KurrentConformance : FeedConformance
{
    TestServer _server = null!;

    private protected abstract void Prepare(Faults faults);

    protected override bool IdsAreUniqueInTheLog => false;

    protected override async ValueTask<IEventStore> Open()
    {
        var cluster = new TestCluster();
        Prepare(cluster.Faults);
        _server = await cluster.Start();
        return await KurrentEventStore.Open(KurrentOptions.Parse(_server.Address), default);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server.DisposeAsync();
    }
}
