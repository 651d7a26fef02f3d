using System.Collections.Immutable;
using Ppec.Agent.Install;
using Ppec.Agent.Linux;
using Ppec.Agent.Tasks;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Wipe;

/// <summary>
/// Erases exactly the named disks, all at once, and certifies each. A disk in doubt stops the whole task before anything is written.
/// Once begun, an erasure is never interrupted: half-erased is the one state nobody can certify.
/// </summary>
public sealed class Wiper(IDisks disks, TimeProvider clock)
{
    const long Stretch = 64 << 20;

    /// <summary>Runs the task; <paramref name="stop"/> is heeded only before the first write.</summary>
    public async Task<TaskResult> Run(WipeDisks work, WorkLog log, CancellationToken stop)
    {
        var present = disks.List();
        var chosen = work.Disks.Select(d => DiskChoice.Find(d, present)).ToList();
        if (chosen.Select(c => c.Refusal).FirstOrDefault(r => r is not null) is { } refusal) return new(refusal);
        stop.ThrowIfCancellationRequested();

        var done = new int[chosen.Count];
        void At(int which, int percent)
        {
            done[which] = percent;
            log.At(done.Sum() / done.Length, $"erasing {done.Length} disks");
        }

        // A disk named twice is one disk.
        var wiped = await Task.WhenAll(chosen.Select(c => c.Disk!).DistinctBy(d => d.Name).Select((disk, i) => Task.Run(() => Certify(disk, p => At(i, p), log), CancellationToken.None)));
        ImmutableArray<DiskWipe> records = [.. wiped];
        var failed = records.Where(r => r.Error is not null).Select(r => $"{r.Serial}: {r.Error}").ToList();
        return new(failed.Count == 0 ? null : "Not erased: " + string.Join("; ", failed), Wipe: new WipeReport(records));
    }

    DiskWipe Certify(Disk disk, Action<int> at, WorkLog log)
    {
        var started = clock.GetUtcNow();
        var record = new DiskWipe(disk.Serial, disk.Wwn, "", "", Verified: false, 0, started, started, null);
        List<string> failures = [];
        foreach (var way in Ways(disk, at))
        {
            try
            {
                log.Line($"{disk.Slot} serial {disk.Serial}: {way.Method}");
                using (var device = disks.Open(disk, write: true)) Sampling.Mark(device);
                var (method, level, onesCount) = way.Run();
                using var after = disks.Open(disk, write: true);
                var (samples, failure) = Sampling.Verify(after, onesCount);
                record = record with { Method = method, SanitizationClass = level, SamplesRead = samples };
                if (failure is null)
                {
                    log.Line($"{disk.Slot} serial {disk.Serial}: erased by {method} ({level}), {samples} samples");
                    return record with { Verified = true, FinishedAt = clock.GetUtcNow() };
                }

                failures.Add($"{method}: {failure}");
            }
            catch (IOException e) { failures.Add($"{way.Method}: {e.Message}"); }

            log.Line($"{disk.Slot} serial {disk.Serial}: {failures[^1]}");
        }

        return record with { SanitizationClass = "", FinishedAt = clock.GetUtcNow(), Error = string.Join("; ", failures) };
    }

    /// <summary>The disk's own erasures, then the kernel's zeroing, then plain writes: each is tried when the one before failed.</summary>
    IEnumerable<(string Method, Func<(string Method, string Level, bool OnesCount)> Run)> Ways(Disk disk, Action<int> at)
    {
        foreach (var own in disks.Erasures(disk))
        {
            yield return (own.Method, () =>
            {
                own.Run();
                if (own.LeavesNoise) Zero(disk, at, plainly: false);
                return (own.Method, own.SanitizationClass, OnesCount: !own.LeavesNoise);
            });
        }

        yield return ("zeroes", () => (Zero(disk, at, plainly: false) ? "discard-zeroes" : "overwrite-zeroes", "clear", OnesCount: false));
        yield return ("overwrite-zeroes", () =>
        {
            Zero(disk, at, plainly: true);
            return ("overwrite-zeroes", "clear", OnesCount: false);
        });
    }

    bool Zero(Disk disk, Action<int> at, bool plainly)
    {
        using var device = disks.Open(disk, write: true);
        var zeroes = plainly ? new byte[4 << 20] : [];
        var offloaded = true;
        for (long done = 0; done < device.Length;)
        {
            var n = Math.Min(plainly ? zeroes.Length : Stretch, device.Length - done);
            if (plainly) device.Write(done, zeroes.AsSpan(0, (int)n));
            else offloaded &= device.Zero(done, n);
            done += n;
            at((int)(done * 99 / device.Length));
        }

        device.Flush();
        return offloaded && !plainly;
    }
}
