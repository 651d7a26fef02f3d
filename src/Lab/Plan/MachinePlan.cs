using System.Collections.Immutable;
using System.Net;

namespace Ppec.Lab.Plan;

public enum MachineKind { Qemu, Sim }

public enum FirmwareKind { Bios, Uefi }

/// <summary>One DIMM as ordered.</summary>
public sealed record DimmPlan(string Slot, long SizeMiB);

/// <summary>One disk as ordered. <paramref name="Bus"/>: <c>sata</c>, <c>nvme</c>, <c>virtio</c>, <c>scsi</c>.</summary>
public sealed record DiskPlan(long SizeMiB, string Serial, string Wwn, string Model, string Bus);

/// <summary>A machine as it was ordered, and what is wrong with the one that was delivered.</summary>
public sealed record MachinePlan(
    string Name,
    MachineKind Kind,
    string Serial,
    string Uuid,
    ImmutableArray<string> Macs,
    int Cpus,
    ImmutableArray<DimmPlan> Dimms,
    ImmutableArray<DiskPlan> Disks,
    FirmwareKind Firmware,
    ImmutableArray<string> Faults,
    string? SwapBmcWith,
    string Rack,
    int Unit)
{
    /// <summary>The faults of hardware and of what runs on it; those of BMCs are <see cref="Bmcs.BmcFaults"/>'.</summary>
    public static readonly ImmutableArray<string> HardwareFaults = ["missing-dimm", "wrong-disk-size", "failing-smart", "failing-memory", "failing-wipe", "silent"];

    /// <summary>What QEMU cannot be made to do wrong: it has no bad memory, and PIOUS is the real one. SMART fails only on its NVMe.</summary>
    public static readonly ImmutableArray<string> SimOnlyFaults = ["failing-memory", "failing-wipe", "silent"];

    public bool Has(string fault) => Faults.Contains(fault);

    /// <summary>What is really in the slots.</summary>
    public ImmutableArray<DimmPlan> FittedDimms => !Has("missing-dimm") ? Dimms
        : Dimms.Length > 1 ? Dimms.RemoveAt(Dimms.Length - 1)
        : [Dimms[0] with { SizeMiB = Dimms[0].SizeMiB / 2 }];

    public ImmutableArray<DiskPlan> FittedDisks => !Has("wrong-disk-size") ? Disks
        : Disks.SetItem(Disks.Length - 1, Disks[^1] with { SizeMiB = Disks[^1].SizeMiB / 2 });

    public long MemoryMiB => FittedDimms.Sum(d => d.SizeMiB);
}

/// <summary>
/// A virtual data centre. <paramref name="Hypervisor"/>: <c>kvm</c>, <c>qemu</c> (no acceleration) or <c>auto</c>.
/// <paramref name="BmcNetwork"/>: a part of 127.0.0.0/8 in which every BMC has an address of its own; null = they have ports of 127.0.0.1.
/// </summary>
public sealed record LabPlan(string Hypervisor, bool Https, ImmutableArray<MachinePlan> Machines, IPNetwork? BmcNetwork = null);

/// <summary>A plan that cannot be; the message says what to change.</summary>
public sealed class PlanException(string message, Exception? inner = null) : Exception(message, inner);
