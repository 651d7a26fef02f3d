using System.Collections.Immutable;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;

namespace Ppec.Agent.Install;

/// <summary>
/// From a disk's name in a plan to the one disk that may be written. Everything in doubt is a refusal: writing to the wrong disk is
/// the worst thing this program could do.
/// </summary>
public static class DiskChoice
{
    static readonly ImmutableArray<string> Local = ["sata", "nvme", "virtio", "scsi"];

    /// <summary>The disk, or a sentence that says why there is none.</summary>
    public static (Disk? Disk, string? Refusal) Find(DiskRef wanted, ImmutableArray<Disk> disks)
    {
        if (wanted.Serial.Length == 0 && wanted.Wwn.Length == 0) return (null, "The plan names a disk by neither serial nor WWN.");
        var name = wanted.Wwn.Length == 0 ? $"serial {wanted.Serial}" : $"serial {wanted.Serial}, WWN {wanted.Wwn}";
        var matches = disks.Where(d => (wanted.Serial.Length == 0 || d.Serial == wanted.Serial) && (wanted.Wwn.Length == 0 || SameWwn(d.Wwn, wanted.Wwn))).ToList();
        return matches switch
        {
            []                                             => (null, $"No disk with {name}; there are {Names(disks)}. Nothing was written."),
            [_, _, ..]                                     => (null, $"{matches.Count} disks have {name}: {Names(matches)}. Nothing was written."),
            [var d] when !Local.Contains(d.Transport)      => (null, $"The disk with {name} is not local but {d.Transport}. Nothing was written."),
            [var d]                                        => (d, null),
        };
    }

    /// <summary>A WWN as udev, the kernel or a BMC spells it: with 0x, naa. or eui. in front, in any case.</summary>
    static bool SameWwn(string a, string b) => a.Length > 0 && Bare(a) == Bare(b);

    static string Bare(string wwn)
    {
        var text = wwn.ToLowerInvariant();
        foreach (var prefix in (ReadOnlySpan<string>)["0x", "naa.", "eui.", "uuid."])
            if (text.StartsWith(prefix, StringComparison.Ordinal)) text = text[prefix.Length..];
        return text;
    }

    static string Names(IReadOnlyCollection<Disk> disks) =>
        disks.Count == 0 ? "none" : string.Join("; ", disks.Select(d => $"{d.Slot} ({d.Transport}) serial {(d.Serial.Length == 0 ? "none" : d.Serial)}"));
}
