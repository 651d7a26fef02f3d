using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>
/// The appends of one transaction, decided one after another on what the log holds under the head's lock and on those before them in the group.
/// One that is refused or mistaken leaves no trace, and the others are written.
/// </summary>
sealed class AppendGroup(IReadOnlyList<PendingAppend> appends)
{
    readonly Dictionary<string, StreamHead> _heads = [];
    readonly Dictionary<Guid, AppendRules.Place> _places = [];

    public string[] Streams { get; } = [.. appends.Select(a => a.Stream).Distinct()];
    public Guid[] Ids { get; } = [.. appends.SelectMany(a => a.Events).Select(e => e.Id).Distinct()];

    /// <summary>What to write, in log order.</summary>
    public List<RecordedEvent> Events { get; } = [];

    public void Stands(string stream, long version, byte[] hash) => _heads[stream] = new(version + 1, hash);

    public void Stands(Guid id, AppendRules.Place place) => _places[id] = place;

    /// <summary>Decides every append; the log ends at <paramref name="end"/>.</summary>
    public void Decide(ulong end)
    {
        foreach (var append in appends)
        {
            append.Error = null; // of an attempt before this one
            try { append.Answer = Decide(append, end + (ulong)Events.Count); }
            catch (Exception e) when (e is ArgumentException or EventIdConflictException) { append.Error = e; } // this caller's mistake
        }
    }

    AppendResult Decide(PendingAppend append, ulong end)
    {
        var (stream, version, events) = (append.Stream, append.ExpectedVersion, append.Events);
        if (!_heads.TryGetValue(stream, out var head)) head = new(0, EventChain.Genesis);
        if (version != head.Version || events.Any(e => _places.ContainsKey(e.Id)))
            return AppendRules.Settle(stream, version, events, head.Version, _places.GetValueOrDefault);
        AppendRules.CheckChain(stream, version, head.Hash, events);
        foreach (var e in events)
        {
            // Copied: the caller may use its buffers again.
            var written = new RecordedEvent(stream, version++, new(++end), e.Id, e.Type, e.Data.ToArray(), e.Metadata.ToArray(), e.Hash.ToArray());
            Events.Add(written);
            _places[e.Id] = new(stream, written.Version, written.Position, written.Hash);
        }
        _heads[stream] = new(version, Events[^1].Hash);
        return new(true, version, new(end));
    }
}
