using System.Collections.Immutable;
using System.Globalization;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Sim;

/// <summary>A simulated server as its own firmware and kernel would tell it: what is really fitted, not what was ordered.</summary>
public static class SimHardware
{
    const string Maker = "PPEC Lab";

    public static MachineFace Face(MachinePlan plan) => new(plan.Name, plan.Serial, plan.Uuid, Maker, "Sim R1", plan.Cpus, plan.MemoryMiB, Sockets(plan));

    public static MachineEvidence Evidence(MachinePlan plan) => new(plan.Serial, plan.Uuid, $"{plan.Serial}B", plan.Macs);

    public static Inventory Inventory(MachinePlan plan)
    {
        var sockets = Sockets(plan);
        var threads = plan.Cpus / sockets;
        return new Inventory(
            new SystemIdentity(Maker, "Sim R1", plan.Serial, plan.Uuid),
            new Board(Maker, "Sim B1", $"{plan.Serial}B"),
            new Firmware(Maker, "1.4.2", "2024-03-01"),
            [.. Enumerable.Range(0, sockets).Select(s => new Cpu($"CPU{s}", "Lab Processor 8000", Math.Max(1, threads / 2), threads))],
            [.. plan.FittedDimms.Select(d => new Dimm(d.Slot, d.SizeMiB, Maker, $"LAB-DDR5-{d.SizeMiB / 1024}G", $"{plan.Serial}{d.Slot[^2..]}", 4800))],
            [.. plan.FittedDisks.Select(Disk)],
            [.. plan.Macs.Select((mac, i) => new Nic($"0000:18:00.{i}", $"ens1f{i}", mac, "mlx5_core", true, 25000))],
            Pci(plan),
            [.. Enumerable.Range(0, sockets).Select(n => new NumaNode(n, threads, plan.MemoryMiB / sockets))],
            new Tpm(true, "2.0"),
            plan.MemoryMiB,
            plan.Firmware == FirmwareKind.Uefi ? "uefi" : "bios");
    }

    static int Sockets(MachinePlan plan) => plan.Cpus >= 4 ? 2 : 1;

    public static HealthReport Health(MachinePlan plan, CheckHealth work)
    {
        var memory = plan.Has("failing-memory");
        List<HealthCheck> checks =
        [
            .. plan.FittedDimms.Select((d, i) => new HealthCheck("memory", d.Slot, memory && i == 0 ? HealthStatus.Failed : HealthStatus.Passed,
                memory && i == 0 ? "bit 17 stuck at 0x1f400000" : $"{work.MemoryMiB} MiB written and read back with 3 patterns")),
            new("cpu", "CPU0", HealthStatus.Passed, $"{plan.Cpus} threads, {work.CpuSeconds} s, all results verified"),
        ];
        foreach (var disk in plan.FittedDisks)
        {
            var smart = plan.Has("failing-smart") && disk == plan.FittedDisks[0];
            checks.Add(new("disk-read", disk.Serial, HealthStatus.Passed, $"{work.DiskReadMiB} MiB read at 480 MiB/s"));
            checks.Add(new("smart", disk.Serial, smart ? HealthStatus.Failed : HealthStatus.Passed,
                smart ? "overall: FAILED; 184 reallocated sectors" : "overall: PASSED; 0 reallocated sectors"));
        }

        checks.Add(new("kernel-log", "", HealthStatus.Passed, "no machine checks, no I/O errors"));
        return new HealthReport([.. checks]);
    }

    static Disk Disk(DiskPlan disk, int index) => new(
        disk.Bus == "nvme" ? $"pci-0000:{0x5e + index:x2}:00.0-nvme-1" : $"pci-0000:00:17.0-ata-{index + 1}",
        disk.Bus == "nvme" ? $"nvme{index}n1" : $"sd{(char)('a' + index)}",
        disk.Model, disk.Serial, disk.Wwn, disk.SizeMiB << 20, false, disk.Bus, "LAB100");

    static ImmutableArray<PciDevice> Pci(MachinePlan plan) =>
    [
        new("0000:00:00.0", "0600", "8086", "09a2"),
        new("0000:00:17.0", "0106", "8086", "1bd2"),
        .. plan.Macs.Select((_, i) => new PciDevice($"0000:18:00.{i}", "0200", "15b3", "101d")),
        .. plan.FittedDisks.Select((d, i) => (d, i)).Where(d => d.d.Bus == "nvme")
            .Select(d => new PciDevice(string.Create(CultureInfo.InvariantCulture, $"0000:{0x5e + d.i:x2}:00.0"), "0108", "144d", "a80a")),
    ];
}
