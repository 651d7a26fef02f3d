using Ppec.Contracts.Events;

namespace Ppec.Stores;

/// <summary>Where a stream ends: how many events it holds, and the hash of the last.</summary>
readonly record struct StreamHead(long Version, ReadOnlyMemory<byte> Hash);

/// <summary>Checks events in log order. It remembers the last hash of the streams it saw lately; the others' are fetched.</summary>
sealed class ChainCheck
{
    const int Remembered = 16_384;
    readonly Dictionary<string, StreamHead> _heads = [];

    /// <summary>False when the hash before <paramref name="e"/> must be fetched.</summary>
    public bool Remembers(RecordedEvent e) => e.Version <= 0 || (_heads.TryGetValue(e.Stream, out var head) && head.Version == e.Version);

    public bool Continues(RecordedEvent e, Func<string, long, ReadOnlyMemory<byte>?> hashAt)
    {
        ReadOnlyMemory<byte>? previous = e.Version switch
        {
            0 => EventChain.Genesis,
            < 0 => null,
            _ when _heads.TryGetValue(e.Stream, out var head) && head.Version == e.Version => head.Hash,
            _ => hashAt(e.Stream, e.Version - 1),
        };
        if (previous is not { } last || !EventChain.Continues(last.Span, e)) return false;
        if (_heads.Count >= Remembered) _heads.Clear();
        _heads[e.Stream] = new(e.Version + 1, e.Hash);
        return true;
    }
}
