using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;

namespace Ppec.Lab.Sim;

/// <summary>Installs an image on a simulated disk: the file is really fetched, expanded and hashed; only the bytes are not kept.</summary>
internal sealed class SimInstall(SimMachine machine, SimWorld world)
{
    const int Tries = 5;

    /// <summary>The result, or null when PPEC said to stop.</summary>
    public async Task<TaskResult?> Run(Uri ppec, string credential, InstallImage work, Func<TaskProgress, Task<bool>> report, CancellationToken mains)
    {
        var image = work.Plan.Image;
        var disk = machine.Plan.FittedDisks.FirstOrDefault(d => d.Serial == work.Plan.RootDisk.Serial && (work.Plan.RootDisk.Wwn.Length == 0 || d.Wwn == work.Plan.RootDisk.Wwn));
        if (disk is null) return new TaskResult($"There is no disk with serial {work.Plan.RootDisk.Serial} here.");
        if (image.DiskSizeBytes > disk.SizeMiB << 20) return new TaskResult($"The image needs {image.DiskSizeBytes} bytes; the disk has {disk.SizeMiB << 20}.");
        machine.Memory.Keep(disk.Serial, new SimDisk(null, Torn: true));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (!await report(new TaskProgress(10, "Writing the image", [$"{image.Image} to {disk.Serial}, try {attempt}"]))) return null;
                var (stored, written, size) = await Fetch(ppec, credential, image, mains);
                if (stored != image.Sha256) return new TaskResult($"The stored file's digest is {stored}, not {image.Sha256}.");
                if (written != image.DiskSha256 || size != image.DiskSizeBytes) return new TaskResult($"The disk's digest is {written} over {size} bytes, not {image.DiskSha256} over {image.DiskSizeBytes}.");
                if (!await report(new TaskProgress(90, "Reading back", [$"{size} bytes written"]))) return null;
                await world.Pace(mains);
                machine.Memory.Keep(disk.Serial, new SimDisk(new SimSystem(work.Plan.Machine, work.Plan.Hostname, image, work.FirstBootToken, work.BeaconUrl, false), false));
                return new TaskResult(null, Install: new InstallReport(disk.Serial, size, written, written));
            }
            catch (Exception e) when (e is IOException or InvalidDataException or HttpRequestException)
            {
                if (attempt == Tries) return new TaskResult($"The image could not be fetched in {Tries} tries: {e.Message}");
                await Task.Delay(TimeSpan.FromMilliseconds(500 * attempt), mains);
            }
        }
    }

    async Task<(string Stored, string Disk, long Size)> Fetch(Uri ppec, string credential, ImageRef image, CancellationToken mains)
    {
        using var answer = await world.Insist(HttpMethod.Get, new Uri(ppec, $"agent/v1/images/{image.Sha256}"), credential, null, mains);
        if (!answer.IsSuccessStatusCode) throw new SessionEndedException($"the image was answered {(int)answer.StatusCode}");
        await using var body = await answer.Content.ReadAsStreamAsync(mains);
        using var stored = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (world.Expanded.TryGetValue(image.Sha256, out var known))
        {
            await Drain(body, chunk => stored.AppendData(chunk.Span), mains);
            return (Convert.ToHexStringLower(stored.GetHashAndReset()), known.DiskSha256, known.DiskSize);
        }

        var pipe = new Pipe();
        var expanding = Expand(pipe.Reader.AsStream(), image.Format, mains);
        try
        {
            var buffer = new byte[1 << 16];
            int read;
            while ((read = await body.ReadAsync(buffer, mains)) > 0)
            {
                stored.AppendData(buffer, 0, read);
                await pipe.Writer.WriteAsync(buffer.AsMemory(0, read), mains);
            }

            await pipe.Writer.CompleteAsync();
        }
        catch (Exception e)
        {
            await pipe.Writer.CompleteAsync(new IOException("the download broke", e));
            throw;
        }

        var (digest, size) = await expanding;
        var sha = Convert.ToHexStringLower(stored.GetHashAndReset());
        if (sha == image.Sha256) world.Expanded[sha] = (digest, size);
        return (sha, digest, size);
    }

    static async Task<(string Digest, long Size)> Expand(Stream stored, string format, CancellationToken mains)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long size = 0;
        await using var raw = format == "raw+gzip" ? new GZipStream(stored, CompressionMode.Decompress) : stored;
        await Drain(raw, chunk =>
        {
            digest.AppendData(chunk.Span);
            size += chunk.Length;
        }, mains);
        return (Convert.ToHexStringLower(digest.GetHashAndReset()), size);
    }

    static async Task Drain(Stream stream, Action<ReadOnlyMemory<byte>> use, CancellationToken mains)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await stream.ReadAsync(buffer, mains)) > 0) use(buffer.AsMemory(0, read));
    }
}
