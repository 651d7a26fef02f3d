using System.Collections.Immutable;
using Ppec.Cli.Output;
using Ppec.Contracts.Machines;
using Ppec.Sdk;

namespace Ppec.Cli;

/// <summary><c>history</c> and <c>diff</c>, alike for every noun that tells its past.</summary>
static class PastVerbs
{
    /// <summary>Both, for a noun; <paramref name="example"/> is the id that its help shows.</summary>
    public static Verb[] Of<T>(Shell shell, string noun, string example, Func<Call, HistoricClient<T>> client) => [History(shell, noun, example, client), Diff(shell, noun, example, client)];

    static Verb History<T>(Shell shell, string noun, string example, Func<Call, HistoricClient<T>> client)
    {
        var verb = new Verb("history", $"Every change of one {noun}: when, what, who, why.", $"ppec {noun} history {example}", $"ppec {noun} history {example} -o wide");
        var id = verb.Takes(noun, $"The {noun}'s id.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await client(call).HistoryAsync(call.Get(id), call.Cancellation), (page, wide) => [Entries(page.Items, wide)], page => page.Items.Each().Select(entry => entry.Position)));
    }

    static Verb Diff<T>(Shell shell, string noun, string example, Func<Call, HistoricClient<T>> client)
    {
        var verb = new Verb("diff", $"What differs in one {noun} between two times.", $"ppec {noun} diff {example} --from 2026-01-31T12:00Z --to 2026-02-01T12:00Z");
        var id = verb.Takes(noun, $"The {noun}'s id.");
        var from = SharedOptions.Moment("--from", "The earlier time.");
        var to = SharedOptions.Moment("--to", "The later time; now when left out.");
        from.Required = true;
        return verb.With(from, to).With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await client(call).DiffAsync(call.Get(id), call.Get(from)!.Value, call.Get(to), call.Cancellation), (page, _) => [Changes(page.Items)], page => page.Items.Each().Select(change => change.Field)));
    }

    static Sheet Entries(ImmutableArray<HistoryEntry> entries, bool wide)
    {
        string[] columns = ["VERSION", "TIME", "ACTOR", "WHAT"];
        var sheet = new Sheet(null, wide ? [.. columns, "REASON", "TICKET", "OPERATION", "POSITION"] : columns);
        foreach (var e in entries.Each())
        {
            Cell[] row = [e.Version, Words.Time(e.Time), e.Actor, e.Summary is { Length: > 0 } summary ? summary : e.Type];
            sheet.Add(wide ? [.. row, e.Reason, e.Ticket, e.Operation, e.Position] : row);
        }
        return sheet;
    }

    static Sheet Changes(ImmutableArray<FieldChange> changes)
    {
        var sheet = new Sheet(null, "FIELD", "BEFORE", "AFTER");
        foreach (var change in changes.Each()) sheet.Add(change.Field, change.Before ?? "-", change.After ?? "-");
        return sheet;
    }
}
