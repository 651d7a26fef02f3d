using System.Text;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Domain.Tests.Operations;
using Xunit;

namespace Ppec.Domain.Tests.Tables;

/// <summary>The workflows as data, and where operation and machine land together when a step is cancelled or fails for good.</summary>
public static class WorkflowTables
{
    public static readonly IReadOnlyList<(string Name, Life Life)> Starts =
    [
        ("inspect, from racked", Lives.Inspecting), ("inspect, from inventory", Lives.InventoryInspecting), ("inspect, from spare", Lives.SpareInspecting),
        ("provision", Lives.Provisioning), ("reimage", Lives.Reimaging),
        ("release, from baremetal", Lives.Releasing), ("release, from inventory, dirty", Lives.DirtyReleasing), ("retire, from spare", Lives.Retiring),
        ("rotate-bmc, from spare", Lives.SpareRotating), ("power-on, from baremetal", Lives.SwitchingOn), ("locate-on, from baremetal", Lives.Lighting),
    ];

    [Fact]
    public static void Workflows_are_the_reviewed_table()
    {
        var text = new StringBuilder("# The steps of each workflow. Generated: see Golden.cs.\n");
        foreach (var workflow in Workflows.List)
        {
            text.Append($"\n== {workflow.Kind}\n{"step",-18}{"kind",-7}{"deadline",-10}{"attempts",-10}{"backoff",-9}{"on cancel",-11}{"retry from",-12}{"undo",-15}notes\n");
            foreach (var s in workflow.Steps)
                text.Append($"{s.Name,-18}{s.Kind,-7}{Time(s.Deadline),-10}{s.Attempts,-10}{Time(s.Backoff),-9}{s.OnCancel,-11}{s.RetryFrom ?? "-",-12}{s.Undo ?? "-",-15}{Notes(s)}".TrimEnd()).Append('\n');
        }
        Golden.Compare("workflows.txt", text);
    }

    [Fact]
    public static void Step_by_cancel_is_the_reviewed_table()
    {
        var text = Header("Step × cancel, before the step and while it runs: how the operation ends, what is undone, where the machine lands.");
        foreach (var (name, life) in Starts)
        {
            text.Append($"\n== {name}\n");
            foreach (var step in Workflows.Named(life.About.Operation!.Kind).Steps)
                foreach (var begun in (bool[])[false, true])
                {
                    var run = new Run(life).Until(step.Name, begun);
                    var answer = run.Tell(new CancelOperation(run.Id, "a person said so"));
                    var heard = answer.Problem is { } p ? $"refused: {p.Code}; " : run.State is OperationState.Active or OperationState.Ready ? "waits; " : "";
                    text.Append($"{(begun ? "during" : "before")} {step.Name,-18}{heard}{Landing(run.ToEnd())}\n");
                }
        }
        Golden.Compare("cancel.txt", text);
    }

    [Fact]
    public static void Step_by_final_failure_is_the_reviewed_table()
    {
        var text = Header("Step × failure for good, and step × silence at every attempt: how the operation ends, what is undone, where the machine lands.");
        foreach (var (name, life) in Starts)
        {
            text.Append($"\n== {name}\n");
            foreach (var step in Workflows.Named(life.About.Operation!.Kind).Steps)
                foreach (var fate in (Fate[])[Fate.FailsForGood, Fate.Silent])
                {
                    var run = new Run(life) { Fates = (s, _) => s == step.Name ? fate : Fate.Done }.ToEnd();
                    var took = fate == Fate.Silent ? $" after {Time(run.Now - life.Now)}, {run.Facts.Steps[step.Name].Failures} attempts" : "";
                    text.Append($"{step.Name,-18}{(fate == Fate.Silent ? "silent" : "fails"),-8}{Landing(run)}{took}\n");
                }
        }
        Golden.Compare("failure.txt", text);
    }

    static StringBuilder Header(string title) => new($"# {title}\n# Generated: see Golden.cs.\n");

    static string Landing(Run run) =>
        $"{((OperationState.Ended)run.State).Ending.Result}; undone: {(run.Compensated.Count == 0 ? "nothing" : string.Join(", ", run.Compensated))} → {MachineTable.Where(run.Machine.State)}";

    static string Notes(Step s) => string.Join(", ", new[] { s.SafePoint ? "safe point" : "", s.PointOfNoReturn ? "point of no return" : "" }.Where(n => n.Length > 0));

    static string Time(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours}h{time.Minutes:00}m" : time.TotalMinutes >= 1 ? $"{time.Minutes}m{(time.Seconds > 0 ? $"{time.Seconds:00}s" : "")}" : $"{time.Seconds}s";
}
