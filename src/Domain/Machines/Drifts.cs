using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Machines;
using static Ppec.Domain.Decide;
using static Ppec.Domain.Machines.MachineState;
using HardwareInventory = Ppec.Contracts.Hardware.Inventory;

namespace Ppec.Domain.Machines;

/// <summary>
/// What is not as the log has it: noted once when it appears, cleared once when it is gone, never corrected.
/// Whoever looks reports what it saw; what that means is decided here.
/// </summary>
public static class Drifts
{
    public const string Power = "power";
    public const string Bmc = "bmc";
    public const string BmcUnreachable = "bmc-unreachable";
    public const string Hardware = "hardware";
    public const string HardwareAtBoot = "hardware-at-boot";
    public const string HardwareInspected = "hardware-inspected";
    public const string Image = "image";
    public const string MaintenanceExpired = "maintenance-expired";

    /// <summary>What <see cref="Flapping"/> appends to a kind.</summary>
    const string FlappingSuffix = "-flapping";

    /// <summary>A BMC may miss a look or two, while it restarts or is busy.</summary>
    public const int UnansweredLooks = 3;

    /// <summary>What was noted this often within <see cref="FlapsWithin"/> flaps: that is noted, and then nothing of its kind for as long.</summary>
    public const int FlapsAfter = 3;

    public static readonly TimeSpan FlapsWithin = TimeSpan.FromHours(1);

    /// <summary>One thing compared: as it should be (<paramref name="Found"/> null), or not.</summary>
    public readonly record struct Finding(string Kind, string Expected = "", string? Found = null);

    public static string Flapping(string kind) => kind + FlappingSuffix;

    /// <summary>A kind as it is searched for: what the BMC counts, what an inspection and what a boot finds are all hardware.</summary>
    public static string Family(string kind) => kind.StartsWith(Hardware, StringComparison.Ordinal) ? Hardware : kind;

    /// <summary>The facts that bring what is noted in line with what was found.</summary>
    public static Decision<MachineEvent> Settle(Dossier about, DateTimeOffset at, params ImmutableArray<Finding> findings) =>
        Then<MachineEvent>([.. findings.SelectMany(f => One(about, at, f))]);

    static IEnumerable<MachineEvent> One(Dossier about, DateTimeOffset at, Finding f)
    {
        if (about.Drift.TryGetValue(Flapping(f.Kind), out var flapping))
        {
            if (at - flapping.At < FlapsWithin) yield break;
            yield return new DriftCleared(flapping.Kind);
        }
        var noted = about.Drift.GetValueOrDefault(f.Kind);
        if (f.Found is null && noted is not null) yield return new DriftCleared(f.Kind);
        if (f.Found is not { } found || noted?.Found == found) yield break;
        var lately = about.DriftTimes.GetValueOrDefault(f.Kind, []).Count(t => at - t < FlapsWithin);
        if (lately < FlapsAfter) yield return new DriftNoted(f.Kind, f.Expected, found);
        else
        {
            if (noted is not null) yield return new DriftCleared(f.Kind);
            yield return new DriftNoted(Flapping(f.Kind), f.Expected, $"{found}; noted {lately} times within the last hour, and not again for an hour");
        }
    }

    /// <summary>The last few times a kind was noted.</summary>
    internal static ImmutableSortedDictionary<string, ImmutableArray<DateTimeOffset>> Counted(ImmutableSortedDictionary<string, ImmutableArray<DateTimeOffset>> times, DriftNoted e) =>
        e.Kind.EndsWith(FlappingSuffix, StringComparison.Ordinal)
            ? times
            : times.SetItem(e.Kind, [.. times.GetValueOrDefault(e.Kind, []).Add(e.At).TakeLast(FlapsAfter)]);

    /// <summary>What time has ended is ended; then the BMC's word is compared, unless maintenance pauses that.</summary>
    public static Decision<MachineEvent> OfLook(Known s, RecordLook c)
    {
        var ended = Ended(s, c.At);
        if (s is Baremetal { Maintenance: { } m })
        {
            if (m.ExpiresAt > c.At) return Then<MachineEvent>([.. ended]);
            if (!s.About.Drift.ContainsKey(MaintenanceExpired)) ended = ended.Append(new DriftNoted(MaintenanceExpired, $"ended by {m.ExpiresAt:u}", $"still open: {m.Why}"));
        }
        return Then<MachineEvent>([.. ended, .. c.Bmc is { } bmc ? Settle(s.About, c.At, OfBmc(s, bmc)).Events : []]);
    }

    /// <summary>Nothing is known of a BMC that does not answer, and nothing of this machine from one that is another's.</summary>
    static ImmutableArray<Finding> OfBmc(Known s, BmcReport bmc)
    {
        if (bmc.Trouble is { } trouble)
            return bmc.Tries < UnansweredLooks ? [] : [new(BmcUnreachable, "it answers", trouble)];
        if (Machine.NotOf(s.About, new(bmc.Serial, bmc.Uuid, "", [])) is not null)
            return [new(BmcUnreachable), new(Bmc, $"serial {s.About.Serial}, UUID {Told(s.About.Evidence?.Uuid)}", $"serial {Told(bmc.Serial)}, UUID {Told(bmc.Uuid)}{(bmc.Owner is null ? "" : $": that is {bmc.Owner}")}")];
        return [new(BmcUnreachable), new(Bmc), .. OfPower(s, bmc.Power), .. OfHardware(s.About.Inspection?.Inventory, bmc)];

        static string Told(string? text) => string.IsNullOrEmpty(text) ? "unknown" : text;
    }

