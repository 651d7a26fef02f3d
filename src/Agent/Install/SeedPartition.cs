using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Ppec.Agent.Linux;

namespace Ppec.Agent.Install;

/// <summary>
/// The partition an image reserves for its seed: a FAT volume labelled <c>CIDATA</c>, which is what cloud-init's NoCloud looks for.
/// It is made anew with the seed's files, not edited.
/// </summary>
public static class SeedPartition
{
    /// <summary>The volume label, of the image's reserved partition and of ours.</summary>
    public const string Label = "CIDATA";

    const int Sector = 512;

    /// <summary>Finds the partition, writes it and reads it back; null, or a sentence that says what went wrong.</summary>
    public static string? Write(IBlockDevice device, long imageLength, ImmutableArray<SeedFile> files)
    {
        var (offset, length) = Find(device, imageLength);
        if (length == 0) return $"The image has no FAT partition labelled {Label} for its seed: the machine would start without a name or address.";
        if (FatVolume.Build(length, Label, (uint)(offset / Sector), files) is not { } volume) return $"The partition labelled {Label} ({length} bytes) is too small for the seed.";
        device.Write(offset, volume);
        device.DropCaches();
        var back = new byte[volume.Length];
        device.Read(offset, back);
        return back.AsSpan().SequenceEqual(volume) ? null : "The disk does not give back the seed that was written.";
    }

    /// <summary>The first partition inside the image with our label; length 0 when there is none.</summary>
    public static (long Offset, long Length) Find(IBlockDevice device, long imageLength)
    {
        foreach (var (offset, length) in Partitions(device))
            if (offset >= Sector && length >= Sector && offset <= imageLength - length && HasLabel(device, offset)) return (offset, length);
        return default;
    }

    static bool HasLabel(IBlockDevice device, long offset)
    {
        var boot = new byte[Sector];
        device.Read(offset, boot);
        var label = boot.AsSpan(0x36, 3).SequenceEqual("FAT"u8) ? boot.AsSpan(0x2B, 11) : boot.AsSpan(0x52, 3).SequenceEqual("FAT"u8) ? boot.AsSpan(0x47, 11) : default;
        return Encoding.ASCII.GetString(label).Trim().Equals(Label, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Primary MBR partitions, or GPT's. A table that makes no sense has no partitions.</summary>
    static IEnumerable<(long Offset, long Length)> Partitions(IBlockDevice device)
    {
        var mbr = new byte[Sector];
        device.Read(0, mbr);
        if (mbr[510] != 0x55 || mbr[511] != 0xAA) return [];
        var entries = Enumerable.Range(0, 4).Select(i => mbr.AsMemory(446 + (16 * i), 16)).ToList();
        if (entries.Any(e => e.Span[4] == 0xEE)) return Gpt(device);
        return entries.Where(e => e.Span[4] != 0).Select(e => (
            BinaryPrimitives.ReadUInt32LittleEndian(e.Span[8..]) * (long)Sector,
            BinaryPrimitives.ReadUInt32LittleEndian(e.Span[12..]) * (long)Sector));
    }

    static IEnumerable<(long Offset, long Length)> Gpt(IBlockDevice device)
    {
        var header = new byte[Sector];
        device.Read(Sector, header);
        if (!header.AsSpan().StartsWith("EFI PART"u8)) yield break;
        var table = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(72));
        var count = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(80));
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(84));
        if (table < 2 || count > 1024 || size is < 128 or > 4096 || table > (device.Length / Sector) - 2048) yield break;
        var entry = new byte[size];
        for (var i = 0; i < count; i++)
        {
            device.Read((table * Sector) + ((long)i * size), entry);
            if (entry.AsSpan(0, 16).IndexOfAnyExcept((byte)0) < 0) continue;
            var (first, last) = (BinaryPrimitives.ReadInt64LittleEndian(entry.AsSpan(32)), BinaryPrimitives.ReadInt64LittleEndian(entry.AsSpan(40)));
            if (first > 0 && last >= first && last < device.Length / Sector) yield return (first * Sector, (last - first + 1) * Sector);
        }
    }
}
