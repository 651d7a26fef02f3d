namespace Ppec.Projections;

/// <summary>What a set of documents has in common: a value of a key; with an empty value, that it has the key at all; with an empty key, that it is of the noun.</summary>
readonly record struct Posting(string Noun, string Key, string Value);

/// <summary>
/// The sets that were asked for last, kept as the writer changes them: to count and intersect them costs microseconds, to read them from the file milliseconds.
/// A set may be one batch ahead of what else a reader sees, never behind what it was told to wait for.
/// </summary>
/// <param name="batch">The last that was written.</param>
sealed class Postings(long batch)
{
    const int Most = 256;

    /// <summary>Smaller sets are read as fast as they are kept.</summary>
    const int WorthKeeping = 200;

    readonly Lock _lock = new();
    readonly Dictionary<Posting, Bits> _kept = [];
    readonly List<(Posting Posting, long Number, bool There)> _changes = [];
    long _batch = batch;

    /// <param name="posting">Which.</param>
    /// <param name="batch">The batch that <paramref name="load"/> would read.</param>
    /// <param name="load">Reads it from the file.</param>
    public Bits Get(Posting posting, long batch, Func<Bits> load)
    {
        lock (_lock)
            if (_kept.TryGetValue(posting, out var kept)) return kept;
        var bits = load();
        if (bits.Count < WorthKeeping) return bits;
        lock (_lock)
        {
            if (batch != _batch) return bits; // something was written meanwhile, or is about to be told: the next who asks may keep it
            if (_kept.Count >= Most) _kept.Clear();
            return _kept[posting] = bits;
        }
    }

    /// <summary>The writer's: a batch begins; what was noted of one that failed was never written.</summary>
    public void Begin() => _changes.Clear();

    /// <summary>Whether the last batch was written is not known: everything is read again.</summary>
    public void Forget()
    {
        lock (_lock) _kept.Clear();
    }

    /// <summary>The writer's: this is so from the next <see cref="Publish"/> on.</summary>
    public void Note(Posting posting, long number, bool there) => _changes.Add((posting, number, there));

    /// <summary>The writer's: the batch is written.</summary>
    public void Publish(long batch)
    {
        lock (_lock)
        {
            if (_kept.Count > 0)
                foreach (var some in _changes.GroupBy(c => c.Posting))
                    if (_kept.TryGetValue(some.Key, out var kept)) _kept[some.Key] = kept.With(some.Select(c => (c.Number, c.There)));
            _batch = batch;
        }
    }
}