    /// <summary>A machine that asks what to boot is on, whatever its BMC says.</summary>
    public static Decision<MachineEvent> OfBootRequest(Known s, DateTimeOffset at) =>
        s is Baremetal { Maintenance: { } m } && m.ExpiresAt > at ? Nothing<MachineEvent>() : Settle(s.About, at, OfPower(s, "on"));

    /// <summary>Where the stage says nothing of the power, none is expected.</summary>
    static ImmutableArray<Finding> OfPower(Known s, string? power)
    {
        var expected = s switch { Inventory or Spare or Retired => "off", Baremetal => "on", _ => null };
        return expected is null || power is null ? [] : [new(Power, expected, power == expected ? null : power)];
    }

    /// <summary>BMCs round, but never by half a DIMM.</summary>
    static IEnumerable<Finding> OfHardware(HardwareInventory? known, BmcReport bmc)
    {
        if (known is null) return [];
        List<(string Expected, string Found)> different = [];
        var installed = known.Dimms.Sum(d => d.SizeMiB);
        if (installed > 0 && bmc.MemoryMiB is > 0 and var memory && Math.Abs(memory - installed) * 2 >= known.Dimms.Min(d => d.SizeMiB))
            different.Add(($"{installed} MiB of memory", $"{memory} MiB of memory"));
        if (known.Cpus.Length > 0 && bmc.Sockets is > 0 and var sockets && sockets != known.Cpus.Length)
            different.Add(($"{known.Cpus.Length} CPUs", $"{sockets} CPUs"));
        return [new(Hardware, string.Join(", ", different.Select(d => d.Expected)), different.Count == 0 ? null : string.Join(", ", different.Select(d => d.Found)))];
    }

    /// <summary>An inspection against the one before it. A repair that was announced is no surprise; its part's serial is what the repair says, or it is one.</summary>
    public static IEnumerable<MachineEvent> OfInspection(Dossier about, HardwareInventory found)
    {
        if (about.Inspection is not { } before) yield break;
        var differences = Parts.Differences(before.Inventory, found, slot => about.Repairs.Any(r =>
            r.After is null && r.Slot == slot && (r.Serial.Length == 0 || Parts.SerialAt(found, slot) is not { } serial || serial == r.Serial)));
        if (!differences.IsEmpty)
            yield return new DriftNoted(HardwareInspected, $"as inspected {before.At:u}", string.Join("; ", differences));
    }

    /// <summary>
    /// The installed system at a later start. Of another installation than the one that counts, it says only that the machine is on.
    /// </summary>
    public static Decision<MachineEvent> OfBoot(Known s, RecordBoot c)
    {
        if (s is not Baremetal b || b.InstalledBy != c.Operation) return OfBootRequest(s, c.At);
        if (b.Maintenance is { } m && m.ExpiresAt > c.At) return Nothing<MachineEvent>();
        var wrong = s.About.Inspection is { } known ? Missing(s.About, known.Inventory, c.Beacon) : "";
        return Settle(s.About, c.At, [
            .. OfPower(s, "on"),
            new(Image, b.Plan!.Image.Image, c.Beacon.Image == b.Plan.Image.Image ? null : c.Beacon.Image),
            new(HardwareAtBoot, "the hardware that was provisioned", wrong.Length == 0 ? null : wrong)]);
    }

    static string Missing(Dossier about, HardwareInventory known, Beacon beacon)
    {
        List<string> wrong = [];
        if (Machine.NotOf(about, beacon.Evidence) is { } other) wrong.Add(other);
        var seen = beacon.DiskSerials.IsDefault ? [] : beacon.DiskSerials;
        wrong.AddRange(Parts.LocalDisks(known).Where(d => d.Serial.Length > 0 && !seen.Contains(d.Serial)).Select(d => $"disk {d.Slot}: expected {d.Serial}, found nothing"));
        if (beacon.MemoryMiB < known.MemoryMiB * 9 / 10 || beacon.MemoryMiB * 9 / 10 > known.MemoryMiB) wrong.Add($"memory: expected {known.MemoryMiB} MiB, found {beacon.MemoryMiB} MiB");
        return string.Join("; ", wrong);
    }

    /// <summary>Holds whose time is over are lifted; a Spare whose gap is no longer waived is held for it.</summary>
    static IEnumerable<MachineEvent> Ended(Known s, DateTimeOffset at)
    {
        foreach (var hold in s.About.Holds.Values.Where(h => h.ExpiresAt <= at && h.Source != Holds.Dirty)) yield return new MachineUnheld(hold.Source);
        if (s is not Spare { About.Inspection: { } report } || s.About.Holds.ContainsKey(Holds.Inspection)) yield break;
        var open = report.Evaluation.Gaps.Where(g => g.Fails && !Evaluation.IsWaived(s.About.Waivers, g.Key, at)).ToList();
        if (open.Count > 0)
            yield return new MachineHeld(Holds.Inspection, $"The waiver of {string.Join(", ", open.Select(g => g.Key))} ended: {Evaluation.Describe(open)}", null, null);
    }
}
