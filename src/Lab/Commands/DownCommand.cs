using System.Diagnostics;
using Ppec.Lab.Plan;
using Ppec.Lab.Qemu;
using Ppec.Lab.Sim;

namespace Ppec.Lab.Commands;

/// <summary>Stops a lab, running or left behind by a kill.</summary>
public static class DownCommand
{
    static readonly TimeSpan limit = TimeSpan.FromSeconds(20);

    public static async Task<int> Run(LabFolder folder, CancellationToken cancellation)
    {
        await Stop(folder, cancellation);
        using var held = folder.TryLock() ?? throw new InvalidOperationException($"The lab on {folder.Root} does not stop.");
        foreach (var file in Directory.EnumerateDirectories(folder.Root).Select(d => Path.Combine(d, "sim.json")).Where(File.Exists)) new SimMemory(file).On = false;
        await QemuHost.Forget(folder, cancellation);
        File.Delete(folder.PidFile);
        return 0;
    }

    /// <summary>The lock tells whether the lab runs; the pid file only whom to tell. So a number that was given to another process since is never signalled.</summary>
    static async Task Stop(LabFolder folder, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var signalled = false;
        while (Stopwatch.GetElapsedTime(started) < limit)
        {
            using (var free = folder.TryLock())
            {
                if (free is not null) return;
            }

            if (!signalled && File.Exists(folder.PidFile) && int.TryParse(await File.ReadAllTextAsync(folder.PidFile, cancellation), out var pid))
            {
                using var kill = Process.Start(new ProcessStartInfo("kill") { ArgumentList = { "-TERM", $"{pid}" } })!;
                await kill.WaitForExitAsync(cancellation);
                signalled = true;
            }

            await Task.Delay(50, cancellation);
        }
    }
}
