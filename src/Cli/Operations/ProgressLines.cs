using System.Globalization;
using Ppec.Cli.Output;
using Ppec.Contracts.Operations;
using Ppec.Sdk;

namespace Ppec.Cli.Operations;

/// <summary>Progress for a pipe or a log file: one line for each change, and silence between.</summary>
sealed class ProgressLines(Screen screen, bool withLog)
{
    readonly Dictionary<string, string> _said = new(StringComparer.Ordinal);
    bool _away;

    public void Look(OperationProgress progress)
    {
        if (progress.Away is { } why)
        {
            if (!_away) Say($"the server does not answer, still waiting ({why.Message})");
            _away = true;
            return;
        }
        if (_away) Say("the server answers again");
        _away = false;
        if (progress.Operation is not { } operation) return;

        Once("operation", $"{operation.State}{(operation.CancelRequested is { } cancel ? $" (cancel requested: {cancel})" : "")}",
            state => $"{operation.Kind} of {OperationSheets.On(operation)}: {state} ({operation.Id})");
        if (operation.Children is { } children)
        {
            Once("children", OperationSheets.Counts(children), counts => counts);
            foreach (var child in children.Items.Each().Where(child => child.State == "failed")) Once($"child {child.Index}", $"{child.Attempt}", _ => $"{child.Target}: {child.Verb} failed: {child.Message}");
        }
        foreach (var step in operation.Steps.Each().Where(step => step.State != "pending"))
            Once(step.Name, $"{step.State}{(step.Attempt > 1 ? $", attempt {step.Attempt}" : "")}{(step.Message is { Length: > 0 } message ? $": {message}" : "")}", state => $"{step.Name}: {state}");
        if (progress.Live is { } live)
            Once($"live {operation.Step}", $"{live.Percent / 10 * 10} {live.Message}", _ => $"{operation.Step}: {live.Percent}% {live.Message}");
        if (withLog) foreach (var line in progress.Lines) Say($"{line.Source} | {line.Text}", line.Time);
    }

    void Once(string what, string state, Func<string, string> sentence)
    {
        if (_said.TryGetValue(what, out var said) && said == state) return;
        _said[what] = state;
        Say(sentence(state));
    }

    void Say(string text, DateTimeOffset? at = null) =>
        screen.Say(string.Create(CultureInfo.InvariantCulture, $"{(at ?? DateTimeOffset.UtcNow).ToUniversalTime():HH:mm:ss}Z {text}"));
}
