using System.Collections.Immutable;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Survey;

/// <summary>Physical network ports from /sys/class/net: those with a device behind them.</summary>
public static class NicSurvey
{
    const string Class = "sys/class/net";

    /// <summary>Every physical port, sorted by slot.</summary>
    public static ImmutableArray<Nic> Read(SysTree tree) =>
        [.. tree.Names(Class).Where(n => tree.Has($"{Class}/{n}/device")).Select(n => ReadOne(tree, n)).OrderBy(n => n.Slot, StringComparer.Ordinal).ThenBy(n => n.Name, StringComparer.Ordinal)];

    static Nic ReadOne(SysTree tree, string name)
    {
        var device = tree.Resolve($"{Class}/{name}/device");
        // Ports of one PCI function (some dual-port cards) differ by dev_port.
        var port = tree.Number($"{Class}/{name}/dev_port");
        var slot = DiskSlot.LastPciAddress(device) is { } pci ? $"pci-{pci}{(port > 0 ? $"-{port}" : "")}" : name;
        return new(
            slot, name,
            Mac(tree.Text($"{Class}/{name}/address")),
            Path.GetFileName(tree.Resolve($"{Class}/{name}/device/driver")),
            tree.Number($"{Class}/{name}/carrier") == 1,
            (int)Math.Clamp(tree.Number($"{Class}/{name}/speed"), 0, int.MaxValue)); // -1 = unknown
    }

    static string Mac(string text) => text.ToLowerInvariant();
}
