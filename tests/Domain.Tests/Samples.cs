using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Secrets;

namespace Ppec.Domain.Tests;

/// <summary>One believable server with its profile, image and BMC. Tests alter what they are about, and nothing else.</summary>
public static class Samples
{
    public static readonly DateTimeOffset Start = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    public const string Id = "sn-7c4k2";
    public const string Serial = "7C4K2";
    public const string Uuid = "4c4c4544-0043-3410-804b-b7c04f324b37";

    public static readonly Placement Place = new("blr1", "blr1.r12", 17);
    public static readonly BmcAccess Bmc = new("redfish", "10.0.0.17", "ppec", new SecretRef("bmc-sn-7c4k2", 1), null);
    public static readonly BmcAccess OtherBmc = Bmc with { Address = "10.0.0.99" };
    public static readonly SecretRef NewSecret = new("bmc/sn-7c4k2", 2);
    public static readonly MachineEvidence Evidence = new(Serial, Uuid, "BRD-1", ["aa:00:00:00:00:01", "aa:00:00:00:00:02"]);

    public static readonly Disk Nvme = new("pci-0000:01:00.0-nvme-1", "nvme0n1", "SAMSUNG PM9A3", "NVME-1", "eui.0025385a11b2c3d4", 960_197_124_096, false, "nvme", "GDC5602Q");
    public static readonly Disk Sata = new("pci-0000:00:17.0-ata-1", "sda", "INTEL S4510", "SATA-1", "0x55cd2e4150aabb01", 480_103_981_056, false, "sata", "XCV10165");
    public static readonly Disk Usb = new("pci-0000:00:14.0-usb-0:1", "sdb", "Virtual Media", "USB-1", "", 8_000_000_000, false, "usb", "");
    public static readonly Disk San = new("pci-0000:41:00.0-fc-0x5006", "sdc", "NetApp LUN", "SAN-1", "0x600a098", 2_000_000_000_000, false, "fc", "");

    public static readonly Inventory Hardware = new(
        new SystemIdentity("Dell Inc.", "PowerEdge R650", Serial, Uuid),
        new Board("Dell Inc.", "0PJ7YJ", "BRD-1"),
        new Firmware("Dell Inc.", "2.10.3", "2025-06-01"),
        [new Cpu("CPU.1", "Intel(R) Xeon(R) Gold 6338", 32, 64), new Cpu("CPU.2", "Intel(R) Xeon(R) Gold 6338", 32, 64)],
        [new Dimm("A1", 16384, "Hynix", "HMA82", "D-1", 3200), new Dimm("A2", 16384, "Hynix", "HMA82", "D-2", 3200)],
        [Nvme, Sata],
        [new Nic("nic-1", "eno1", "aa:00:00:00:00:01", "mlx5_core", true, 25000), new Nic("nic-2", "eno2", "aa:00:00:00:00:02", "mlx5_core", true, 25000)],
        [], [new NumaNode(0, 64, 16000), new NumaNode(1, 64, 16000)],
        new Tpm(true, "2.0"), 32000, "uefi");

    public static readonly ProfileSpec Ordered = new(
        new CpuSpec(2, 32, "Xeon(R) Gold 6338"),
        [new DimmSpec("A1", 16384), new DimmSpec("A2", 16384)],
        32768,
        [new DiskSpec(1, 960_197_124_096 >> 20, "nvme", false), new DiskSpec(1, 480_103_981_056 >> 20, "sata")],
        [new NicSpec(2, 25000, "mlx5_core")],
        [new FirmwareSpec("bios", "2.9.0", "minimum"), new FirmwareSpec("PM9A3", "GDC5602Q", "exact")],
        "2.0", "uefi");

    public static readonly ProfileVersion Compute = new("compute", 3, Ordered);
    public static readonly ProfileVersion Storage = new("storage", 1, new ProfileSpec(Disks: [new DiskSpec(12, 8_000_000, "sata", true)]));
    public static readonly ProfileVersion Anything = new("anything", 1, new ProfileSpec(new CpuSpec(2)));

    public static readonly HealthReport Healthy = new([new HealthCheck("memory", "A1", HealthStatus.Passed, "256 MiB in 2 s")]);
    public static readonly HealthReport Sick = new([new HealthCheck("smart", "SATA-1", HealthStatus.Failed, "12 reallocated sectors")]);

    public static readonly ImageContent Content = new("raw+gzip", new string('a', 64), 400_000_000, new string('b', 64), 2_000_000_000, "uefi");
    public static readonly ImageVersion Debian = new("debian-12-hardened", 3, Content, "c2ln", "key-1");

    public static readonly ProvisionSpec Spec = new("debian-12-hardened", "pay-001", "payments",
        Address: "10.1.0.5/24", Gateway: "10.1.0.1", Dns: ["10.1.0.2"], SshKeys: ["ssh-ed25519 AAAA ops"], UserData: "#cloud-config");

    public static readonly InstallReport Written = new(Nvme.Serial, Content.DiskSizeBytes, Content.DiskSha256, Content.DiskSha256);

    public static DiskWipe WipeOf(Disk disk) => new(disk.Serial, disk.Wwn, "nvme-format", "purge", true, 1000, Start, Start.AddMinutes(5), null);

    public static Disk Of(string serial, long gib, string transport = "sata", string model = "DISK") =>
        new($"slot-{serial}", "sdx", model, serial, "", gib << 30, false, transport, "1");
}
