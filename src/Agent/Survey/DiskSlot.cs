using System.Text.RegularExpressions;

namespace Ppec.Agent.Survey;

/// <summary>
/// A disk's stable place, spelled as udev's by-path spells it (there is no udev here): the PCI function it hangs on, then its port.
/// </summary>
internal static partial class DiskSlot
{
    internal static string Of(string name, string path, SysTree tree, string device)
    {
        if (LastPciAddress(path) is not { } pci) return name;
        if (path.Contains("/usb", StringComparison.Ordinal) && UsbPort().Match(path) is { Success: true } usb) return $"pci-{pci}-usb-0:{usb.Groups["port"].Value}";
        if (name.StartsWith("vd", StringComparison.Ordinal)) return $"pci-{pci}";
        if (NvmeNamespace().Match(name) is { Success: true } nvme) return $"pci-{pci}-nvme-{nvme.Groups["id"].Value}";
        if (AtaPort().Match(path) is { Success: true } ata) return $"pci-{pci}-ata-{AtaPortNumber(tree, ata.Groups["port"].Value)}";
        if (tree.Text($"{device}/sas_address") is { Length: > 0 } sas) return $"pci-{pci}-sas-{sas}-lun-0";
        return ScsiAddress().Match(path) is { Success: true } scsi ? $"pci-{pci}-scsi-{RelativeHost(tree, path, scsi)}" : $"pci-{pci}";
    }

    /// <summary>The kernel numbers ATA ports across all controllers in probing order; the port number on the controller is what cannot move.</summary>
    static string AtaPortNumber(SysTree tree, string ata) => tree.Text($"sys/class/ata_port/{ata}/port_no") is { Length: > 0 } port ? port : ata[3..];

    /// <summary>Host numbers are given in probing order too: count from the controller's lowest.</summary>
    static string RelativeHost(SysTree tree, string path, Match scsi)
    {
        var parent = path[..path.IndexOf("/host" + scsi.Groups["host"].Value + "/", StringComparison.Ordinal)];
        var lowest = tree.Names(parent).Where(n => n.StartsWith("host", StringComparison.Ordinal) && int.TryParse(n.AsSpan(4), out _)).Select(n => int.Parse(n.AsSpan(4))).DefaultIfEmpty(0).Min();
        return $"{int.Parse(scsi.Groups["host"].Value) - lowest}:{scsi.Groups["rest"].Value}";
    }

    /// <summary>The deepest PCI function on a device's path, or null.</summary>
    internal static string? LastPciAddress(string path)
    {
        string? last = null;
        foreach (var part in path.Split('/'))
            if (PciAddress().IsMatch(part)) last = part;
        return last;
    }

    [GeneratedRegex("^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$")]
    private static partial Regex PciAddress();

    [GeneratedRegex("/usb[0-9]+/([^/]+/)*[0-9]+-(?<port>[0-9.]+:[0-9.]+)/", RegexOptions.ExplicitCapture)]
    private static partial Regex UsbPort();


    [GeneratedRegex("^nvme[0-9]+n(?<id>[0-9]+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex NvmeNamespace();

    [GeneratedRegex("/(?<port>ata[0-9]+)/", RegexOptions.ExplicitCapture)]
    private static partial Regex AtaPort();

    [GeneratedRegex("/host(?<host>[0-9]+)/.*/[0-9]+:(?<rest>[0-9]+:[0-9]+:[0-9]+)/block", RegexOptions.ExplicitCapture)]
    private static partial Regex ScsiAddress();
}
