using Ppec.Contracts.Events;

namespace Ppec.Stores;

/// <summary>An append on its way to the writer, and the promise of its answer.</summary>
sealed class PendingAppend(string stream, long expectedVersion, IReadOnlyList<NewEvent> events)
    : TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public string Stream => stream;
    public long ExpectedVersion => expectedVersion;
    public IReadOnlyList<NewEvent> Events => events;

    // Decided inside the transaction, told only after its commit.
    public AppendResult Answer;
    public Exception? Error;
}
