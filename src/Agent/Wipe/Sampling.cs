using Ppec.Agent.Linux;

namespace Ppec.Agent.Wipe;

/// <summary>Proof by looking: marks written before an erasure must be gone, and every sampled block must be erased.</summary>
internal static class Sampling
{
    internal const int RandomBlocks = 64;
    const int Block = 4096, Edge = 1 << 20;

    /// <summary>Writes a mark at the beginning, the middle and the end: an erasure that did nothing on an empty disk would otherwise look well.</summary>
    internal static void Mark(IBlockDevice device)
    {
        foreach (var at in MarkedPlaces(device.Length)) device.Write(at, Pattern(device.Length));
        device.Flush();
    }

    /// <summary>How many blocks were read, and what is wrong with the first bad one.</summary>
    internal static (int Samples, string? Failure) Verify(IBlockDevice device, bool onesCount)
    {
        device.DropCaches();
        var buffer = new byte[Edge];
        var samples = 0;
        foreach (var (at, length) in Places(device.Length))
        {
            var read = buffer.AsSpan(0, length);
            device.Read(at, read);
            samples++;
            var bad = read.IndexOfAnyExcept((byte)0);
            if (bad < 0 || (onesCount && read.IndexOfAnyExcept((byte)0xFF) < 0)) continue;
            var marked = read[..Math.Min(length, Block)].SequenceEqual(Pattern(device.Length).AsSpan(0, Math.Min(length, Block)));
            return (samples, marked ? $"the mark written beforehand is still at byte {at}" : $"byte {at + bad} is not erased");
        }

        return (samples, null);
    }

    static IEnumerable<(long At, int Length)> Places(long size)
    {
        foreach (var at in MarkedPlaces(size)) yield return (at, (int)Math.Min(Block, size));
        yield return (0, (int)Math.Min(Edge, size));
        yield return (Math.Max(0, size - Edge), (int)Math.Min(Edge, size));
        if (size < Block) yield break;
        for (var i = 0; i < RandomBlocks; i++) yield return (Random.Shared.NextInt64(size / Block) * Block, Block);
    }

    static IEnumerable<long> MarkedPlaces(long size) => size < 3 * Block ? [0] : [0, size / 2 / Block * Block, (size / Block * Block) - Block];

    static byte[] Pattern(long size)
    {
        var mark = new byte[(int)Math.Min(Block, size)];
        for (var i = 0; i < mark.Length; i++) mark[i] = (byte)(0xA5 ^ i);
        return mark;
    }
}
