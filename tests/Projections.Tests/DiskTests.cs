using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Domain.Machines;

namespace Ppec.Projections.Tests;

/// <summary>A disk's life is told by the streams of all machines that it sat in.</summary>
public sealed class DiskTests : IDisposable
{
    static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-disks-").FullName;
    readonly Logs _logs = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_is_followed_from_machine_to_machine_with_every_wipe()
    {
        await Racked("a");
        await Racked("b");
        await Inspected("a", 1, "D1", "D2");
        await _logs.Write("machine-a", new DiskWiped("op-w", new DiskWipe("D1", "w", "nvme-format", "purge", true, 64, Noon.AddHours(2), Noon.AddHours(3), null)) { At = Noon.AddHours(3) });
        using var model = await _logs.Folded(Path.Combine(_folder, "read.db"));
        Assert.Equal("a", model.Disk("d1")!.Machine);

        await Inspected("a", 4, "D2");
        await _logs.Folded("", model);
        Assert.Null(model.Disk("D1")!.Machine);

        await Inspected("b", 5, "D1", "D3");
        await Inspected("a", 6, "D2");
        await _logs.Folded("", model);
        var disk = model.Disk("D1")!;
        Assert.Equal("b", disk.Machine);
        Assert.Equal([("a", Noon.AddHours(1), Noon.AddHours(4)), ("b", Noon.AddHours(5), (DateTimeOffset?)null)], disk.Stays.Select(s => (s.Machine, s.From, s.Until)));
        var wipe = Assert.Single(disk.Wipes);
        Assert.Equal(("a", "op-w", "nvme-format", true), (wipe.Machine, wipe.Operation, wipe.Method, wipe.Verified));
        Assert.Equal(Noon.AddHours(6), Assert.Single(model.Disk("D2")!.Stays).Seen);
        Assert.Null(model.Disk("D9"));
        Assert.Contains(model.Search("D1"), f => f is { Noun: "disk", Id: "D1", Exact: true });
        Assert.Contains(model.Search("d1"), f => f is { Noun: "machine", Id: "b", Field: "disk" });

        using var once = await _logs.Folded(Path.Combine(_folder, "once.db"));
        Assert.Equal(Logs.Everything(Path.Combine(_folder, "once.db")), Logs.Everything(Path.Combine(_folder, "read.db")));
    }

    [Fact]
    public async Task A_machine_that_left_its_rack_took_its_disks_and_a_destroyed_one_is_nowhere()
    {
        await Racked("a");
        await Inspected("a", 1, "D1", "D2");
        await _logs.Write("machine-a", new MachineRetired(null, [new("D1", "shredder 7")]) { At = Noon.AddHours(2) }, new MachineUnracked { At = Noon.AddHours(3) });
        using var model = await _logs.Folded(Path.Combine(_folder, "read.db"));
        Assert.Equal((null, "shredder 7"), (model.Disk("D1")!.Machine, model.Disk("D1")!.Destroyed!.Evidence));
        Assert.Equal((null, Noon.AddHours(3)), (model.Disk("D2")!.Machine, model.Disk("D2")!.Stays[0].Until));
    }

    Task Racked(string id) => _logs.Write($"machine-{id}", new MachineRacked(id, id.ToUpperInvariant(), new("blr1", "blr1.r1", 1), null, null, [], null) { At = Noon });

    Task Inspected(string id, int hour, params string[] disks) => _logs.Write($"machine-{id}", new MachineInspected($"op{hour}", new Inventory(
        new("", "", id, ""), new("", "", ""), new("", "", ""), [], [], [.. disks.Select(d => new Disk($"slot-{d}", "sda", "model", d, "", 1, false, "sata", ""))], [], [], [], new(false, ""), 1, "uefi"),
        new([]), new(true, null, "", [])) { At = Noon.AddHours(hour) });
}
