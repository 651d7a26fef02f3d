using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using HardwareInventory = Ppec.Contracts.Hardware.Inventory;

namespace Ppec.Domain.Machines;

/// <summary>Reading an inventory part by part, and telling two inventories apart.</summary>
public static class Parts
{
    /// <summary>The serial of the part in a slot, whatever kind of slot; null when nothing is there.</summary>
    public static string? SerialAt(HardwareInventory inventory, string slot) =>
        inventory.Dimms.Where(d => d.Slot == slot).Select(d => d.Serial)
            .Concat(inventory.Disks.Where(d => d.Slot == slot).Select(d => d.Serial))
            .Concat(inventory.Nics.Where(n => n.Slot == slot).Select(n => n.Mac))
            .FirstOrDefault();

    /// <summary>Disks PPEC may write: in the machine itself, and named by a serial or WWN.</summary>
    public static IEnumerable<Disk> LocalDisks(HardwareInventory inventory) =>
        inventory.Disks.Where(d => IsLocal(d) && IsNamed(d));

    public static bool IsLocal(Disk disk) => disk.Transport is not ("usb" or "fc" or "iscsi" or "multipath");

    public static bool IsNamed(Disk disk) => disk.Serial.Length > 0 || disk.Wwn.Length > 0;

    /// <summary>
    /// What changed between the report that made a machine Spare and a later one, a sentence a part, naming the slot. Empty = the same hardware.
    /// Link state and kernel names are not hardware. <paramref name="announced"/>: slots whose change was announced.
    /// </summary>
    public static ImmutableArray<string> Differences(HardwareInventory before, HardwareInventory after, Func<string, bool>? announced = null)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        if (!Same(before.System.Uuid, after.System.Uuid)) found.Add($"system UUID: expected {before.System.Uuid}, found {after.System.Uuid}");
        if (!Same(before.System.Serial, after.System.Serial)) found.Add($"system serial: expected {before.System.Serial}, found {after.System.Serial}");
        Compare("CPU", before.Cpus, after.Cpus, c => c.Socket, c => $"{c.Model}, {c.Cores} cores");
        Compare("DIMM", before.Dimms, after.Dimms, d => d.Slot, d => $"{d.SizeMiB} MiB {d.PartNumber} {d.Serial}".TrimEnd());
        Compare("disk", before.Disks, after.Disks, d => d.Slot, d => $"{d.Model} {d.Serial}, {d.SizeBytes} bytes".TrimStart());
        Compare("NIC", before.Nics, after.Nics, n => n.Slot, n => n.Mac);
        return found.ToImmutable();

        void Compare<T>(string kind, ImmutableArray<T> was, ImmutableArray<T> now, Func<T, string> slot, Func<T, string> text)
        {
            var left = was.ToLookup(slot, text);
            var right = now.ToLookup(slot, text);
            foreach (var key in left.Select(g => g.Key).Union(right.Select(g => g.Key)).Order(StringComparer.Ordinal))
            {
                var (a, b) = (string.Join(" + ", left[key]), string.Join(" + ", right[key]));
                if (a != b && announced?.Invoke(key) != true) found.Add($"{kind} {key}: expected {(a.Length == 0 ? "nothing" : a)}, found {(b.Length == 0 ? "nothing" : b)}");
            }
        }
    }

    /// <summary>Why <paramref name="seen"/> cannot be the machine <paramref name="known"/>; null when nothing contradicts it. Empty values contradict nothing.</summary>
    public static string? Contradiction(MachineEvidence known, MachineEvidence seen) =>
        Differ(known.Serial, seen.Serial) ? $"serial: expected {known.Serial}, found {seen.Serial}"
        : Differ(known.Uuid, seen.Uuid) ? $"SMBIOS UUID: expected {known.Uuid}, found {seen.Uuid}"
        : Differ(known.BoardSerial, seen.BoardSerial) ? $"board serial: expected {known.BoardSerial}, found {seen.BoardSerial}"
        : null;

    static bool Differ(string known, string seen) => known.Length > 0 && seen.Length > 0 && !Same(known, seen);

    static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
