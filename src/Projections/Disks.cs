using System.Collections.Immutable;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Machines;
using Ppec.Domain.Filters;
using Ppec.Domain.Machines;
using HardwareInventory = Ppec.Contracts.Hardware.Inventory;

namespace Ppec.Projections;

/// <summary>What one machine's stream says of the disks that sat in it, by serial.</summary>
public sealed record DiskLives(ImmutableSortedDictionary<string, DiskLife> BySerial)
{
    public static readonly DiskLives None = new(ImmutableSortedDictionary.Create<string, DiskLife>(StringComparer.Ordinal));
}

/// <summary>One disk in one machine. A disk's whole life is these of all machines, merged when it is asked for: so each machine's stream writes rows of its own alone.</summary>
public sealed record DiskLife(
    string Serial, string Machine, string Model, string Wwn, long SizeBytes, ImmutableArray<DiskStay> Stays, ImmutableArray<DiskWipeView> Wipes, DiskEnd? Destroyed);

/// <summary>Folds machines' events into their disks' lives. Pure.</summary>
static class Disks
{
    public static DiskLives Evolve(DiskLives lives, MachineEvent @event) => @event switch
    {
        MachineInspected e                      => Seen(lives, e.Inventory, e.At),
        MaintenanceEnded { Baseline: { } b } e  => Seen(lives, b, e.At),
        DiskWiped e when e.Wipe.Serial.Length > 0 => Change(lives, e.Wipe.Serial, l => l with { Wipes = l.Wipes.Add(new(l.Machine, e.Operation, e.Wipe.Method, e.Wipe.SanitizationClass, e.Wipe.Verified, e.Wipe.SamplesRead, e.Wipe.StartedAt, e.Wipe.FinishedAt, e.Wipe.Error)) }),
        MachineRetired { Destroyed: { IsDefaultOrEmpty: false } gone } e => gone.Aggregate(lives, (all, d) => Change(all, d.Serial, l => Left(l, e.At) with { Destroyed = new(l.Machine, d.Evidence, e.At) })),
        MachineUnracked e                       => Each(lives, (_, l) => Left(l, e.At)),
        _                                       => lives,
    };

    public static ImmutableArray<Document> Documents(DiskLives lives, string machine) =>
        [.. lives.BySerial.Values.Select(l => new Document($"{l.Serial}@{machine}", l with { Machine = machine, Stays = [.. l.Stays.Select(s => s with { Machine = machine })], Wipes = [.. l.Wipes.Select(w => w with { Machine = machine })], Destroyed = l.Destroyed is { } d ? d with { Machine = machine } : null },
            l.Stays.IsEmpty ? DateTimeOffset.MinValue : l.Stays[0].From, [("serial", FilterKeys.Fold("serial", l.Serial))]) { Text = "" })];

    /// <summary>One disk's life out of its lives in each machine. It is now where it was seen last, if it was not seen to leave.</summary>
    public static DiskView? Merge(string serial, IReadOnlyCollection<DiskLife> lives)
    {
        if (lives.Count == 0) return null;
        ImmutableArray<DiskStay> stays = [.. lives.SelectMany(l => l.Stays).OrderBy(s => s.From).ThenBy(s => s.Machine, StringComparer.Ordinal)];
        var last = lives.OrderByDescending(l => l.Stays.IsEmpty ? DateTimeOffset.MinValue : l.Stays.Max(s => s.Seen)).First();
        var destroyed = lives.Select(l => l.Destroyed).OfType<DiskEnd>().OrderBy(d => d.At).LastOrDefault();
        var now = destroyed is null ? stays.Where(s => s.Until is null).OrderByDescending(s => s.Seen).FirstOrDefault()?.Machine : null;
        return new(last.Serial.Length > 0 ? last.Serial : serial, last.Model, last.Wwn, last.SizeBytes, now, stays, [.. lives.SelectMany(l => l.Wipes).OrderBy(w => w.StartedAt)], destroyed);
    }

    /// <summary>An inspection sees all disks of the machine: those it does not see have left.</summary>
    static DiskLives Seen(DiskLives lives, HardwareInventory inventory, DateTimeOffset at)
    {
        var seen = inventory.Disks.Where(d => d.Serial.Length > 0 && Parts.IsLocal(d)).GroupBy(d => d.Serial).ToDictionary(g => g.Key, g => g.First());
        lives = Each(lives, (serial, l) => seen.ContainsKey(serial) ? l : Left(l, at));
        foreach (var d in seen.Values)
            lives = Change(lives, d.Serial, l => l with
            {
                Model = d.Model, Wwn = d.Wwn, SizeBytes = d.SizeBytes,
                Stays = l.Stays is [.., { Until: null } open] ? l.Stays.SetItem(l.Stays.Length - 1, open with { Slot = d.Slot, Seen = at }) : l.Stays.Add(new("", d.Slot, at, null, at)),
            });
        return lives;
    }

    static DiskLife Left(DiskLife life, DateTimeOffset at) =>
        life.Stays is [.., { Until: null } open] ? life with { Stays = life.Stays.SetItem(life.Stays.Length - 1, open with { Until = at }) } : life;

    static DiskLives Each(DiskLives lives, Func<string, DiskLife, DiskLife> change) =>
        lives.BySerial.Aggregate(lives, (all, l) => new(all.BySerial.SetItem(l.Key, change(l.Key, l.Value))));

    static DiskLives Change(DiskLives lives, string serial, Func<DiskLife, DiskLife> change) =>
        new(lives.BySerial.SetItem(serial, change(lives.BySerial.GetValueOrDefault(serial) ?? new(serial, "", "", "", 0, [], [], null))));
}
