using Ppec.Contracts.Events;

namespace Ppec.Stores.Kurrent;

/// <summary>
/// Checks events in log order against their stream's chain, as far as it can be done without asking: an event whose predecessor was not seen lately
/// (about 65,000 streams are remembered) is believed. Reading the stream checks it whole.
/// </summary>
sealed class FeedChain
{
    readonly StreamHeads _heads = new();

    /// <exception cref="EventLogCorruptException">The event does not continue from the one seen before it.</exception>
    public RecordedEvent Check(RecordedEvent e)
    {
        var known = _heads.TryGet(e.Stream, out var head) && head.Version == e.Version;
        if ((e.Version == 0 && !EventChain.Continues(EventChain.Genesis.Span, e)) || (known && !EventChain.Continues(head.Hash.Span, e))) throw KurrentErrors.Broken(e);
        _heads.Set(e.Stream, new(e.Version + 1, e.Hash));
        return e;
    }
}
