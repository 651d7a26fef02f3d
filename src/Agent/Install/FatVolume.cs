using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Ppec.Agent.Install;

/// <summary>
/// Makes a FAT16 volume with a few files in its root: thirty-year-old, fixed structures that every kernel and firmware reads. Written here
/// so that the same seed always gives the same bytes, and PIOUS carries no tools for it.
/// </summary>
public static class FatVolume
{
    const int Sector = 512, Reserved = 4, RootEntries = 512, RootSectors = RootEntries * 32 / Sector, Fats = 2, LongNamePart = 13;
    const int LeastClusters = 4085, MostClusters = 65524; // what makes a FAT a FAT16

    /// <summary>
    /// The volume's bytes up to the last used one (what follows is free space, whose content means nothing), or null when
    /// <paramref name="length"/> is no size for a FAT16 or the files do not fit.
    /// </summary>
    public static byte[]? Build(long length, string label, uint hiddenSectors, ImmutableArray<SeedFile> files)
    {
        var (clusters, sectorsPerCluster, fatSectors) = Layout(length / Sector);
        if (clusters == 0) return null;
        var clusterSize = sectorsPerCluster * Sector;
        var used = files.Sum(f => (f.Content.Length + clusterSize - 1) / clusterSize);
        if (used > clusters) return null;

        var dataStart = (Reserved + (Fats * fatSectors) + RootSectors) * Sector;
        var volume = new byte[dataStart + (used * clusterSize)];
        WriteBootSector(volume, (uint)(length / Sector), sectorsPerCluster, fatSectors, hiddenSectors, label);
        var fat = volume.AsSpan(Reserved * Sector, fatSectors * Sector);
        BinaryPrimitives.WriteUInt32LittleEndian(fat, 0xFFFF_FFF8);
        var root = new Directory(volume, dataStart - (RootSectors * Sector));
        root.AddLabel(label);
        ushort next = 2;
        foreach (var file in files)
        {
            var count = (file.Content.Length + clusterSize - 1) / clusterSize;
            root.AddFile(file.Name, count == 0 ? (ushort)0 : next, file.Content.Length);
            file.Content.CopyTo(volume.AsSpan(dataStart + ((next - 2) * clusterSize)));
            for (var i = 0; i < count; i++, next++)
                BinaryPrimitives.WriteUInt16LittleEndian(fat[(next * 2)..], i == count - 1 ? (ushort)0xFFFF : (ushort)(next + 1));
        }

        fat.CopyTo(volume.AsSpan((Reserved + fatSectors) * Sector));
        return volume;
    }

    static (int Clusters, int SectorsPerCluster, int FatSectors) Layout(long sectors)
    {
        for (var perCluster = 1; perCluster <= 64; perCluster *= 2)
        {
            var clusters = (sectors - Reserved - RootSectors) / perCluster;
            if (clusters > 2 * MostClusters) continue;
            var fatSectors = (int)(((clusters + 2) * 2) + Sector - 1) / Sector;
            clusters = (sectors - Reserved - RootSectors - (Fats * fatSectors)) / perCluster;
            if (clusters < LeastClusters) return default;
            if (clusters <= MostClusters) return ((int)clusters, perCluster, fatSectors);
        }

        return default;
    }

    static void WriteBootSector(Span<byte> b, uint sectors, int perCluster, int fatSectors, uint hidden, string label)
    {
        ReadOnlySpan<byte> start = [0xEB, 0x3C, 0x90];
        start.CopyTo(b);
        "PPEC    "u8.CopyTo(b[3..]);
        BinaryPrimitives.WriteUInt16LittleEndian(b[0x0B..], Sector);
        b[0x0D] = (byte)perCluster;
        BinaryPrimitives.WriteUInt16LittleEndian(b[0x0E..], Reserved);
        b[0x10] = Fats;
        BinaryPrimitives.WriteUInt16LittleEndian(b[0x11..], RootEntries);
        BinaryPrimitives.WriteUInt16LittleEndian(b[0x13..], sectors < 0x10000 ? (ushort)sectors : (ushort)0);
        b[0x15] = 0xF8;
        BinaryPrimitives.WriteUInt16LittleEndian(b[0x16..], (ushort)fatSectors);
        BinaryPrimitives.WriteUInt16LittleEndian(b[0x18..], 63);
        BinaryPrimitives.WriteUInt16LittleEndian(b[0x1A..], 255);
        BinaryPrimitives.WriteUInt32LittleEndian(b[0x1C..], hidden);
        BinaryPrimitives.WriteUInt32LittleEndian(b[0x20..], sectors < 0x10000 ? 0 : sectors);
        b[0x24] = 0x80;
        b[0x26] = 0x29;
        "PPEC"u8.CopyTo(b[0x27..]);
        Encoding.ASCII.GetBytes(label.PadRight(11)).CopyTo(b[0x2B..]);
        "FAT16   "u8.CopyTo(b[0x36..]);
        (b[510], b[511]) = (0x55, 0xAA);
    }

    /// <summary>The root directory: long names in front of their 8.3 stand-ins.</summary>
    sealed class Directory(byte[] volume, int at)
    {
        int _at = at, _number;

        internal void AddLabel(string label) => Add(Encoding.ASCII.GetBytes(label.PadRight(11)), 0x08, 0, 0);

        internal void AddFile(string name, ushort cluster, int size)
        {
            var alias = Encoding.ASCII.GetBytes($"PPEC~{++_number}".PadRight(11));
            byte sum = 0;
            foreach (var c in alias) sum = (byte)(((sum & 1) << 7) + (sum >> 1) + c);
            var parts = (name.Length + LongNamePart - 1) / LongNamePart;
            for (var part = parts; part > 0; part--) AddLongPart(name, part, part == parts, sum);
            Add(alias, 0x20, cluster, size);
        }

        void AddLongPart(string name, int part, bool last, byte sum)
        {
            var entry = volume.AsSpan(_at, 32);
            _at += 32;
            (entry[0], entry[11], entry[13]) = ((byte)(part | (last ? 0x40 : 0)), 0x0F, sum);
            for (var i = 0; i < LongNamePart; i++)
            {
                var index = ((part - 1) * LongNamePart) + i;
                var c = index < name.Length ? name[index] : index == name.Length ? '\0' : '\uFFFF';
                BinaryPrimitives.WriteUInt16LittleEndian(entry[(i < 5 ? 1 + (i * 2) : i < 11 ? 14 + ((i - 5) * 2) : 28 + ((i - 11) * 2))..], c);
            }
        }

        void Add(ReadOnlySpan<byte> alias, byte attributes, ushort cluster, int size)
        {
            const ushort Date = ((2026 - 1980) << 9) | (1 << 5) | 1; // fixed: the same seed, the same bytes
            var entry = volume.AsSpan(_at, 32);
            _at += 32;
            alias.CopyTo(entry);
            entry[11] = attributes;
            BinaryPrimitives.WriteUInt16LittleEndian(entry[16..], Date);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[18..], Date);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[24..], Date);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[26..], cluster);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[28..], (uint)size);
        }
    }
}
