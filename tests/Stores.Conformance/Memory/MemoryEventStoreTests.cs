using Ppec.Contracts.Events;
using Ppec.Stores.Memory;

namespace Ppec.Stores.Conformance.Memory;

public sealed class MemoryEventStoreTests : FeedConformance
{
    protected override ValueTask<IEventStore> Open() => new(new MemoryEventStore());
}
