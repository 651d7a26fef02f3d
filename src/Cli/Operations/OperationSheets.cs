using Ppec.Cli.Output;
using Ppec.Contracts.Operations;

namespace Ppec.Cli.Operations;

/// <summary>Operations as people read them.</summary>
static class OperationSheets
{
    public static Sheet Table(IEnumerable<OperationView> operations, bool wide)
    {
        string[] columns = ["ID", "KIND", "MACHINE", "STATE", "STEP", "PERCENT", "STARTED", "ENDED"];
        var sheet = new Sheet(null, wide ? [.. columns, "ACTOR", "REASON", "TICKET", "ERROR"] : columns);
        foreach (var o in operations)
        {
            Cell[] row = [o.Id, o.Kind, On(o), State(o.State), o.Step, o.Percent, Words.Time(o.StartedAt), o.EndedAt];
            sheet.Add(wide ? [.. row, o.Actor, o.Reason, o.Ticket, o.Error] : row);
        }
        return sheet;
    }

    public static IEnumerable<Sheet> Detail(OperationView o, bool wide)
    {
        yield return new Sheet(null)
            .Fact("Operation", o.Id).Fact("Kind", o.Kind).Fact(o.Children is null ? "Machine" : "On", On(o)).Fact("State", State(o.State)).Fact("Percent", o.Percent)
            .Fact("Started", Words.Time(o.StartedAt)).Fact("Ended", o.EndedAt).Fact("Deadline", o.Deadline)
            .Fact("Error", new Cell(o.Error ?? "", Tone.Bad)).Fact("Cancel", o.CancelRequested)
            .Fact("Actor", o.Actor).Fact("Reason", o.Reason).Fact("Ticket", o.Ticket);
        yield return o.Children is { } children ? Children(children) : Steps(o, wide);
    }

    /// <summary>What it is on: a machine, or how many.</summary>
    public static string On(OperationView o) => o.Children is { } children ? $"{children.Total} {(children.Total == 1 ? "item" : "items")}" : o.Machine;

    /// <summary>How far many are, in one line.</summary>
    public static string Counts(ChildrenView c) =>
        string.Join(", ", new[] { (c.Succeeded, "succeeded"), (c.Running, "running"), (c.Pending, "pending"), (c.Failed, "failed"), (c.Cancelled, "cancelled") }.Where(n => n.Item1 > 0).Select(n => $"{n.Item1} {n.Item2}"));

    static Sheet Children(ChildrenView children)
    {
        var shown = children.Items.Each().Count();
        var sheet = new Sheet($"{Counts(children)}{(shown < children.Total ? $"; the first {shown}" : "")}", "ROW", "ON", "VERB", "STATE", "ATTEMPT", "HOSTNAME", "OPERATION", "MESSAGE");
        foreach (var c in children.Items.Each()) sheet.Add(c.Index, c.Target, c.Verb, State(c.State), c.Attempt == 0 ? "" : c.Attempt, c.Hostname, c.Operation, c.Message);
        return sheet;
    }

    public static Sheet Steps(OperationView o, bool wide)
    {
        string[] columns = ["STEP", "STATE", "ATTEMPT", "STARTED", "ENDED", "MESSAGE"];
        var sheet = new Sheet("Steps", wide ? [.. columns, "DEADLINE", "ON CANCEL"] : columns);
        foreach (var step in o.Steps.Each())
        {
            Cell[] row = [step.Name, State(step.State), step.Attempt == 0 ? "" : step.Attempt, step.StartedAt, step.EndedAt, step.Message];
            sheet.Add(wide ? [.. row, step.Deadline, step.OnCancel] : row);
        }
        return sheet;
    }

    public static Cell State(string state) => new(state, state switch
    {
        "succeeded" or "done" => Tone.Good,
        "running" or "waiting" or "paused" or "undoing" => Tone.Busy,
        "failed" => Tone.Bad,
        "pending" or "undone" => Tone.Dim,
        _ => Tone.Plain,
    });
}
