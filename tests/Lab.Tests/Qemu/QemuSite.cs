using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;
using Ppec.Lab.Qemu;

namespace Ppec.Lab.Tests.Qemu;

/// <summary>QEMU machines for the tests of one class, and PPEC for them. Where there is no libvirt, <see cref="Missing"/> says so.</summary>
public sealed class QemuSite : IAsyncLifetime
{
    const string Plan = """
        machines:
        - {name: a, kind: qemu, dimms: [{slot: A1, sizeMiB: 128}, {slot: B1, sizeMiB: 64}], disks: [{sizeMiB: 16}]}
        - {name: b, kind: qemu, memoryMiB: 192, disks: [{sizeMiB: 16, bus: virtio}]}
        - {name: c, kind: qemu, memoryMiB: 192, faults: [failing-smart], disks: [{sizeMiB: 16, bus: nvme}, {sizeMiB: 16, bus: scsi}]}
        """;

    readonly TemporaryFolder temporary = new();
    QemuHost? host;

    public FakePpec Ppec { get; } = new();

    public LabSite Site { get; private set; } = null!;

    public LabFolder Folder => temporary.Folder;

    public static string? Missing =>
        !File.Exists("/usr/sbin/libvirtd") || !File.Exists("/usr/bin/virsh") || !File.Exists("/usr/bin/qemu-system-x86_64")
            ? "libvirt or QEMU is not installed (Debian: apt-get install libvirt-daemon-system libvirt-clients qemu-system-x86 ipxe-qemu seabios)."
            : Environment.UserName != "root" ? "qemu:///system needs root." : null;

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null) return;
        await Ppec.Start();
        host = await QemuHost.Start("qemu", Folder, Ppec.Url, NullLogger.Instance, CancellationToken.None);
        Site = await LabSite.Start(LabYaml.Read(Plan, []), Folder, new SiteOptions(Ppec.Url, TimeSpan.Zero, 28000 + (Environment.ProcessId % 50 * 10)), host.Machine, NullLogger.Instance, CancellationToken.None);
        foreach (var machine in (string[])["a", "b", "c"])
        {
            await using var disk = File.OpenWrite(Folder.Of(machine, "disk-0.raw"));
            await disk.WriteAsync(BootSector.Bytes);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Site is not null) await Site.DisposeAsync();
        if (host is not null) await host.DisposeAsync();
        await Ppec.DisposeAsync();
        temporary.Dispose();
    }
}
