using System.Collections.Immutable;
using CsCheck;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>What holds after any commands whatever, in any order.</summary>
public static class MachineProperties
{
    static readonly Gen<Wish[]> Sequences = Wish.Any.Array[50];

    /// <summary>The arrows of the specification, fact by fact.</summary>
    static readonly ImmutableHashSet<(string From, string To)> Arrows =
    [
        ("Unknown", "Racked"), ("Unknown", "Enlisted"), ("Enlisted", "Racked"), ("Enlisted", "Unknown"),
        ("Racked", "Inventory"), ("Racked", "Baremetal"), ("Racked", "Retired"),
        ("Inventory", "Spare"), ("Inventory", "Retired"),
        ("Spare", "Inventory"), ("Spare", "Baremetal"), ("Spare", "Retired"),
        ("Baremetal", "Inventory"), ("Baremetal", "Retired"),
    ];

    static readonly HashSet<string> Taken = [];

    [Fact]
    public static void Any_sequence_of_commands_keeps_every_rule()
    {
        Taken.Clear();
        Sampled.Each(Sequences, 3000, Walk, Print);
        Assert.Equal([], Arrows.Select(a => $"{a.From} → {a.To}").Except(Taken));
    }

    static void Walk(Wish[] wishes)
    {
        var (state, now) = (Machine.Initial, Start);
        foreach (var wish in wishes)
        {
            now = now.AddMinutes(wish.Minutes);
            var command = wish.For(state, now);
            var decision = Machine.Decide(state, command);
            Assert.True(decision.Problem is null || decision.Events.IsEmpty);
            foreach (var e in decision.Events)
            {
                _ = Facts.Text(e);
                var after = Machine.Evolve(state, e);
                Check(state, e, after);
                state = after;
            }
            Invariants(state);
            if (decision.Problem is not null) continue;
            var again = Machine.Decide(state, command);
            Assert.True(again.Problem is null && again.Events.IsEmpty, $"{command.GetType().Name} repeated: {again.Problem?.Message} {string.Join(", ", again.Events.Select(e => e.ToString()))}");
        }
    }

    static void Check(MachineState before, MachineEvent e, MachineState after)
    {
        var arrow = (before.GetType().Name, after.GetType().Name);
        if (arrow.Item1 != arrow.Item2)
        {
            Assert.True(Arrows.Contains(arrow), $"{arrow.Item1} → {arrow.Item2} by {e.GetType().Name}");
            Taken.Add($"{arrow.Item1} → {arrow.Item2}");
        }
        if (before is not MachineState.Known { About: var was } || after is not MachineState.Known { About: var now }) return;
        if (was.Holds.ContainsKey(Holds.Dirty) && !now.Holds.ContainsKey(Holds.Dirty))
            Assert.True(e is MachineReleased && was.Operation is { Kind: Workflows.Release, Writing: true }, $"dirty lifted by {e}");
        if (was.Operation is null && now.Operation is { } begun) Assert.False(begun.Writing);
        if (was.Operation is { } busy && now.Operation is { } still) Assert.Equal(busy.Id, still.Id);
        if (was.Evidence is not null && now.Evidence != was.Evidence) Assert.IsType<MachineRekeyed>(e);
        var disks = e switch { ReleaseStarted r => r.Disks, RetirementStarted r => r.Disks, ProvisioningStarted p => [p.Plan.RootDisk], ReimagingStarted p => [p.Plan.RootDisk], _ => [] };
        foreach (var disk in disks)
            Assert.Contains(was.Inspection!.Inventory.Disks, d => d.Serial == disk.Serial && d.Wwn == disk.Wwn && d.Transport is "nvme" or "sata" && d.Serial + d.Wwn != "");
    }

    static void Invariants(MachineState state)
    {
        if (state is not MachineState.Known { About: var about }) return;
        Assert.True(about.Operation is not { Kind: Workflows.Inspect, Writing: true });
        if (about.Operation is { } errand && Workflows.IsErrand(errand.Kind))
        {
            Assert.False(errand.Writing);
            Assert.NotEqual("retired", state.Stage);
            Assert.True(errand.Kind is not (Workflows.PowerOn or Workflows.PowerOff) || state is MachineState.Baremetal);
            about = about with { Operation = null };
        }
        switch (state)
        {
            case MachineState.Enlisted: Assert.Null(about.Operation); break;
            case MachineState.Racked: Assert.True(about.Operation is null or { Kind: Workflows.Inspect }); break;
            case MachineState.Spare s:
                var report = s.About.Inspection!;
                Assert.True(report.Evaluation.Gaps.All(g => !g.Fails || s.About.Waivers.ContainsKey(g.Key)), "a Spare has a gap that nobody waived");
                Assert.Empty(Evaluation.Failures(report.Health));
                Assert.Equal(report.Evaluation.Type, s.Type);
                Assert.True(about.Operation is null or { Writing: false } or { Kind: Workflows.Provision or Workflows.Retire });
                break;
            case MachineState.Baremetal: Assert.True(about.Operation is null or { Kind: Workflows.Reimage or Workflows.Release }); break;
            case MachineState.Retired r:
                Assert.Equal((null, null, null, null), (about.Operation?.Id, about.Bmc, about.Name, about.Owner));
                Assert.True(!r.Unracked || about.Place is null);
                break;
        }
    }

    static string Print(Wish[] wishes)
    {
        // What led to the failure, command by command, as far as it got.
        var (state, now) = (Machine.Initial, Start);
        var lines = new List<string>();
        foreach (var wish in wishes)
        {
            now = now.AddMinutes(wish.Minutes);
            var command = wish.For(state, now);
            var decision = Machine.Decide(state, command);
            lines.Add($"{now:s} {state.GetType().Name}: {command.GetType().Name} → {decision.Problem?.Code ?? string.Join(", ", decision.Events.Select(e => e.GetType().Name))}");
            state = decision.Events.Aggregate(state, Machine.Evolve);
        }
        return string.Join('\n', lines);
    }
}
