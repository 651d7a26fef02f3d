using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;

namespace Ppec.Projections.Audit;

/// <summary>
/// The log's Merkle tree in two files that only grow: every leaf and then the nodes it completes (so the node at a level and index has its place by counting),
/// and each event's position. Disposable: what was not flushed, or is of another log, is folded again. One writer; readers see whole batches.
/// </summary>
sealed class TreeFile : IDisposable
{
    const long Mark = 0x5050455452454531; // "PPETREE1"
    const int HeadBytes = 16, PlaceBytes = 16;

    readonly SafeFileHandle _nodes, _places;
    readonly CompactRange _range;
    long _size;

    TreeFile(SafeFileHandle nodes, SafeFileHandle places, long size)
    {
        (_nodes, _places, _size, Tree) = (nodes, places, size, new(Node));
        _range = CompactRange.Of(size, Tree);
    }

    public long Size => Volatile.Read(ref _size);

    public MerkleTree Tree { get; }

    /// <summary>Where the log was read to.</summary>
    public LogPosition Position => Size == 0 ? LogPosition.Start : PositionOf(Size - 1);

    /// <summary>As far as it was flushed; anything else than such files is made anew.</summary>
    public static TreeFile Open(string path)
    {
        var nodes = File.OpenHandle($"{path}.nodes", FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var places = File.OpenHandle($"{path}.places", FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var head = new byte[HeadBytes];
        var size = RandomAccess.Read(places, head, 0) == HeadBytes && BinaryPrimitives.ReadInt64BigEndian(head) == Mark ? BinaryPrimitives.ReadInt64BigEndian(head.AsSpan(8)) : 0;
        if (size < 0 || RandomAccess.GetLength(nodes) < NodesOf(size) * Merkle.HashBytes || RandomAccess.GetLength(places) < HeadBytes + size * PlaceBytes) size = 0;
        return new(nodes, places, size);
    }

    /// <summary>Nothing of it is kept.</summary>
    public static void Remove(string path)
    {
        File.Delete($"{path}.nodes");
        File.Delete($"{path}.places");
    }

    public void Add(IReadOnlyList<RecordedEvent> events)
    {
        var (nodes, places) = (new MemoryStream(events.Count * 2 * Merkle.HashBytes), new byte[events.Count * PlaceBytes]);
        for (var i = 0; i < events.Count; i++)
        {
            _range.Add(Merkle.Leaf(events[i].Hash.Span), made => nodes.Write(made));
            BinaryPrimitives.WriteUInt64BigEndian(places.AsSpan(i * PlaceBytes), events[i].Position.Commit);
            BinaryPrimitives.WriteUInt64BigEndian(places.AsSpan(i * PlaceBytes + 8), events[i].Position.Prepare);
        }
        var size = _size;
        RandomAccess.Write(_nodes, nodes.GetBuffer().AsSpan(0, (int)nodes.Length), NodesOf(size) * Merkle.HashBytes);
        RandomAccess.Write(_places, places, HeadBytes + size * PlaceBytes);
        Volatile.Write(ref _size, size + events.Count);
    }

    /// <summary>What is in it now is there after a power cut.</summary>
    public void Flush()
    {
        RandomAccess.FlushToDisk(_nodes);
        RandomAccess.FlushToDisk(_places);
        var head = new byte[HeadBytes];
        BinaryPrimitives.WriteInt64BigEndian(head, Mark);
        BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(8), Size);
        RandomAccess.Write(_places, head, 0);
    }

    public LogPosition PositionOf(long index)
    {
        Span<byte> place = stackalloc byte[PlaceBytes];
        RandomAccess.Read(_places, place, HeadBytes + index * PlaceBytes);
        return new(BinaryPrimitives.ReadUInt64BigEndian(place), BinaryPrimitives.ReadUInt64BigEndian(place[8..]));
    }

    /// <summary>Which event stands at a position; null for none.</summary>
    public long? IndexOf(LogPosition position)
    {
        var (from, to) = (0L, Size);
        while (from < to)
        {
            var middle = from + (to - from) / 2;
            if (PositionOf(middle) < position) from = middle + 1;
            else to = middle;
        }
        return from < Size && PositionOf(from) == position ? from : null;
    }

    public void Dispose()
    {
        _nodes.Dispose();
        _places.Dispose();
    }

    /// <summary>How many nodes there are when there are so many leaves.</summary>
    static long NodesOf(long leaves) => 2 * leaves - BitOperations.PopCount((ulong)leaves);

    byte[] Node(int level, long index)
    {
        var hash = new byte[Merkle.HashBytes];
        var last = ((index + 1) << level) - 1; // its last leaf; then come the nodes that leaf completes, from below
        RandomAccess.Read(_nodes, hash, (NodesOf(last) + level) * Merkle.HashBytes);
        return hash;
    }
}
