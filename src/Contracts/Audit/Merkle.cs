using System.Collections.Immutable;
using System.Numerics;
using System.Security.Cryptography;

namespace Ppec.Contracts.Audit;

/// <summary>
/// The Merkle tree over the log, in log order, hashed as RFC 6962 has it: a leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right), no leaves SHA-256 of nothing.
/// A leaf's data is the event's chain hash as it is stored (<see cref="Events.EventChain"/>): it covers the event's stream, version, id, type, data and metadata, and all that was in its stream before.
/// </summary>
public static class Merkle
{
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>The root of a tree without leaves.</summary>
    public static byte[] Empty => SHA256.HashData([]);

    public static byte[] Leaf(ReadOnlySpan<byte> data)
    {
        Span<byte> text = stackalloc byte[1 + data.Length];
        text[0] = 0x00;
        data.CopyTo(text[1..]);
        return SHA256.HashData(text);
    }

    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> text = stackalloc byte[1 + HashBytes + HashBytes];
        text[0] = 0x01;
        left.CopyTo(text[1..]);
        right.CopyTo(text[(1 + HashBytes)..]);
        return SHA256.HashData(text);
    }

    /// <summary>Whether the leaf with this hash is number <paramref name="index"/> (from 0) of the tree of <paramref name="size"/> leaves with this root.</summary>
    public static bool Includes(long index, long size, ReadOnlySpan<byte> leaf, ImmutableArray<byte[]> path, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size || leaf.Length != HashBytes) return false;
        var (at, last, hash) = (index, size - 1, leaf.ToArray());
        foreach (var sibling in path)
        {
            if (last == 0 || sibling.Length != HashBytes) return false;
            if (IsRight(ref at, ref last)) hash = Node(sibling, hash);
            else hash = Node(hash, sibling);
            (at, last) = (at >> 1, last >> 1);
        }
        return last == 0 && root.SequenceEqual(hash);
    }

    /// <summary>Whether the tree of <paramref name="from"/> leaves is the beginning of the tree of <paramref name="to"/>: nothing of it was altered, only added to.</summary>
    public static bool IsConsistent(long from, long to, ReadOnlySpan<byte> rootFrom, ReadOnlySpan<byte> rootTo, ImmutableArray<byte[]> proof)
    {
        if (from < 0 || from > to || proof.Any(p => p.Length != HashBytes)) return false;
        if (from == to) return proof.IsEmpty && rootFrom.SequenceEqual(rootTo);
        if (from == 0) return proof.IsEmpty && rootFrom.SequenceEqual(Empty);
        if (BitOperations.IsPow2(from)) proof = proof.Insert(0, rootFrom.ToArray());
        if (proof.IsEmpty) return false;
        var (at, last) = (from - 1, to - 1);
        while ((at & 1) == 1) (at, last) = (at >> 1, last >> 1);
        var (before, after) = (proof[0], proof[0]);
        foreach (var sibling in proof.AsSpan()[1..])
        {
            if (last == 0) return false;
            if (IsRight(ref at, ref last)) (before, after) = (Node(sibling, before), Node(sibling, after));
            else after = Node(after, sibling);
            (at, last) = (at >> 1, last >> 1);
        }
        return last == 0 && rootFrom.SequenceEqual(before) && rootTo.SequenceEqual(after);
    }

    /// <summary>Whether what is proven stands right of its sibling; levels at which it has none are passed over.</summary>
    static bool IsRight(ref long at, ref long last)
    {
        if ((at & 1) == 0 && at != last) return false;
        while ((at & 1) == 0 && at != 0) (at, last) = (at >> 1, last >> 1);
        return true;
    }
}

/// <summary>A tree that grows at its end, of which only the roots of its complete subtrees are kept: 64 hashes, however many leaves.</summary>
public sealed class CompactRange
{
    readonly byte[][] _peaks = new byte[64][];

    /// <summary>How many leaves.</summary>
    public long Size { get; private set; }

    /// <summary>Adds the hash of a leaf. <paramref name="made"/> is told it, and then each node that it completes, from below.</summary>
    public void Add(byte[] leaf, Action<byte[]>? made = null)
    {
        var (node, level) = (leaf, 0);
        made?.Invoke(node);
        for (var left = Size; (left & 1) == 1; left >>= 1)
        {
            node = Merkle.Node(_peaks[level++], node);
            made?.Invoke(node);
        }
        _peaks[level] = node;
        Size++;
    }

    /// <summary>As it was with <paramref name="size"/> leaves, from the nodes of a whole tree.</summary>
    public static CompactRange Of(long size, MerkleTree tree)
    {
        var range = new CompactRange { Size = size };
        for (var level = 0; size >> level > 0; level++)
            if ((size >> level & 1) == 1) range._peaks[level] = tree.Complete(level, (size >> level) - 1);
        return range;
    }

    public byte[] Root()
    {
        byte[]? root = null;
        for (var (left, level) = (Size, 0); left > 0; left >>= 1, level++)
            if ((left & 1) == 1) root = root is null ? _peaks[level] : Merkle.Node(_peaks[level], root);
        return root ?? Merkle.Empty;
    }
}

/// <summary>A whole tree, whose complete nodes are kept somewhere. <paramref name="complete"/> answers the root of the subtree <c>index</c> of those with 2^<c>level</c> leaves.</summary>
public sealed class MerkleTree(Func<int, long, byte[]> complete)
{
    public byte[] Complete(int level, long index) => complete(level, index);

    /// <summary>The root of the first <paramref name="size"/> leaves.</summary>
    public byte[] Root(long size) => size == 0 ? Merkle.Empty : Hash(0, size);

    /// <summary>The siblings on the way from a leaf to the root, from below (RFC 6962, 2.1.1).</summary>
    public ImmutableArray<byte[]> Inclusion(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var path = ImmutableArray.CreateBuilder<byte[]>();
        for (var (from, to) = (0L, size); to - from > 1;)
        {
            var middle = from + Split(to - from);
            path.Add(index < middle ? Hash(middle, to) : Hash(from, middle));
            (from, to) = index < middle ? (from, middle) : (middle, to);
        }
        path.Reverse();
        return path.DrainToImmutable();
    }

    /// <summary>What shows that the first <paramref name="from"/> leaves are the beginning of the first <paramref name="to"/> (RFC 6962, 2.1.2).</summary>
    public ImmutableArray<byte[]> Consistency(long from, long to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        var proof = ImmutableArray.CreateBuilder<byte[]>();
        if (from is 0 || from == to) return [];
        var (start, end, whole) = (0L, to, true);
        while (from != end)
        {
            var middle = start + Split(end - start);
            proof.Add(from <= middle ? Hash(middle, end) : Hash(start, middle));
            if (from <= middle) end = middle;
            else (start, whole) = (middle, false);
        }
        if (!whole) proof.Add(Hash(start, end));
        proof.Reverse();
        return proof.DrainToImmutable();
    }

    byte[] Hash(long from, long to)
    {
        var count = to - from;
        if (BitOperations.IsPow2(count)) return complete(BitOperations.Log2((ulong)count), from / count); // the left part is always aligned
        var middle = from + Split(count);
        return Merkle.Node(Hash(from, middle), Hash(middle, to));
    }

    /// <summary>The largest power of two below <paramref name="count"/>.</summary>
    static long Split(long count) => 1L << BitOperations.Log2((ulong)(count - 1));
}
