using System.Collections.Immutable;
using Ppec.Cli.Output;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;

namespace Ppec.Cli.Machines;

/// <summary>Machines as people read them.</summary>
static class MachineSheets
{
    public static Sheet Table(IEnumerable<MachineView> machines, bool wide)
    {
        string[] columns = ["ID", "STAGE", "TYPE", "RACK", "UNIT", "OWNER", "HOSTNAME", "STATUS"];
        var sheet = new Sheet(null, wide ? [.. columns, "SERIAL", "NAME", "PROFILE", "IMAGE", "ADDRESS", "BMC", "TAGS", "VERSION"] : columns);
        foreach (var m in machines)
        {
            Cell[] row = [m.Id, Stage(m.Stage), m.Type, m.Rack, m.Unit, m.Owner, m.Hostname, Status(m)];
            sheet.Add(wide ? [.. row, m.Serial, m.Name, m.Profile, m.Image, m.Address, m.Bmc?.Address, Words.Pairs(m.Tags), m.Version] : row);
        }
        return sheet;
    }

    public static IEnumerable<Sheet> Detail(MachineView m, bool wide)
    {
        yield return new Sheet(null)
            .Fact("Machine", m.Id).Fact("Serial", m.Serial).Fact("Name", m.Name).Fact("Stage", Stage(m.Stage)).Fact("Status", Status(m))
            .Fact("Type", m.Type).Fact("Profile", m.Profile)
            .Fact("Place", m.Rack is null ? "" : $"{m.Rack}, unit {m.Unit}{(m.Height > 1 ? $", {m.Height} units high" : "")}")
            .Fact("Owner", m.Owner).Fact("Hostname", m.Hostname).Fact("Image", m.Image).Fact("Address", m.Address)
            .Fact("Integrity", m.Stage == "baremetal" && !m.IntegrityVerified ? new Cell("unverified", Tone.Busy) : "")
            .Fact("BMC", m.Bmc is { } bmc ? $"{bmc.Protocol} {bmc.Address} as {bmc.User}{(bmc.PinnedCertificate is null ? "" : ", certificate pinned")}" : "")
            .Fact("Tags", Words.Pairs(m.Tags)).Fact("Note", m.Note)
            .Fact("Maintenance", m.Maintenance is { } work ? $"until {Words.Time(work.ExpiresAt)}: {work.Why}" : "")
            .Fact("Failures", m.Failures == 0 ? "" : m.Failures).Fact("Version", m.Version);

        if (m.Holds.Each().Any())
        {
            var holds = new Sheet("Holds", "SOURCE", "SINCE", "UNTIL", "REASON");
            foreach (var hold in m.Holds) holds.Add(hold.Source, Words.Time(hold.Since), hold.ExpiresAt, hold.Reason);
            yield return holds;
        }
        if (m.Drift.Each().Any())
        {
            var drift = new Sheet("Drift", "KIND", "SINCE", "EXPECTED", "FOUND");
            foreach (var d in m.Drift) drift.Add(new(d.Kind, Tone.Bad), Words.Time(d.Since), d.Expected, d.Found);
            yield return drift;
        }
        if (m.Evaluation is { } evaluation)
        {
            var gaps = new Sheet($"Evaluation: {(evaluation.Passed ? "passed" : "failed")}. {evaluation.Summary}", "GAP", "SLOT", "EXPECTED", "FOUND", "EFFECT");
            foreach (var gap in evaluation.Gaps.Each())
                gaps.Add(gap.Key, gap.Slot, gap.Expected, gap.Found, gap.Waived ? new Cell("waived", Tone.Busy) : gap.Fails ? new Cell("fails", Tone.Bad) : "noted");
            yield return gaps.Rows.Count > 0 ? gaps : new Sheet(gaps.Title);
        }
        if (m.Inventory is { } inventory)
        {
            foreach (var sheet in Hardware(inventory, wide)) yield return sheet;
        }
        var checks = m.Health is null ? [] : m.Health.Checks.Each().Where(check => wide || check.Status != HealthStatus.Passed).ToArray();
        if (checks.Length > 0)
        {
            var health = new Sheet("Health checks", "CHECK", "PART", "STATUS", "DETAIL");
            foreach (var check in checks)
                health.Add(check.Check, check.Part, new(check.Status.ToString().ToLowerInvariant(), check.Status == HealthStatus.Failed ? Tone.Bad : Tone.Plain), check.Detail);
            yield return health;
        }
        if (m.Waivers.Each().Any())
        {
            var waivers = new Sheet("Waived gaps", "GAP", "UNTIL", "REASON");
            foreach (var waiver in m.Waivers) waivers.Add(waiver.Gap, Words.Time(waiver.Until), waiver.Why);
            yield return waivers;
        }
        if (m.Repairs.Each().Any())
        {
            var repairs = new Sheet("Replaced parts", "SLOT", "TIME", "NEW PART", "RMA", "FOUND BEFORE", "FOUND AFTER");
            foreach (var repair in m.Repairs) repairs.Add(repair.Slot, Words.Time(repair.At), repair.Serial, repair.Rma, repair.Before is { Length: > 0 } before ? before : "nothing", Found(repair));
            yield return repairs;
        }
        if (m.Wipes.Each().Any())
        {
            var wipes = new Sheet("Wiped disks", "SERIAL", "METHOD", "CLASS", "VERIFIED", "FINISHED", "ERROR");
            foreach (var wipe in m.Wipes) wipes.Add(wipe.Serial, wipe.Method, wipe.SanitizationClass, wipe.Verified ? "yes" : new Cell("no", Tone.Bad), Words.Time(wipe.FinishedAt), wipe.Error);
            yield return wipes;
        }
    }

