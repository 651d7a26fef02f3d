using Ppec.Lab.Plan;

namespace Ppec.Lab.Qemu;

/// <summary>
/// Whether KVM can be believed in. A device file says little: there are hosts where /dev/kvm opens, firmware runs and a Linux guest hangs.
/// So a kernel is booted until it complains about its missing root file system.
/// </summary>
public static class KvmProbe
{
    static readonly TimeSpan limit = TimeSpan.FromSeconds(10);

    /// <summary>The domain type, and why.</summary>
    public static async Task<(string Type, string Why)> Choose(string hypervisor, LabFolder folder, CancellationToken cancellation)
    {
        if (hypervisor != "auto") return (hypervisor, "as told");
        if (!File.Exists("/dev/kvm")) return ("qemu", "there is no /dev/kvm");
        if (Directory.Exists("/boot") && Directory.EnumerateFiles("/boot", "vmlinuz-*").Order().LastOrDefault() is { } kernel)
        {
            var boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", cancellation)).Trim();
            if (!folder.Notes.Probe.StartsWith(boot, StringComparison.Ordinal))
            {
                folder.Notes = folder.Notes with { Probe = $"{boot} {(await Boots(kernel, folder.Root, cancellation) ? "kvm" : "qemu")}" };
            }

            return folder.Notes.Probe.EndsWith("kvm", StringComparison.Ordinal) ? ("kvm", "a kernel booted under it") : ("qemu", "a kernel does not boot under KVM here");
        }

        return ("qemu", "there is no kernel in /boot to try KVM with");
    }

    static async Task<bool> Boots(string kernel, string folder, CancellationToken cancellation)
    {
        var console = Path.Combine(folder, "kvm-probe.log");
        File.Delete(console);
        await Shell.Run("qemu-system-x86_64",
            ["-accel", "kvm", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot", "-serial", $"file:{console}", "-kernel", kernel, "-append", "console=ttyS0 panic=-1"],
            cancellation, limit);
        return File.Exists(console) && (await File.ReadAllTextAsync(console, cancellation)).Contains("Kernel panic - not syncing: VFS", StringComparison.Ordinal);
    }
}
