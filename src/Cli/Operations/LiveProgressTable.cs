using System.Globalization;
using Ppec.Cli.Output;
using Ppec.Contracts.Operations;
using Ppec.Sdk;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ppec.Cli.Operations;

/// <summary>Progress for a terminal: the steps in a table that is redrawn in place, the newest log lines below it.</summary>
sealed class LiveProgressTable(bool withLog)
{
    const int LogLines = 6;
    readonly Queue<string> _log = new();
    OperationProgress? _look;

    public static Task<Answer<OperationView>> FollowAsync(IAnsiConsole console, bool withLog, Func<Action<OperationProgress>, Task<Answer<OperationView>>> wait)
    {
        var table = new LiveProgressTable(withLog);
        return console.Live(new Text("Waiting for the operation…")).StartAsync(live => wait(look =>
        {
            live.UpdateTarget(table.Draw(look));
            live.Refresh();
        }));
    }

    internal IRenderable Draw(OperationProgress look)
    {
        _look = look with { Operation = look.Operation ?? _look?.Operation };
        foreach (var line in look.Lines) _log.Enqueue(line.Text);
        while (_log.Count > LogLines) _log.Dequeue();

        var rows = new List<IRenderable>();
        if (_look.Operation is { } operation)
        {
            rows.Add(new Text(SafeText.Line($"{operation.Kind} of {OperationSheets.On(operation)}: {operation.State}, {operation.Percent}%  {operation.Id}"), new Style(decoration: Decoration.Bold)));
            rows.Add(operation.Children is { } children ? Children(children) : Steps(operation, look.Live));
        }
        if (look.Away is { } why) rows.Add(new Text(SafeText.Line($"The server does not answer, still waiting ({why.Message})"), new Style(Color.Yellow)));
        if (withLog) rows.AddRange(_log.Select(line => new Text(SafeText.Line($"  {line}"), new Style(decoration: Decoration.Dim)) { Overflow = Overflow.Ellipsis }));
        if (_look.Operation?.State is not ("succeeded" or "failed" or "cancelled")) rows.Add(new Text("Ctrl-C stops waiting, not the work.", new Style(decoration: Decoration.Dim)));
        return new Rows(rows);
    }

    static Table Steps(OperationView operation, LiveProgress? live)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("", "STEP", "STATE", "TIME", "");
        foreach (var step in operation.Steps.Each())
        {
            var current = step.Name == operation.Step;
            var message = current && live is not null ? $"{live.Percent}% {live.Message}" : step.Message ?? "";
            var style = step.State switch { "done" => new Style(Color.Green), "failed" => new Style(Color.Red), "running" or "waiting" => new Style(Color.Yellow), _ => new Style(decoration: Decoration.Dim) };
            table.AddRow(Cell(current ? ">" : ""), Cell(step.Name), new Text(SafeText.Line(step.Attempt > 1 ? $"{step.State} ({step.Attempt})" : step.State), style), Cell(Elapsed(step)), Cell(message));
        }
        return table;
    }

    /// <summary>What fits a screen: those that failed and those under way come first.</summary>
    static Rows Children(ChildrenView children)
    {
        const int Most = 12;
        var table = new Table().Border(TableBorder.None).AddColumns("ON", "VERB", "STATE", "");
        foreach (var child in children.Items.Each().Where(child => child.State is "failed" or "running").Take(Most))
            table.AddRow(Cell(child.Target), Cell(child.Verb), new Text(SafeText.Line(child.State), new Style(child.State == "failed" ? Color.Red : Color.Yellow)), Cell(child.Message ?? child.Hostname ?? ""));
        return new Rows(Cell(OperationSheets.Counts(children)), table);
    }

    static Text Cell(string text) => new(SafeText.Line(text)) { Overflow = Overflow.Ellipsis };

    static string Elapsed(StepView step)
    {
        if (step.StartedAt is not { } start) return "";
        var time = (step.EndedAt ?? DateTimeOffset.UtcNow) - start;
        if (time < TimeSpan.Zero) time = TimeSpan.Zero; // the clocks of server and terminal differ
        return time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time:mm\\:ss}")
            : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);
    }
}
