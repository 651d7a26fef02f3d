using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Ppec.Lab.Plan;

/// <summary>
/// <c>lab.yaml</c>: what is not said is derived from the machine's name, so that the same file is the same machines wherever it is read.
/// </summary>
public static partial class LabYaml
{
    /// <summary>With more machines than this every BMC has an address of its own, unless the file says otherwise.</summary>
    const int MostPorts = 1000;
    const string FleetNetwork = "127.64.0.0/12";

    static readonly IDeserializer reader = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build();
    static readonly ISerializer writer = new SerializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance)
        .ConfigureDefaultValuesHandling(DefaultValuesHandling.OmitNull | DefaultValuesHandling.OmitDefaults | DefaultValuesHandling.OmitEmptyCollections).Build();

    /// <param name="yaml">The file's text.</param>
    /// <param name="racks">Instead of the file's.</param>
    /// <param name="lies">Beside the file's.</param>
    public static LabPlan Read(string yaml, IReadOnlyList<string> racks, params IReadOnlyList<string> lies)
    {
        try
        {
            return Complete(reader.Deserialize<LabFile>(yaml) ?? new(), racks, lies);
        }
        catch (YamlException e)
        {
            throw new PlanException($"lab.yaml, line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    /// <summary>The file for <c>--qemu N --sim N</c>.</summary>
    public static string Of(int qemu, int sim, string hypervisor, bool https) => writer.Serialize(new LabFile
    {
        Hypervisor = hypervisor,
        Https = https,
        Machines =
        [
            .. qemu > 0 ? [new() { Name = "qemu", Kind = "qemu", Count = qemu }] : Array.Empty<MachineFile>(),
            .. sim > 0 ? [new() { Name = "sim", Kind = "sim", Count = sim }] : Array.Empty<MachineFile>(),
        ],
    });

    static LabPlan Complete(LabFile file, IReadOnlyList<string> racks, IReadOnlyList<string> lies)
    {
        if (file.Hypervisor is not ("auto" or "kvm" or "qemu")) throw new PlanException($"hypervisor is auto, kvm or qemu, not {file.Hypervisor}.");
        if (file.Racks is { Count: > 0 } && racks.Count == 0) racks = file.Racks;
        racks = [.. racks.SelectMany(Each)];
        var all = (file.Machines ?? []).SelectMany(Repeat).Select((m, i) => Complete(m, racks.Count == 0 ? "lab" : racks[i % racks.Count], 1 + (i / Math.Max(racks.Count, 1)))).ToImmutableArray();
        if (all.GroupBy(m => m.Name).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new PlanException($"There are two machines named {twice.Key}.");
        foreach (var machine in all)
        {
            if (machine.SwapBmcWith is { } other && all.All(m => m.Name != other || m.Name == machine.Name)) throw new PlanException($"{machine.Name}: swapBmcWith names {other}, which is no other machine.");
        }

        return new LabPlan(file.Hypervisor, file.Https, Lies.Spread(all, [.. file.Lies ?? [], .. lies]), Network(file, all.Length));
    }

    /// <summary>Ports of one address are for hundreds; a fleet has addresses.</summary>
    static IPNetwork? Network(LabFile file, int machines)
    {
        if (file.BmcNetwork is null) return machines > MostPorts ? IPNetwork.Parse(FleetNetwork) : null;
        if (!IPNetwork.TryParse(file.BmcNetwork, out var network) || network.PrefixLength < 8 || !IPAddress.IsLoopback(network.BaseAddress)) throw new PlanException($"bmcNetwork is a part of 127.0.0.0/8, not {file.BmcNetwork}.");
        return machines < 1L << (32 - network.PrefixLength) ? network : throw new PlanException($"bmcNetwork {network} has no room for {machines} machines.");
    }

    /// <summary><c>blr1.r[01-20]</c> is twenty racks.</summary>
    static IEnumerable<string> Each(string racks)
    {
        if (Range().Match(racks) is not { Success: true } range) return [racks];
        var (first, last) = (int.Parse(range.Groups[2].ValueSpan, CultureInfo.InvariantCulture), int.Parse(range.Groups[3].ValueSpan, CultureInfo.InvariantCulture));
        if (last < first) throw new PlanException($"racks: {racks} counts backwards.");
        return Enumerable.Range(first, last - first + 1).Select(n => $"{range.Groups[1]}{n.ToString(CultureInfo.InvariantCulture).PadLeft(range.Groups[2].Length, '0')}{range.Groups[4]}");
    }

    static IEnumerable<MachineFile> Repeat(MachineFile file)
    {
        if (file.Count is null or < 1) return [file];
        var width = Math.Max(3, file.Count.Value.ToString(CultureInfo.InvariantCulture).Length);
        return Enumerable.Range(1, file.Count.Value).Select(n => file.Numbered(n.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0')));
    }

    static MachinePlan Complete(MachineFile file, string rack, int unit)
    {
        var name = file.Name ?? throw new PlanException("A machine needs a name.");
        if (name.Length > 40 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')) throw new PlanException($"{name}: a name is lower-case letters, digits and dashes.");
        var kind = Enum.TryParse<MachineKind>(file.Kind, true, out var k) ? k : throw new PlanException($"{name}: kind is qemu or sim, not {file.Kind}.");
        var firmware = Enum.TryParse<FirmwareKind>(file.Firmware, true, out var f) ? f : throw new PlanException($"{name}: firmware is bios or uefi, not {file.Firmware}.");
        var seed = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        var serial = file.Serial ?? "LAB" + name.ToUpperInvariant().Replace("-", "", StringComparison.Ordinal);
        foreach (var fault in file.Faults ?? [])
        {
            if (!MachinePlan.HardwareFaults.Contains(fault) && !new Bmcs.BmcFaults().Apply(fault)) throw new PlanException($"{name}: there is no fault {fault}.");
            if (kind == MachineKind.Qemu && MachinePlan.SimOnlyFaults.Contains(fault)) throw new PlanException($"{name}: {fault} is for simulated machines; QEMU cannot be made to do it.");
            if (kind == MachineKind.Qemu && fault == "failing-smart" && file.Disks?.Exists(d => d.Bus == "nvme") != true) throw new PlanException($"{name}: QEMU has SMART that fails on NVMe disks only; give it one.");
        }

        return new MachinePlan(
            name, kind, serial, Guid.TryParse(file.Uuid, out var uuid) ? uuid.ToString() : new Guid(seed.AsSpan(0, 16), bigEndian: true).ToString(),
            file.Macs is { Count: > 0 } macs ? [.. macs.Select(m => m.ToLowerInvariant())] : [Mac(kind, seed.AsSpan(16))],
            file.Cpus ?? (kind == MachineKind.Qemu ? 1 : 64), Dimms(file, kind, name),
            [.. (file.Disks is { Count: > 0 } disks ? disks : DefaultDisks(kind)).Select((d, i) => Disk(d, i, serial, seed, name))],
            firmware, [.. file.Faults ?? []], file.SwapBmcWith, file.Rack ?? rack, file.Unit ?? unit);
    }

    /// <summary>QEMU's own prefix leaves three bytes, which among ten thousand names are no longer unique: simulated machines have five.</summary>
    static string Mac(MachineKind kind, ReadOnlySpan<byte> seed) => kind == MachineKind.Qemu
        ? $"52:54:00:{seed[0]:x2}:{seed[1]:x2}:{seed[2]:x2}"
        : $"52:{seed[0]:x2}:{seed[1]:x2}:{seed[2]:x2}:{seed[3]:x2}:{seed[4]:x2}";

    [GeneratedRegex(@"^([^\[\]]*)\[([0-9]{1,6})-([0-9]{1,6})\]([^\[\]]*)$")]
    private static partial Regex Range();

    static ImmutableArray<DimmPlan> Dimms(MachineFile file, MachineKind kind, string name)
    {
        var dimms = file.Dimms is { Count: > 0 } given ? [.. given.Select((d, i) => new DimmPlan(d.Slot ?? $"DIMM_A{i + 1}", d.SizeMiB))]
            : file.MemoryMiB is { } memory ? [new DimmPlan("DIMM_A1", memory)]
            : kind == MachineKind.Qemu ? [new("DIMM_A1", 512), new("DIMM_B1", 512)]
            : Enumerable.Range(0, 8).Select(i => new DimmPlan($"DIMM_{(char)('A' + i)}1", 32768)).ToImmutableArray();
        if (file is { MemoryMiB: { } said, Dimms.Count: > 0 } && said != dimms.Sum(d => d.SizeMiB)) throw new PlanException($"{name}: memoryMiB is {said}, its DIMMs are {dimms.Sum(d => d.SizeMiB)}. Leave memoryMiB out.");
        return dimms;
    }

    static List<DiskFile> DefaultDisks(MachineKind kind) => kind == MachineKind.Qemu
        ? [new() { SizeMiB = 4096 }]
        : [new() { SizeMiB = 457862, Bus = "sata", Model = "LAB-SSD-480" }, new() { SizeMiB = 3662830, Bus = "nvme", Model = "LAB-NVME-3840" }];

    static DiskPlan Disk(DiskFile file, int index, string serial, byte[] seed, string name)
    {
        if (file.Bus is not ("sata" or "nvme" or "virtio" or "scsi")) throw new PlanException($"{name}: a disk's bus is sata, nvme, virtio or scsi, not {file.Bus}.");
        if (file.SizeMiB <= 0) throw new PlanException($"{name}: a disk needs sizeMiB.");
        if ((file.Serial ?? $"{serial}D{index}").Length > 20) throw new PlanException($"{name}: a disk's serial has at most 20 characters; give it a shorter one.");
        var wwn = file.Bus is "sata" or "scsi" ? $"0x5000c5{Convert.ToHexStringLower(seed.AsSpan(20, 4))}{index:x2}" : "";
        return new DiskPlan(file.SizeMiB, file.Serial ?? $"{serial}D{index}", file.Wwn ?? wwn, file.Model ?? $"LAB-{file.Bus.ToUpperInvariant()}", file.Bus);
    }
}

/// <summary>The file as written. Unknown keys are errors.</summary>
public sealed class LabFile
{
    public string Hypervisor { get; set; } = "auto";
    public bool Https { get; set; }
    public List<string>? Racks { get; set; }
    public List<string>? Lies { get; set; }
    public string? BmcNetwork { get; set; }
    public List<MachineFile>? Machines { get; set; }
}

/// <summary>One machine, or <see cref="Count"/> alike named <c>name-001</c>….</summary>
public sealed class MachineFile
{
    public string? Name { get; set; }
    public string Kind { get; set; } = "sim";
    public int? Count { get; set; }
    public string? Serial { get; set; }
    public string? Uuid { get; set; }
    public List<string>? Macs { get; set; }
    public int? Cpus { get; set; }
    public long? MemoryMiB { get; set; }
    public List<DimmFile>? Dimms { get; set; }
    public List<DiskFile>? Disks { get; set; }
    public string Firmware { get; set; } = "bios";
    public List<string>? Faults { get; set; }
    public string? SwapBmcWith { get; set; }
    public string? Rack { get; set; }
    public int? Unit { get; set; }

    /// <summary>The n-th of many alike: nothing that must be unique is copied.</summary>
    internal MachineFile Numbered(string number) => new()
    {
        Name = $"{Name}-{number}", Kind = Kind, Cpus = Cpus, MemoryMiB = MemoryMiB, Dimms = Dimms, Firmware = Firmware, Faults = Faults, Rack = Rack,
        Disks = Disks?.ConvertAll(d => new DiskFile { SizeMiB = d.SizeMiB, Bus = d.Bus, Model = d.Model }),
    };
}

public sealed class DimmFile
{
    public string? Slot { get; set; }
    public long SizeMiB { get; set; }
}

public sealed class DiskFile
{
    public long SizeMiB { get; set; }
    public string? Serial { get; set; }
    public string? Wwn { get; set; }
    public string? Model { get; set; }
    public string Bus { get; set; } = "sata";
}
