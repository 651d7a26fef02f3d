using System.Numerics;

namespace Ppec.Projections;

/// <summary>
/// A set of documents by their numbers: a bitmap in pieces of 4,096, of which the empty ones are not there. Once it is shared it never changes:
/// <see cref="With"/> copies the pieces that differ.
/// </summary>
sealed class Bits
{
    const int Shift = 12;
    const int Words = 1 << (Shift - 6);

    ulong[]?[] _pieces = [];
    int _count = -1;

    public static Bits Of(IEnumerable<long> numbers)
    {
        var bits = new Bits();
        foreach (var n in numbers) bits.Add(n);
        return bits;
    }

    /// <summary>How many it holds.</summary>
    public int Count
    {
        get
        {
            if (_count >= 0) return _count;
            var count = 0;
            foreach (var piece in _pieces)
                foreach (var word in piece ?? []) count += BitOperations.PopCount(word);
            return _count = count;
        }
    }

    /// <summary>More than every number in it.</summary>
    public long Bound => (long)_pieces.Length << Shift;

    public bool Contains(long n) => n >> Shift is var at && at < _pieces.Length && _pieces[at] is { } piece && (piece[n >> 6 & (Words - 1)] & (1UL << (int)(n & 63))) != 0;

    /// <summary>For who makes the set, before anybody else sees it.</summary>
    public void Add(long n)
    {
        var at = (int)(n >> Shift);
        if (at >= _pieces.Length) Array.Resize(ref _pieces, Math.Max(at + 1, _pieces.Length * 2));
        (_pieces[at] ??= new ulong[Words])[n >> 6 & (Words - 1)] |= 1UL << (int)(n & 63);
        _count = -1;
    }

    /// <summary>The set with some numbers more and some fewer.</summary>
    public Bits With(IEnumerable<(long Number, bool There)> changes)
    {
        var pieces = (ulong[]?[])_pieces.Clone();
        var copied = new HashSet<int>();
        foreach (var (n, there) in changes)
        {
            var at = (int)(n >> Shift);
            if (at >= pieces.Length) Array.Resize(ref pieces, at + 1);
            if (copied.Add(at)) pieces[at] = (ulong[]?)pieces[at]?.Clone() ?? new ulong[Words];
            ref var word = ref pieces[at]![n >> 6 & (Words - 1)];
            var bit = 1UL << (int)(n & 63);
            word = there ? word | bit : word & ~bit;
        }
        return new() { _pieces = pieces };
    }

    public Bits And(Bits other) => Together(other, Math.Min(_pieces.Length, other._pieces.Length), (a, b) => a is null || b is null ? null : Each(a, b, (x, y) => x & y));

    public Bits Or(Bits other) => Together(other, Math.Max(_pieces.Length, other._pieces.Length), (a, b) => a is null ? b : b is null ? a : Each(a, b, (x, y) => x | y));

    public Bits Except(Bits other) => Together(other, _pieces.Length, (a, b) => a is null || b is null ? a : Each(a, b, (x, y) => x & ~y));

    /// <summary>In ascending order.</summary>
    public IEnumerable<long> Numbers()
    {
        for (var at = 0; at < _pieces.Length; at++)
            for (var w = 0; _pieces[at] is { } piece && w < Words; w++)
                for (var word = piece[w]; word != 0; word &= word - 1)
                    yield return ((long)at << Shift) + (w << 6) + BitOperations.TrailingZeroCount(word);
    }

    Bits Together(Bits other, int length, Func<ulong[]?, ulong[]?, ulong[]?> combine)
    {
        var pieces = new ulong[]?[length];
        for (var at = 0; at < length; at++) pieces[at] = combine(at < _pieces.Length ? _pieces[at] : null, at < other._pieces.Length ? other._pieces[at] : null);
        return new() { _pieces = pieces };
    }

    static ulong[] Each(ulong[] a, ulong[] b, Func<ulong, ulong, ulong> combine)
    {
        var words = new ulong[Words];
        for (var w = 0; w < Words; w++) words[w] = combine(a[w], b[w]);
        return words;
    }
}
