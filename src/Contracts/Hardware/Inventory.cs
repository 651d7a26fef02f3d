using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ppec.Contracts.Hardware;

/// <summary>
/// What PIOUS found in a machine. Gathered from SMBIOS (DSP0134), sysfs and the disks themselves.
/// Text is as the hardware says it, trimmed; unknown is an empty string, never a guess.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Inventory(
    SystemIdentity System,
    Board Board,
    Firmware Bios,
    ImmutableArray<Cpu> Cpus,
    ImmutableArray<Dimm> Dimms,
    ImmutableArray<Disk> Disks,
    ImmutableArray<Nic> Nics,
    ImmutableArray<PciDevice> Pci,
    ImmutableArray<NumaNode> Numa,
    Tpm Tpm,
    long MemoryMiB,
    string BootMode);

/// <summary>SMBIOS type 1. <paramref name="Uuid"/> is lower-case with dashes.</summary>
[GenerateSerializer, Immutable]
public sealed record SystemIdentity(string Manufacturer, string Product, string Serial, string Uuid);

/// <summary>SMBIOS type 2.</summary>
[GenerateSerializer, Immutable]
public sealed record Board(string Manufacturer, string Product, string Serial);

/// <summary>SMBIOS type 0.</summary>
[GenerateSerializer, Immutable]
public sealed record Firmware(string Vendor, string Version, string Date);

/// <summary>One socket: SMBIOS type 4, with what the kernel counts on it.</summary>
[GenerateSerializer, Immutable]
public sealed record Cpu(string Socket, string Model, int Cores, int Threads);

/// <summary>One populated DIMM slot: SMBIOS type 17. Empty slots are not listed.</summary>
[GenerateSerializer, Immutable]
public sealed record Dimm(string Slot, long SizeMiB, string Manufacturer, string PartNumber, string Serial, int SpeedMtps);

/// <summary>
/// One whole disk. <paramref name="Slot"/> is its stable place (the by-path name), <paramref name="Name"/> the kernel's name (may change at each boot).
/// <paramref name="Transport"/>: <c>sata</c>, <c>nvme</c>, <c>virtio</c>, <c>scsi</c>, <c>usb</c>, <c>fc</c>, <c>iscsi</c>, <c>multipath</c>.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Disk(string Slot, string Name, string Model, string Serial, string Wwn, long SizeBytes, bool Rotational, string Transport, string Firmware);

/// <summary>One physical network port. <paramref name="Mac"/> is lower-case, colon-separated.</summary>
[GenerateSerializer, Immutable]
public sealed record Nic(string Slot, string Name, string Mac, string Driver, bool Link, int SpeedMbps);

/// <summary>One PCI function: address, and the ids as four lower-case hex digits.</summary>
[GenerateSerializer, Immutable]
public sealed record PciDevice(string Address, string Class, string Vendor, string Device);

/// <summary>One NUMA node.</summary>
[GenerateSerializer, Immutable]
public sealed record NumaNode(int Id, int Cpus, long MemoryMiB);

/// <summary>Whether a TPM is there, and its version (<c>1.2</c>, <c>2.0</c> or empty).</summary>
[GenerateSerializer, Immutable]
public sealed record Tpm(bool Present, string Version);

/// <summary>Outcome of the health checks, one row for each check of each part.</summary>
[GenerateSerializer, Immutable]
public sealed record HealthReport(ImmutableArray<HealthCheck> Checks);

/// <summary>
/// One health check. <paramref name="Check"/>: <c>memory</c>, <c>cpu</c>, <c>disk-read</c>, <c>smart</c>, <c>kernel-log</c>.
/// <paramref name="Part"/> is the slot or serial tested; <paramref name="Detail"/> says what was measured, and for how long.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record HealthCheck(string Check, string Part, HealthStatus Status, string Detail);

/// <summary>Skipped = could not be tested here (no SMART on this disk), never a hidden failure.</summary>
[GenerateSerializer, JsonConverter(typeof(JsonStringEnumConverter<HealthStatus>))]
public enum HealthStatus
{
    [JsonStringEnumMemberName("passed")] Passed,
    [JsonStringEnumMemberName("failed")] Failed,
    [JsonStringEnumMemberName("skipped")] Skipped,
}
