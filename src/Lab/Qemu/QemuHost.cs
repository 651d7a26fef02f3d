using Microsoft.Extensions.Logging;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Qemu;

/// <summary>This machine as a host of QEMU machines: the daemons, the accelerator, and what the machines are made of.</summary>
public sealed class QemuHost : IAsyncDisposable
{
    readonly LabFolder folder;
    readonly string type;
    readonly Uri ppec;

    QemuHost(LabFolder folder, string type, Uri ppec) => (this.folder, this.type, this.ppec) = (folder, type, ppec);

    public static async Task<QemuHost> Start(string hypervisor, LabFolder folder, Uri ppec, ILogger log, CancellationToken cancellation)
    {
        await LibvirtDaemons.Ensure(folder, cancellation);
        var (type, why) = await KvmProbe.Choose(hypervisor, folder, cancellation);
        log.Hypervisor(type, why);
        return new QemuHost(folder, type, ppec);
    }

    public QemuMachine Machine(MachinePlan plan)
    {
        var disks = plan.FittedDisks.Select((d, i) => Disk(plan, d, i)).ToList();
        var dimms = plan.FittedDimms.Select((_, i) => Dimm(plan, i)).ToList();
        return new QemuMachine(plan, new QemuParts(folder.DomainPrefix + plan.Name, type, folder.Of(plan.Name, "console.log"), folder.Of(plan.Name, "nvram.fd"), disks, dimms, BootFile(ppec)));
    }

    /// <summary>As guests reach it: user networking maps 10.0.2.2 to the host's loopback.</summary>
    public static string BootFile(Uri ppec) =>
        new UriBuilder(ppec) { Host = ppec.IsLoopback ? "10.0.2.2" : ppec.Host, Path = "/boot/ipxe" }.Uri.ToString();

    public async ValueTask DisposeAsync() => await LibvirtDaemons.Stop(folder, CancellationToken.None);

    /// <summary>After a kill: whatever libvirt still has of this lab.</summary>
    public static async Task Forget(LabFolder folder, CancellationToken cancellation)
    {
        string[] places = ["/etc/libvirt/qemu", "/run/libvirt/qemu"];
        if (places.Any(p => Directory.Exists(p) && Directory.EnumerateFiles(p, folder.DomainPrefix + "*").Any()))
        {
            await LibvirtDaemons.Ensure(folder, cancellation);
            foreach (var domain in await Virsh.Names(folder.DomainPrefix, running: true, cancellation)) await Virsh.Run(cancellation, "destroy", domain);
            foreach (var domain in await Virsh.Names(folder.DomainPrefix, running: false, cancellation)) await Virsh.Run(cancellation, "undefine", domain, "--keep-nvram");
        }

        await LibvirtDaemons.Stop(folder, cancellation);
    }

    /// <summary>Sparse. One that exists is kept as it is, with what was installed on it.</summary>
    string Disk(MachinePlan plan, DiskPlan disk, int index)
    {
        var file = folder.Of(plan.Name, $"disk-{index}.raw");
        using var stream = new FileStream(file, FileMode.OpenOrCreate);
        if (stream.Length < disk.SizeMiB << 20) stream.SetLength(disk.SizeMiB << 20);
        return file;
    }

    string Dimm(MachinePlan plan, int index)
    {
        var file = folder.Of(plan.Name, $"dimm-{index}.smbios");
        File.WriteAllBytes(file, SmbiosDimm.Encode(plan, index));
        return file;
    }
}

internal static partial class QemuLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "QEMU machines are of domain type {Type}: {Why}")]
    public static partial void Hypervisor(this ILogger log, string type, string why);
}
