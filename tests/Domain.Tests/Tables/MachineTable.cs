using System.Text;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;

namespace Ppec.Domain.Tests.Tables;

public static class MachineTable
{
    [Fact]
    public static void Stage_by_command_is_the_reviewed_table()
    {
        var text = new StringBuilder("# Stage × command → events and where the machine is then, or the refusal's code. Generated: see Golden.cs.\n");
        foreach (var (name, life) in Lives.All)
        {
            text.Append('\n').Append("== ").Append(name).Append('\n');
            foreach (var (called, command) in Commands.For(life.State))
                text.Append($"{called,-34}{Row(life, command)}\n");
        }
        Golden.Compare("machine.txt", text);
    }

    [Fact]
    public static void Every_command_type_has_a_representative()
    {
        var all = typeof(MachineCommand).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(MachineCommand)) && !t.IsAbstract).Select(t => t.Name);
        Assert.Empty(all.Except(Commands.For(Machine.Initial).Select(c => c.Command.GetType().Name)));
    }

    [Fact]
    public static void Every_stage_is_in_the_table()
    {
        var all = typeof(MachineState).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(MachineState)) && !t.IsAbstract).Select(t => t.Name);
        Assert.Empty(all.Except(Lives.All.Select(l => l.Life.State.GetType().Name)));
    }

    [Fact]
    public static void Every_event_type_is_reached_by_the_table()
    {
        var all = typeof(MachineEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(MachineEvent))).Select(t => t.Name);
        var reached = from l in Lives.All
                      from c in Commands.For(l.Life.State)
                      from e in l.Life.When(c.Command).Events
                      select e.GetType().Name;
        Assert.Empty(all.Except(reached));
    }

    static string Row(Life life, MachineCommand command)
    {
        var outcome = life.When(command);
        if (outcome.Problem is { } problem) return $"refused: {problem.Code}";
        if (outcome.Events.IsEmpty) return "nothing: it is so already";
        return $"{string.Join(", ", outcome.Events.Select(Name))} → {Where(outcome.Events.Aggregate(life.State, Machine.Evolve))}";
    }

    static string Name(MachineEvent e) => e switch
    {
        MachineHeld h => $"MachineHeld {h.Source}",
        MachineUnheld h => $"MachineUnheld {h.Source}",
        OperationAbandoned { Dirty: true } => "OperationAbandoned dirty",
        _ => e.GetType().Name,
    };

    /// <summary>A stage with all that a reader must know to tell it from its neighbours.</summary>
    public static string Where(MachineState state) => state switch
    {
        MachineState.Known s => string.Join(", ", Marks(s).Prepend(s is MachineState.Enlisted ? "racked (enlisted)" : s.Stage)),
        _ => state.Stage,
    };

    static IEnumerable<string> Marks(MachineState.Known s)
    {
        if (!s.About.Holds.IsEmpty) yield return $"held {string.Join("+", s.About.Holds.Keys)}";
        if (s.About.Operation is { } o) yield return o.Writing ? $"{o.Kind} writing" : o.Kind;
        if (!s.About.Drift.IsEmpty) yield return $"drift {string.Join("+", s.About.Drift.Keys)}";
        if (s is MachineState.Baremetal { Maintenance: not null }) yield return "in maintenance";
        if (s is MachineState.Baremetal { Verified: false }) yield return "unverified";
        if (s is MachineState.Retired { Unracked: true }) yield return "unracked";
    }
}
