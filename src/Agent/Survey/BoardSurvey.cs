using System.Collections.Immutable;
using System.Globalization;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Survey;

/// <summary>What sits on the board: processors, NUMA nodes, PCI functions, TPM, boot mode, memory the kernel sees.</summary>
public static class BoardSurvey
{
    /// <summary>
    /// One row a socket. The kernel's counts are used when it sees as many packages as the firmware has populated sockets;
    /// otherwise the firmware's own, for a disagreement must be visible and not smoothed over.
    /// </summary>
    public static ImmutableArray<Cpu> Cpus(SysTree tree, ImmutableArray<SmbiosSocket> sockets)
    {
        var packages = Packages(tree);
        var model = ModelName(tree);
        if (sockets.IsEmpty) return [.. packages.Select((p, i) => new Cpu($"CPU {i}", model, p.Cores, p.Threads))];
        return [.. sockets.Select((s, i) => packages.Count == sockets.Length
            ? new Cpu(s.Socket, model.Length > 0 ? model : s.Model, packages[i].Cores, packages[i].Threads)
            : new Cpu(s.Socket, s.Model.Length > 0 ? s.Model : model, s.Cores, s.Threads))];
    }

    static List<(int Cores, int Threads)> Packages(SysTree tree) =>
        [.. Cpulist(tree).Select(cpu => (
                Package: tree.Number($"sys/devices/system/cpu/{cpu}/topology/physical_package_id"),
                Core: (tree.Number($"sys/devices/system/cpu/{cpu}/topology/die_id"), tree.Number($"sys/devices/system/cpu/{cpu}/topology/core_id"))))
            .GroupBy(c => c.Package).OrderBy(g => g.Key)
            .Select(g => (g.Select(c => c.Core).Distinct().Count(), g.Count()))];

    static IEnumerable<string> Cpulist(SysTree tree) =>
        tree.Names("sys/devices/system/cpu").Where(n => n.StartsWith("cpu", StringComparison.Ordinal) && int.TryParse(n.AsSpan(3), out _) && tree.Has($"sys/devices/system/cpu/{n}/topology"));

    static string ModelName(SysTree tree)
    {
        foreach (var line in tree.Text("proc/cpuinfo").Split('\n'))
            if (line.StartsWith("model name", StringComparison.Ordinal) && line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0) return line[(colon + 1)..].Trim();
        return "";
    }

    /// <summary>Nodes with their processors and memory.</summary>
    public static ImmutableArray<NumaNode> Numa(SysTree tree) =>
        [.. tree.Names("sys/devices/system/node")
            .Where(n => n.StartsWith("node", StringComparison.Ordinal) && int.TryParse(n.AsSpan(4), out _))
            .Select(n => new NumaNode(int.Parse(n.AsSpan(4)), CountList(tree.Text($"sys/devices/system/node/{n}/cpulist")), KiB(tree.Text($"sys/devices/system/node/{n}/meminfo"), "MemTotal:") / 1024))
            .OrderBy(n => n.Id)];

    /// <summary>Every PCI function, by address.</summary>
    public static ImmutableArray<PciDevice> Pci(SysTree tree) =>
        [.. tree.Names("sys/bus/pci/devices").Select(a => new PciDevice(a,
            Hex(tree.Text($"sys/bus/pci/devices/{a}/class"), take: 4), Hex(tree.Text($"sys/bus/pci/devices/{a}/vendor"), take: 4), Hex(tree.Text($"sys/bus/pci/devices/{a}/device"), take: 4)))];

    /// <summary>The first TPM.</summary>
    public static Tpm Tpm(SysTree tree)
    {
        if (!tree.Has("sys/class/tpm/tpm0")) return new(Present: false, "");
        return new(Present: true, tree.Text("sys/class/tpm/tpm0/tpm_version_major") switch { "2" => "2.0", "1" => "1.2", _ => "" });
    }

    /// <summary><c>uefi</c> or <c>bios</c>: how this boot came about.</summary>
    public static string BootMode(SysTree tree) => tree.Has("sys/firmware/efi") ? "uefi" : "bios";

    /// <summary>What is plugged in, as SMBIOS lists it; the kernel's (smaller) total when SMBIOS lists none.</summary>
    public static long MemoryMiB(SysTree tree, ImmutableArray<Dimm> dimms) =>
        dimms.IsEmpty ? KiB(tree.Text("proc/meminfo"), "MemTotal:") / 1024 : dimms.Sum(d => d.SizeMiB);

    /// <summary>The number before "kB" on the line that holds <paramref name="key"/>, or 0.</summary>
    internal static long KiB(string meminfo, string key)
    {
        foreach (var line in meminfo.Split('\n'))
        {
            var at = line.IndexOf(key, StringComparison.Ordinal);
            if (at < 0) continue;
            var number = line[(at + key.Length)..].Trim().Split(' ')[0];
            return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        }

        return 0;
    }

    /// <summary>How many a kernel list such as <c>0-3,8</c> names.</summary>
    internal static int CountList(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Sum(part =>
        {
            var ends = part.Split('-');
            return ends.Length == 2 && int.TryParse(ends[0], out var from) && int.TryParse(ends[1], out var to) && to >= from ? to - from + 1 : ends.Length == 1 ? 1 : 0;
        });

    static string Hex(string text, int take)
    {
        var digits = text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text;
        return digits.Length > take ? digits[..take] : digits;
    }
}
