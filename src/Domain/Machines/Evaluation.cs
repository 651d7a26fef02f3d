using System.Collections.Immutable;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;

namespace Ppec.Domain.Machines;

/// <summary>Measures an inventory by the profiles it may match, and names every gap.</summary>
public static class Evaluation
{
    /// <summary>
    /// One profile (the one ordered): its gaps decide. Several (none was ordered): the machine has the type of the one it matches, when it matches just one.
    /// A failed health check fails it whatever the hardware.
    /// </summary>
    public static EvaluationView Of(
        ImmutableArray<ProfileVersion> profiles, Inventory inventory, HealthReport health,
        ImmutableSortedDictionary<string, Waiver> waivers, DateTimeOffset at)
    {
        var measured = profiles.Select(p => (Profile: p, Gaps: Waived(Gaps(p.Spec, inventory)))).ToList();
        var matching = measured.Where(m => m.Gaps.All(g => !g.Fails || g.Waived)).ToList();
        var failures = Failures(health);
        return (measured.Count, matching.Count) switch
        {
            (1, 1)                   => Verdict(measured[0].Profile.Id, measured[0].Gaps),
            (1, 0)                   => new(false, measured[0].Profile.Id, Sentence(Describe(measured[0].Gaps.Where(g => g.Fails && !g.Waived)), failures), measured[0].Gaps),
            (_, 1)                   => Verdict(matching[0].Profile.Id, matching[0].Gaps),
            (_, 0)                   => new(false, null, Sentence("It matches no profile.", failures), []),
            _                        => new(false, null, Sentence($"It matches more than one profile: {string.Join(", ", matching.Select(m => m.Profile.Id))}.", failures), []),
        };

        EvaluationView Verdict(string type, ImmutableArray<Gap> gaps) =>
            new(failures.Length == 0, type, failures.Length == 0 ? $"Matches {type}." : failures, gaps);

        ImmutableArray<Gap> Waived(IEnumerable<Gap> gaps) => [.. gaps.Select(g => g with { Waived = IsWaived(waivers, g.Key, at) })];
    }

    public static bool IsWaived(ImmutableSortedDictionary<string, Waiver> waivers, string gap, DateTimeOffset at) =>
        waivers.TryGetValue(gap, out var waiver) && waiver.Until > at;

    /// <summary>The gaps as a sentence an operator can act on.</summary>
    public static string Describe(IEnumerable<Gap> gaps) =>
        string.Join(" ", gaps.Select(g => $"{g.Component}{(g.Slot.Length == 0 ? "" : " " + g.Slot)}: expected {g.Expected}, found {g.Found}."));

    /// <summary>Failed health checks as a sentence; empty when none failed.</summary>
    public static string Failures(HealthReport health) =>
        string.Join(" ", health.Checks.Where(c => c.Status == HealthStatus.Failed).Select(c => $"{c.Check} {c.Part}: {c.Detail}."));

    static string Sentence(string gaps, string failures) => failures.Length == 0 ? gaps : $"{gaps} {failures}".Trim();

    static IEnumerable<Gap> Gaps(ProfileSpec spec, Inventory found) =>
        [.. Cpus(spec, found), .. Memory(spec, found), .. Disks(spec, found), .. Nics(spec, found), .. Firmware(spec, found), .. Rest(spec, found)];

    static IEnumerable<Gap> Cpus(ProfileSpec spec, Inventory found)
    {
        if (spec.Cpu is not { } cpu) yield break;
        if (found.Cpus.Length != cpu.Sockets)
            yield return Missing("cpu:sockets", "CPU sockets", "", $"{cpu.Sockets}", $"{found.Cpus.Length}");
        foreach (var c in found.Cpus)
        {
            if (cpu.CoresPerSocket is { } cores && c.Cores != cores)
                yield return Missing($"cpu:{c.Socket}:cores", "CPU cores", c.Socket, $"{cores}", $"{c.Cores}");
            if (cpu.Model is { } model && !c.Model.Contains(model, StringComparison.OrdinalIgnoreCase))
                yield return Missing($"cpu:{c.Socket}:model", "CPU", c.Socket, model, c.Model);
        }
    }

    static IEnumerable<Gap> Memory(ProfileSpec spec, Inventory found)
    {
        if (!spec.Dimms.IsDefaultOrEmpty)
        {
            var slots = found.Dimms.ToLookup(d => d.Slot);
            foreach (var dimm in spec.Dimms)
                if (slots[dimm.Slot].FirstOrDefault() is not { } there)
                    yield return Missing($"dimm:{dimm.Slot}", "DIMM", dimm.Slot, $"{dimm.SizeMiB} MiB", "nothing");
                else if (there.SizeMiB != dimm.SizeMiB)
                    yield return Missing($"dimm:{dimm.Slot}", "DIMM", dimm.Slot, $"{dimm.SizeMiB} MiB", $"{there.SizeMiB} MiB");
            foreach (var extra in found.Dimms.Where(d => spec.Dimms.All(s => s.Slot != d.Slot)))
                yield return Missing($"dimm:{extra.Slot}", "DIMM", extra.Slot, "nothing", $"{extra.SizeMiB} MiB");
        }
        // What the kernel can use is less than what was bought: firmware and the kernel keep some.
        if (spec.MemoryMiB is { } memory && (found.MemoryMiB < memory * 9 / 10 || found.MemoryMiB > memory))
            yield return Missing("memory", "memory", "", $"{memory} MiB", $"{found.MemoryMiB} MiB");
    }

