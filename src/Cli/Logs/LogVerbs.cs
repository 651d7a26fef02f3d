using System.Text.Json;
using Ppec.Cli.Output;
using Ppec.Contracts.Logs;
using Ppec.Sdk;

namespace Ppec.Cli.Logs;

/// <summary><c>ppec log</c>.</summary>
static class LogVerbs
{
    public static Verb Build(Shell shell) => new Verb("log", "Lines of operations, agents and boots: bounded, and not kept for long.", "ppec log search --machine sn-7c4k2 --level warning").Under(Search(shell));

    static Verb Search(Shell shell)
    {
        var verb = new Verb("search", "Search the lines that are kept, the newest first: 50,000, and 10,000 of boots, for at most seven days.",
            "ppec log search 'no such disk'", "ppec log search --machine sn-7c4k2 --source boot --from 2026-01-31T12:00Z");
        var text = verb.MayTake("text", "A part of the line, whatever its case.");
        var machine = verb.Has<string?>("--machine", "MACHINE", "Of this machine.");
        var operation = verb.Has<string?>("--operation", "OPERATION", "Of this operation.");
        var source = verb.Has<string?>("--source", "SOURCE", "ppec (an operation's steps), agent, beacon or boot.");
        var level = verb.Has<string?>("--level", "LEVEL", "At least so grave: info, warning or error.");
        var from = SharedOptions.Moment("--from", "From then on: 2026-01-31T12:00Z.");
        var to = SharedOptions.Moment("--to", "Before then.");
        return verb.With(from, to).With(shell.Options.Limit).With(shell.Options.Reading).Does(shell, async call =>
        {
            var search = new LogSearch(call.Get(machine), call.Get(operation), call.Get(source), call.Get(level), call.Get(from), call.Get(to), call.May(text));
            var limit = call.Get(call.Options.Limit) is > 0 and var asked ? asked : int.MaxValue;
            List<LogEntry> lines = [];
            List<JsonElement> raw = [];
            for (string? cursor = null; lines.Count < limit;)
            {
                var page = await call.Client.Logs.PageAsync(search, Math.Min(limit - lines.Count, 1000), cursor, call.Cancellation);
                lines.AddRange(page.Value.Items.Each());
                using var document = JsonDocument.Parse(page.Json);
                raw.AddRange(document.RootElement.GetProperty("items").EnumerateArray().Select(item => item.Clone()));
                if ((cursor = page.Value.NextCursor) is null) break;
            }
            var json = JsonText.Compose(writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("items");
                foreach (var item in raw) item.WriteTo(writer);
                writer.WriteEndArray();
                writer.WriteEndObject();
            });
            return call.Show(new Answer<List<LogEntry>>(lines, json), (list, wide) => [Table(list, wide)], list => list.Select(line => $"{line.Number}"));
        });
    }

    static Sheet Table(IEnumerable<LogEntry> lines, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["TIME", "LEVEL", "SOURCE", "MACHINE", "OPERATION", "TEXT"] : ["TIME", "LEVEL", "SOURCE", "MACHINE", "TEXT"]);
        foreach (var l in lines) sheet.Add(wide ? [Words.Time(l.Time), l.Level, l.Source, l.Machine, l.Operation, l.Text] : [Words.Time(l.Time), l.Level, l.Source, l.Machine, l.Text]);
        return sheet;
    }
}
