using System.Globalization;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Qemu;

/// <summary>libvirtd and virtlogd where nobody runs them. Only what this lab started is ever stopped, and only while nobody else has domains on it.</summary>
public static class LibvirtDaemons
{
    public static async Task Ensure(LabFolder folder, CancellationToken cancellation)
    {
        if (await Virsh.Answers(cancellation)) return;
        List<int> started = [];
        foreach (var daemon in (string[])["virtlogd", "libvirtd"])
        {
            var pidFile = Path.Combine(folder.Root, $"{daemon}.pid");
            var (exit, _, errors) = await Shell.Run($"/usr/sbin/{daemon}", ["-d", "-p", pidFile], cancellation);
            if (exit == 0) started.Add(int.Parse(await File.ReadAllTextAsync(pidFile, cancellation), CultureInfo.InvariantCulture));
            else if (daemon == "libvirtd") throw new CommandException($"libvirtd does not start: {errors.Trim()}");
        }

        folder.Notes = folder.Notes with { Daemons = started };
        for (var tries = 0; !await Virsh.Answers(cancellation); tries++)
        {
            if (tries == 50) throw new CommandException("libvirtd was started and does not answer.");
            await Task.Delay(100, cancellation);
        }
    }

    public static async Task Stop(LabFolder folder, CancellationToken cancellation)
    {
        var ours = folder.Notes.Daemons.Where(IsDaemon).ToList();
        if (ours.Count > 0 && await Virsh.Answers(cancellation) && (await Virsh.Names("", running: true, cancellation)).Count > 0) return;
        foreach (var pid in Enumerable.Reverse(ours)) await Shell.Run("kill", ["-TERM", pid.ToString(CultureInfo.InvariantCulture)], cancellation);
        for (var tries = 0; tries < 100 && ours.Exists(IsDaemon); tries++) await Task.Delay(50, cancellation);
        folder.Notes = folder.Notes with { Daemons = [] };
    }

    /// <summary>A process id is reused sooner or later; the name tells whether it still is the daemon.</summary>
    static bool IsDaemon(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim() is "libvirtd" or "virtlogd";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