    /// <summary>What the inspection after it found: another part than was recorded stands out.</summary>
    static Cell Found(RepairView repair) => repair.After switch
    {
        null => new("not inspected yet", Tone.Busy),
        "" => new("nothing", Tone.Bad),
        var after => new(after, after == repair.Serial ? Tone.Good : Tone.Bad),
    };

    static IEnumerable<Sheet> Hardware(Inventory found, bool wide)
    {
        yield return new Sheet("Hardware")
            .Fact("System", $"{found.System?.Manufacturer} {found.System?.Product}".Trim())
            .Fact("BIOS", $"{found.Bios?.Vendor} {found.Bios?.Version} {found.Bios?.Date}".Trim()).Fact("Boot mode", found.BootMode)
            .Fact("CPU", string.Join("; ", found.Cpus.Each().Select(cpu => $"{cpu.Model}, {cpu.Cores} cores").GroupBy(text => text).Select(same => $"{same.Count()} × {same.Key}")))
            .Fact("Memory", $"{Words.Size(found.MemoryMiB * 1024 * 1024)} in {found.Dimms.Each().Count()} DIMMs")
            .Fact("TPM", found.Tpm is { Present: true } tpm ? tpm.Version : "none");
        var disks = new Sheet("Disks", "NAME", "SLOT", "SIZE", "TRANSPORT", "MODEL", "SERIAL", "FIRMWARE");
        foreach (var disk in found.Disks.Each()) disks.Add(disk.Name, disk.Slot, Words.Size(disk.SizeBytes), disk.Transport, disk.Model, disk.Serial, disk.Firmware);
        if (disks.Rows.Count > 0) yield return disks;
        var nics = new Sheet("Network ports", "NAME", "SLOT", "MAC", "LINK", "MBPS", "DRIVER");
        foreach (var nic in found.Nics.Each()) nics.Add(nic.Name, nic.Slot, nic.Mac, nic.Link ? "up" : "down", nic.SpeedMbps, nic.Driver);
        if (nics.Rows.Count > 0) yield return nics;
        if (!wide) yield break;
        var dimms = new Sheet("Memory modules", "SLOT", "SIZE", "MANUFACTURER", "PART", "SERIAL", "MT/S");
        foreach (var dimm in found.Dimms.Each()) dimms.Add(dimm.Slot, Words.Size(dimm.SizeMiB * 1024 * 1024), dimm.Manufacturer, dimm.PartNumber, dimm.Serial, dimm.SpeedMtps);
        if (dimms.Rows.Count > 0) yield return dimms;
    }

    static Cell Stage(string stage) => new(stage, stage switch { "spare" => Tone.Good, "retired" => Tone.Dim, _ => Tone.Plain });

    static Cell Status(MachineView m) => m switch
    {
        { Operation: { } under, Held: true } => new Cell($"{under.Kind} {under.Id}, held", Tone.Bad),
        { Operation: { } under } => new Cell($"{under.Kind} {under.Id}", Tone.Busy),
        { Held: true } => new Cell($"held: {m.Holds.Each().FirstOrDefault()?.Reason}", Tone.Bad),
        { Enlisted: true } => new Cell("waits to be accepted", Tone.Busy),
        { Maintenance.Expired: false } => new Cell("in maintenance", Tone.Busy),
        _ when m.Drift.Each().Any() => new Cell($"drift: {string.Join(", ", m.Drift.Select(d => d.Kind))}", Tone.Bad),
        { Maintenance: not null } => new Cell("in maintenance", Tone.Busy),
        _ => "",
    };
}
