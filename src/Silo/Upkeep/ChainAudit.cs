using Ppec.Contracts.Events;

namespace Ppec.Silo.Upkeep;

/// <summary>Follows a log and finds the first event that does not continue its stream. It trusts no store: every hash is computed again.</summary>
sealed class ChainAudit
{
    readonly Dictionary<string, (long Version, byte[] Hash)> _heads = new(StringComparer.Ordinal);

    public long Events { get; private set; }
    public int Streams => _heads.Count;

    /// <exception cref="UpkeepException">The event is not the next of its stream.</exception>
    public void Check(RecordedEvent e)
    {
        var (version, hash) = _heads.TryGetValue(e.Stream, out var head) ? head : (0, EventChain.Genesis.ToArray());
        if (e.Version != version) throw Fault(e, $"version {version} of the stream belongs here");
        if (!EventChain.Continues(hash, e)) throw Fault(e, "it does not continue the stream's hash chain: it, or the one before it, was altered");
        _heads[e.Stream] = (version + 1, e.Hash.ToArray());
        Events++;
    }

    public static UpkeepException Fault(RecordedEvent e, string what) => new($"Fault at version {e.Version} of {e.Stream} (position {e.Position}): {what}.");
}
