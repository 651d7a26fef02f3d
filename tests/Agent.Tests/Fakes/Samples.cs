using System.IO.Compression;
using System.Security.Cryptography;
using Ppec.Contracts.Images;

namespace Ppec.Agent.Tests.Fakes;

/// <summary>Images and plans.</summary>
static class Samples
{
    internal const int SeedAt = 1 << 20, SeedSize = 4 << 20;

    /// <summary>A raw disk: noise, an MBR, and one partition labelled CIDATA from 1 to 5 MiB.</summary>
    internal static byte[] Disk(int size = 6 << 20, string label = "CIDATA")
    {
        var disk = new byte[size];
        new Random(42).NextBytes(disk);
        disk.AsSpan(446, 64).Clear();
        var entry = disk.AsSpan(446, 16);
        entry[4] = 0x0E;
        BitConverter.TryWriteBytes(entry[8..], SeedAt / 512);
        BitConverter.TryWriteBytes(entry[12..], SeedSize / 512);
        (disk[510], disk[511]) = (0x55, 0xAA);
        "FAT16   "u8.CopyTo(disk.AsSpan(SeedAt + 0x36));
        System.Text.Encoding.ASCII.GetBytes(label.PadRight(11)).CopyTo(disk, SeedAt + 0x2B);
        return disk;
    }

    internal static byte[] Gzip(byte[] raw)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(raw);
        return stream.ToArray();
    }

    internal static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    internal static ImageRef Image(byte[] raw, byte[] stored, string format = "raw+gzip") =>
        new("demo@1", format, Sha256(stored), stored.Length, Sha256(raw), raw.Length, "bios");

    internal static InstallPlan Plan(string serial, byte[] raw, byte[]? stored = null) => new(
        "m-1", Image(raw, stored ?? raw), new DiskRef(serial, ""), "web-001", "web",
        [new("52:54:00:00:00:01", "10.0.2.15/24", "10.0.2.2", ["10.0.2.3"])], ["ssh-ed25519 AAAA somebody"], "");
}
