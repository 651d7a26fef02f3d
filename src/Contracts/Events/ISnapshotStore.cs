namespace Ppec.Contracts.Events;

/// <summary>
/// Where the folds of long streams are kept, one a stream. A cache: what it loses costs a longer read, and nothing it answers is believed unchecked.
/// Both calls may fail in any way; whoever asks carries on without.
/// </summary>
public interface ISnapshotStore
{
    /// <summary>What was saved last for <paramref name="stream"/>; null when there is nothing.</summary>
    Task<ReadOnlyMemory<byte>?> Load(string stream, CancellationToken cancellation);

    /// <summary>Replaces what is kept for <paramref name="stream"/>. Of two at the same time either may stay.</summary>
    Task Save(string stream, ReadOnlyMemory<byte> snapshot, CancellationToken cancellation);
}
