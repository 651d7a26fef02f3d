using System.IO.Compression;
using System.Security.Cryptography;
using Ppec.Agent.Link;
using Ppec.Agent.Linux;
using Ppec.Agent.Tasks;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;

namespace Ppec.Agent.Install;

/// <summary>
/// Writes an image to the plan's disk. The order is the safety: choose the disk and refuse all doubt; stream everything but the first
/// MiB; compare both digests; only then write the first MiB (partition table and boot code), so that a half-written or wrong image can
/// never boot; read the whole of it back from the medium; then the seed.
/// </summary>
public sealed class Installer(IControlPlane link, IDisks disks, string bootMode, TimeProvider clock)
{
    const int HeadSize = 1 << 20, ChunkSize = 1 << 20;

    /// <summary>Runs one installation. <paramref name="task"/> and <paramref name="operation"/> go into the seed.</summary>
    public async Task<TaskResult> Run(InstallImage work, string task, string operation, WorkLog log, CancellationToken stop)
    {
        var plan = work.Plan;
        if (Refuse(plan.Image) is { } refusal) return new(refusal);
        var (disk, doubt) = DiskChoice.Find(plan.RootDisk, disks.List());
        if (disk is null) return new(doubt);
        using var device = disks.Open(disk, write: true);
        if (device.Length < plan.Image.DiskSizeBytes) return new($"Disk {disk.Serial} has {device.Length} bytes, the image needs {plan.Image.DiskSizeBytes}. Nothing was written.");
        if (device.SectorSize != 512) return new($"Disk {disk.Serial} has sectors of {device.SectorSize} bytes; images are made for 512. Nothing was written.");

        log.Line($"writing {plan.Image.Image} ({plan.Image.DiskSizeBytes} bytes) to {disk.Slot}, serial {disk.Serial}");
        var head = new byte[Math.Min(HeadSize, plan.Image.DiskSizeBytes)];
        var (written, error) = await Write(plan.Image, device, head, log, stop);
        if (written is null) return new(error);

        // From here on it is finished whatever comes: stopping between these steps would leave a disk that boots but was never checked.
        device.Flush();
        device.Write(0, head);
        device.DropCaches();
        log.Line("written; reading all of it back from the disk");
        var readBack = ReadBack(device, plan.Image.DiskSizeBytes, log);
        if (readBack != plan.Image.DiskSha256)
        {
            device.Write(0, new byte[head.Length]); // it must not boot
            device.Flush();
            return new($"Disk {disk.Serial} does not give back what was written: digest {readBack}, not {plan.Image.DiskSha256}. Its first MiB was zeroed.");
        }

        if (SeedPartition.Write(device, plan.Image.DiskSizeBytes, SeedFiles.For(work, task, operation)) is { } unseeded) return new(unseeded);
        log.At(100, "installed");
        return new(null, Install: new InstallReport(disk.Serial, plan.Image.DiskSizeBytes, written, readBack));
    }

    string? Refuse(ImageRef image)
    {
        if (image.Format is not ("raw" or "raw+gzip")) return $"This agent cannot write images of format {image.Format}. Nothing was written.";
        if (image.SizeBytes <= 0 || image.DiskSizeBytes < 512) return "The plan states no image size. Nothing was written.";
        // What started us now is what will start the disk, and one kind cannot start the other.
        return image.BootMode is "bios" or "uefi" && image.BootMode != bootMode ? $"The image boots by {image.BootMode}, the machine by {bootMode}. Nothing was written." : null;
    }

    /// <summary>All but the head, which is kept in memory. The raw digest, or an error.</summary>
    async Task<(string? Digest, string? Error)> Write(ImageRef image, IBlockDevice device, byte[] head, WorkLog log, CancellationToken stop)
    {
        await using var stored = new ImageStream(link, image.Sha256, image.SizeBytes, log, clock);
        await using Stream raw = image.Format == "raw" ? stored : new GZipStream(stored, CompressionMode.Decompress, leaveOpen: true);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkSize];
        long at = 0;
        try
        {
            while (true)
            {
                stop.ThrowIfCancellationRequested();
                var n = await Fill(raw, buffer, stop);
                if (n == 0) break;
                if (at + n > image.DiskSizeBytes) return (null, $"The image expands to more than the stated {image.DiskSizeBytes} bytes. Its boot code was not written.");
                hash.AppendData(buffer, 0, n);
                if (at < head.Length) buffer.AsSpan(0, n).CopyTo(head.AsSpan((int)at)); // chunks are as large as the head: never half of one
                else device.Write(at, buffer.AsSpan(0, n));
                at += n;
                log.At((int)(at * 70 / image.DiskSizeBytes), $"writing: {at >> 20} of {image.DiskSizeBytes >> 20} MiB");
            }
        }
        catch (InvalidDataException e) { return (null, $"The image is damaged: {e.Message} Its boot code was not written."); }

        var digest = Convert.ToHexStringLower(hash.GetCurrentHash());
        var storedDigest = await stored.Digest(stop);
        if (storedDigest != image.Sha256) return (null, $"The stored image has digest {storedDigest}, not {image.Sha256}. Its boot code was not written.");
        if (at != image.DiskSizeBytes || digest != image.DiskSha256) return (null, $"The image expands to {at} bytes with digest {digest}, not {image.DiskSizeBytes} with {image.DiskSha256}. Its boot code was not written.");
        return (digest, null);
    }

    static async Task<int> Fill(Stream source, Memory<byte> buffer, CancellationToken stop) =>
        await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop);

    static string ReadBack(IBlockDevice device, long length, WorkLog log)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkSize];
        for (long at = 0; at < length;)
        {
            var n = (int)Math.Min(buffer.Length, length - at);
            device.Read(at, buffer.AsSpan(0, n));
            hash.AppendData(buffer, 0, n);
            at += n;
            log.At(70 + (int)(at * 28 / length), $"reading back: {at >> 20} of {length >> 20} MiB");
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
