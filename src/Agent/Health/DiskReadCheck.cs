using System.Diagnostics;
using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Health;

/// <summary>Reads a stated part of a disk from its medium: from the beginning, the middle and the end in equal shares.</summary>
internal static class DiskReadCheck
{
    const int MiB = 1 << 20;

    internal static HealthCheck Run(IDisks disks, Disk disk, int wantedMiB, CancellationToken stop)
    {
        var part = disk.Serial.Length > 0 ? disk.Serial : disk.Slot;
        if (disk.Transport is "usb" or "fc" or "iscsi" or "multipath") return new("disk-read", part, HealthStatus.Skipped, $"not a local disk ({disk.Transport})");
        try
        {
            using var device = disks.Open(disk, write: false);
            device.DropCaches();
            var clock = Stopwatch.StartNew();
            var read = 0L;
            var buffer = new byte[MiB];
            foreach (var (from, length) in Shares(device.Length, (long)wantedMiB * MiB))
            {
                for (long at = 0; at < length; at += MiB)
                {
                    stop.ThrowIfCancellationRequested();
                    var n = (int)Math.Min(MiB, length - at);
                    device.Read(from + at, buffer.AsSpan(0, n));
                    read += n;
                }
            }

            var seconds = Math.Max(clock.Elapsed.TotalSeconds, 0.001);
            return new("disk-read", part, HealthStatus.Passed, $"{read / MiB} MiB without error in {seconds:0.0} s, {read / seconds / 1e6:0} MB/s");
        }
        catch (IOException e) { return new("disk-read", part, HealthStatus.Failed, e.Message); }
    }

    internal static IEnumerable<(long From, long Length)> Shares(long size, long wanted)
    {
        if (wanted >= size) return [(0, size)];
        var share = wanted / 3 / 4096 * 4096;
        return [(0, wanted - (2 * share)), ((size - share) / 2 / 4096 * 4096, share), (size - share, share)];
    }
}
