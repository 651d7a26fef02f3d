using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Survey;

/// <summary>Whole disks from /sys/block. Nothing here opens a device.</summary>
public static partial class DiskSurvey
{
    /// <summary>Every disk with media in it, sorted by slot. Disks that share a WWN are several paths to one: <c>multipath</c>.</summary>
    public static ImmutableArray<Disk> Read(SysTree tree)
    {
        var disks = tree.Names("sys/block").Where(name => !NotADisk().IsMatch(name)).Select(name => ReadOne(tree, name)).Where(d => d.SizeBytes > 0).ToList();
        var shared = disks.Where(d => d.Wwn.Length > 0).GroupBy(d => d.Wwn, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        return [.. disks.Select(d => shared.Contains(d.Wwn) ? d with { Transport = "multipath" } : d).OrderBy(d => d.Slot, StringComparer.Ordinal).ThenBy(d => d.Name, StringComparer.Ordinal)];
    }

    static Disk ReadOne(SysTree tree, string name)
    {
        var block = $"sys/block/{name}";
        var device = tree.Resolve($"{block}/device");
        var path = ControllerPath(tree, tree.Resolve(block), device, out var paths);
        var transport = paths > 1 ? "multipath" : Transport(tree, name, path, device);
        return new(
            DiskSlot.Of(name, path, tree, device), name,
            Model: tree.Text($"{device}/model"),
            Serial: Serial(tree, block, device),
            Wwn: Wwn(tree, block, device),
            SizeBytes: tree.Number($"{block}/size") * 512, // always in 512-byte units, whatever the disk's own block
            Rotational: tree.Number($"{block}/queue/rotational") == 1,
            transport,
            Firmware: tree.Text($"{device}/firmware_rev") is { Length: > 0 } f ? f : tree.Text($"{device}/rev"));
    }

    /// <summary>The device path that shows the bus. An NVMe namespace seen through its subsystem hangs under virtual/: its controllers lead on.</summary>
    static string ControllerPath(SysTree tree, string block, string device, out int paths)
    {
        paths = 1;
        if (!block.Contains("/virtual/", StringComparison.Ordinal)) return block;
        var controllers = tree.Names(device).Where(n => NvmeController().IsMatch(n)).ToList();
        paths = Math.Max(1, controllers.Count);
        return controllers.Count == 0 ? block : tree.Resolve($"{device}/{controllers[0]}");
    }

    static string Transport(SysTree tree, string name, string path, string device)
    {
        if (path.Contains("/usb", StringComparison.Ordinal)) return "usb";
        if (path.Contains("/rport-", StringComparison.Ordinal)) return "fc";
        if (path.Contains("/session", StringComparison.Ordinal)) return "iscsi";
        if (name.StartsWith("vd", StringComparison.Ordinal)) return "virtio";
        if (name.StartsWith("nvme", StringComparison.Ordinal)) return NvmeTransport(tree.Text($"{device}/transport"), path);
        return path.Contains("/ata", StringComparison.Ordinal) ? "sata" : "scsi";
    }

    /// <summary>NVMe over a network is nobody's local disk: it is given the list's word for a disk over that network.</summary>
    static string NvmeTransport(string transport, string path) => transport switch
    {
        "fc"             => "fc",
        "tcp" or "rdma"  => "iscsi",
        _ when path.Contains("/nvme-fabrics/", StringComparison.Ordinal) => "iscsi",
        _                => "nvme",
    };

    static string Serial(SysTree tree, string block, string device)
    {
        if (tree.Text($"{block}/serial") is { Length: > 0 } virtio) return Printable(virtio);
        if (tree.Text($"{device}/serial") is { Length: > 0 } nvme) return Printable(nvme);
        var page = tree.Bytes($"{device}/vpd_pg80"); // SCSI unit serial number: 4 header bytes, then text
        if (page.Length <= 4 || page[1] != 0x80) return "";
        var length = Math.Min(page.Length - 4, (page[2] << 8) | page[3]);
        return Smbios.Clean(page.AsSpan(4, length));
    }

    /// <summary>Only a real world-wide name: <c>0x…</c> for NAA, <c>eui.…</c> or <c>uuid.…</c> for NVMe. The kernel's made-up ids (t10.…, nvme.vendor-…) are none.</summary>
    static string Wwn(SysTree tree, string block, string device)
    {
        var id = tree.Text($"{block}/wwid") is { Length: > 0 } own ? own : tree.Text($"{device}/wwid");
        if (id.StartsWith("naa.", StringComparison.OrdinalIgnoreCase)) return "0x" + id[4..].ToLowerInvariant();
        return id.StartsWith("eui.", StringComparison.OrdinalIgnoreCase) || id.StartsWith("uuid.", StringComparison.OrdinalIgnoreCase) ? id.ToLowerInvariant() : "";
    }

    static string Printable(string text) => Smbios.Clean(System.Text.Encoding.Latin1.GetBytes(text));

    [GeneratedRegex("^(loop|ram|zram|dm-|md|sr|fd|nbd|mmcblk[0-9]+(boot|rpmb)|nvme[0-9]+c)", RegexOptions.ExplicitCapture)]
    private static partial Regex NotADisk();

    [GeneratedRegex("^nvme[0-9]+$")]
    private static partial Regex NvmeController();
}
