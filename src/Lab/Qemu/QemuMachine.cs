using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Qemu;

/// <summary>A QEMU machine under libvirt. libvirt holds its state, so a lab that comes back after a kill finds it as it is.</summary>
public sealed class QemuMachine(MachinePlan plan, QemuParts parts) : IPoweredMachine, IAsyncDisposable
{
    volatile bool lastSeenOn;

    public MachineFace Face { get; } = new(plan.Name, plan.Serial, plan.Uuid, "PPEC Lab", "QEMU R1", plan.Cpus, plan.MemoryMiB, Sockets: plan.Cpus);

    public string Phase => lastSeenOn ? "running" : "off";

    public async Task<bool> IsOn(CancellationToken cancellation)
    {
        var (exit, output, errors) = await Virsh.Try(cancellation, "domstate", parts.Domain);
        if (exit != 0 && !errors.Contains("failed to get domain", StringComparison.Ordinal)) throw new CommandException($"virsh domstate: {errors.Trim()}");
        return lastSeenOn = exit == 0 && output.Trim() is not ("shut off" or "crashed");
    }

    /// <summary>The domain is written anew for each start, because the boot order is part of it.</summary>
    public async Task PowerOn(BootDevice device, CancellationToken cancellation)
    {
        if (await IsOn(cancellation)) return;
        var file = Path.Combine(Path.GetDirectoryName(parts.Console)!, "domain.xml");
        await File.WriteAllTextAsync(file, DomainXml.Of(plan, parts, device), cancellation);
        await Virsh.Run(cancellation, "define", file);
        await Virsh.Run(cancellation, "start", parts.Domain);
        lastSeenOn = true;
        if (device == BootDevice.Disk) await RestoreBootOrder(cancellation);
        if (plan.Has("failing-smart")) await Set($"disk{plan.FittedDisks.IndexOf(plan.FittedDisks.First(d => d.Bus == "nvme"))}", "smart_critical_warning", 4, cancellation);
    }

    public async Task PowerOff(CancellationToken cancellation)
    {
        await Virsh.Try(cancellation, "destroy", parts.Domain);
        if (await IsOn(cancellation)) throw new CommandException($"{parts.Domain} does not stop.");
    }

    public async Task Shutdown(CancellationToken cancellation) => await Virsh.Try(cancellation, "shutdown", parts.Domain, "--mode", "acpi");

    /// <summary>Off, and forgotten by libvirt; disks and UEFI variables stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await PowerOff(CancellationToken.None);
        await Virsh.Try(CancellationToken.None, "undefine", parts.Domain, "--keep-nvram");
    }

    /// <summary>
    /// The override is for one boot, and a reboot from inside keeps the QEMU process. Firmware got its boot order at reset,
    /// so that a change now counts from the next reset on.
    /// </summary>
    async Task RestoreBootOrder(CancellationToken cancellation)
    {
        var usual = DomainXml.BootOrder(plan, BootDevice.Default);
        foreach (var id in usual.Keys) await Set(id, "bootindex", 100 + usual[id], cancellation); // two devices may not share an index, not even in passing
        foreach (var id in usual.Keys) await Set(id, "bootindex", usual[id], cancellation);
    }

    Task Set(string device, string property, int value, CancellationToken cancellation) => Virsh.Run(cancellation, "qemu-monitor-command", parts.Domain,
        $$$"""{"execute":"qom-set","arguments":{"path":"/machine/peripheral/{{{device}}}","property":"{{{property}}}","value":{{{value}}}}}""");
}