    static IEnumerable<Gap> Disks(ProfileSpec spec, Inventory found)
    {
        if (spec.Disks.IsDefaultOrEmpty) yield break;
        var (met, left) = Fitting.Of(spec.Disks, [.. found.Disks.Where(d => d.Transport != "usb")], w => w.Count, (w, d) => Fits(w, d, spec.DiskTolerancePercent));
        foreach (var (wanted, index) in spec.Disks.Select((d, i) => (d, i)))
            if (met[index] < wanted.Count)
                yield return Missing($"disk:{index}", "disks", "", $"{wanted.Count} × {wanted.SizeMiB} MiB {wanted.Transport}".TrimEnd(), $"{met[index]}");
        foreach (var extra in left)
            yield return Missing($"disk:{extra.Slot}", "disk", extra.Slot, "nothing", $"{extra.SizeBytes >> 20} MiB {extra.Transport} {extra.Serial}".TrimEnd());
    }

    static bool Fits(DiskSpec wanted, Disk disk, int tolerancePercent)
    {
        var size = disk.SizeBytes >> 20;
        return Math.Abs(size - wanted.SizeMiB) * 100 <= wanted.SizeMiB * tolerancePercent
            && (wanted.Transport is null || wanted.Transport == disk.Transport)
            && (wanted.Rotational is null || wanted.Rotational == disk.Rotational)
            && (wanted.Model is null || disk.Model.Contains(wanted.Model, StringComparison.OrdinalIgnoreCase));
    }

    static IEnumerable<Gap> Nics(ProfileSpec spec, Inventory found)
    {
        if (spec.Nics.IsDefaultOrEmpty) yield break;
        var (met, _) = Fitting.Of(spec.Nics, found.Nics, w => w.Count, (w, n) => (w.MinSpeedMbps is null || n.SpeedMbps >= w.MinSpeedMbps) && (w.Driver is null || n.Driver == w.Driver));
        foreach (var (wanted, index) in spec.Nics.Select((n, i) => (n, i)))
            if (met[index] < wanted.Count)
                yield return Missing($"nic:{index}", "network ports", "", $"{wanted.Count}{(wanted.MinSpeedMbps is { } s ? $" at {s} Mbit/s or more" : "")}", $"{met[index]}");
    }

    static IEnumerable<Gap> Firmware(ProfileSpec spec, Inventory found)
    {
        if (spec.Firmware.IsDefaultOrEmpty) yield break;
        foreach (var wanted in spec.Firmware)
        {
            var versions = wanted.Component == "bios"
                ? [("", found.Bios.Version)]
                : found.Disks.Where(d => d.Model.Contains(wanted.Component, StringComparison.OrdinalIgnoreCase)).Select(d => (d.Slot, d.Firmware)).ToList();
            foreach (var (slot, version) in versions)
            {
                var order = CompareVersions(version, wanted.Version);
                if (wanted.Rule == "minimum" ? order >= 0 : order == 0) continue;
                yield return new($"firmware:{wanted.Component}{(slot.Length == 0 ? "" : ":" + slot)}", $"{wanted.Component} firmware", slot,
                    wanted.Rule == "minimum" ? $"{wanted.Version} or newer" : wanted.Version, version, Fails: wanted.Rule != "report", Waived: false);
            }
        }
    }

    static IEnumerable<Gap> Rest(ProfileSpec spec, Inventory found)
    {
        if (spec.Tpm is { } tpm && found.Tpm.Version != tpm)
            yield return Missing("tpm", "TPM", "", tpm, found.Tpm.Present ? found.Tpm.Version : "nothing");
        if (spec.BootMode is { } mode && found.BootMode != mode)
            yield return Missing("boot-mode", "boot mode", "", mode, found.BootMode);
    }

    /// <summary>By runs of digits as numbers and the rest as text: 2.9 is older than 2.10.</summary>
    public static int CompareVersions(string a, string b)
    {
        var (x, y) = (Runs(a), Runs(b));
        for (var i = 0; i < Math.Max(x.Count, y.Count); i++)
        {
            if (i >= x.Count) return -1;
            if (i >= y.Count) return 1;
            var numbers = char.IsAsciiDigit(x[i][0]) && char.IsAsciiDigit(y[i][0]);
            var order = numbers ? CompareNumbers(x[i], y[i]) : string.CompareOrdinal(x[i], y[i]);
            if (order != 0) return Math.Sign(order);
        }
        return 0;
    }

    static int CompareNumbers(string a, string b)
    {
        var (x, y) = (a.TrimStart('0'), b.TrimStart('0'));
        return x.Length != y.Length ? x.Length - y.Length : string.CompareOrdinal(x, y);
    }

    static List<string> Runs(string text)
    {
        var runs = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var digit = char.IsAsciiDigit(text[i]);
            var end = i;
            while (end < text.Length && char.IsAsciiDigit(text[end]) == digit) end++;
            runs.Add(text[i..end]);
            i = end;
        }
        return runs;
    }

    static Gap Missing(string key, string component, string slot, string expected, string found) =>
        new(key, component, slot, expected, found, Fails: true, Waived: false);
}
