using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ppec.Cli.Output;
using Ppec.Contracts.Audit;
using Ppec.Sdk;

namespace Ppec.Cli.Audit;

/// <summary><c>ppec audit search</c> and <c>export</c>: who did what, and who tried.</summary>
static class TrailVerbs
{
    const string Keys = "actor, action, target, region, rack, outcome, problem, ticket, credential, source, change, operation, time";

    public static Verb Search(Shell shell)
    {
        var verb = new Verb("search", $"Who did what, and who was refused, newest first. A filter asks for {Keys}.",
            "ppec audit search 'actor:alice target:sn-7c4k2'", "ppec audit search 'outcome:unauthorised region:blr1' --from 2026-11-01 --to 2026-12-01", "ppec audit search ticket:OPS-4711 -o json");
        var filter = verb.MayTake("filter", "Which; all when left out.");
        var (from, to) = (From(verb), To(verb));
        return verb.With(shell.Options.Limit).With(shell.Options.Reading).Does(shell, async call =>
        {
            var limit = call.Get(call.Options.Limit) is > 0 and var asked ? asked : int.MaxValue;
            var query = new AuditQuery(call.May(filter), call.Get(from), call.Get(to), 0, null);
            List<AuditRow> rows = [];
            List<JsonElement> raw = [];
            do
            {
                var page = await call.Client.Audit.SearchAsync(query with { Limit = Math.Min(limit - rows.Count, 1000) }, call.Cancellation);
                rows.AddRange(page.Value.Items.Each());
                using var document = JsonDocument.Parse(page.Json);
                raw.AddRange(document.RootElement.GetProperty("items").EnumerateArray().Select(item => item.Clone()));
                query = query with { Cursor = page.Value.NextCursor };
            }
            while (query.Cursor is not null && rows.Count < limit);
            var json = JsonText.Compose(writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("items");
                foreach (var item in raw) item.WriteTo(writer);
                writer.WriteEndArray();
                if (query.Cursor is not null) writer.WriteString("nextCursor", query.Cursor);
                writer.WriteEndObject();
            });
            call.Show(new Answer<List<AuditRow>>(rows, json), (list, wide) => [Table(list, wide)], list => list.Select(r => r.Request ?? ""));
            if (query.Cursor is not null && call.Format is "table" or "wide") call.Screen.Say($"{rows.Count} shown, and there are more. Narrow it, or raise --limit (0 = all).");
            return ExitCodes.Done;
        });
    }

    public static Verb Export(Shell shell)
    {
        var verb = new Verb("export", "Write it all to a file, oldest first, a line each with the cursor from which to go on. The same command again goes on after the last line of the file.",
            "ppec audit export --to audit.jsonl", "ppec audit export region:blr1 --to blr1.csv --format csv");
        var filter = verb.MayTake("filter", "Which; all when left out.");
        var file = verb.Has<string>("--to", "FILE", "The file; what it holds already is not written again.", required: true);
        var format = verb.Has<string?>("--format", "FORMAT", "jsonl, or csv; what the file's name ends in when left out.");
        format.AcceptOnlyFromAmong("jsonl", "csv");
        return verb.With(shell.Options.Connecting).Does(shell, async call =>
        {
            var path = call.Get(file)!;
            var csv = (call.Get(format) ?? Path.GetExtension(path).TrimStart('.')) == "csv";
            var cursor = Resumed(path, csv);
            await using var to = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read), new UTF8Encoding(false)) { NewLine = csv ? "\r\n" : "\n" };
            var count = 0;
            await foreach (var line in call.Client.Audit.ExportAsync(new(call.May(filter), null, null, 0, cursor, OldestFirst: true), csv, call.Cancellation))
            {
                await to.WriteLineAsync(line.Text);
                if (!line.IsHead) count++;
            }
            await to.FlushAsync(call.Cancellation);
            call.Screen.Say(string.Create(CultureInfo.InvariantCulture, $"{count:N0} rows written to {path}{(cursor is null ? "" : ", after those it had")}."));
            return ExitCodes.Done;
        });
    }

    static Option<DateTimeOffset?> From(Verb verb) => Added(verb, SharedOptions.Moment("--from", "Only from then on: 2026-01-31T12:00Z."));

    static Option<DateTimeOffset?> To(Verb verb) => Added(verb, SharedOptions.Moment("--to", "Only before then."));

    static Option<DateTimeOffset?> Added(Verb verb, Option<DateTimeOffset?> option)
    {
        verb.Options.Add(option);
        return option;
    }

    /// <summary>The cursor of the file's last whole line; what was torn after it is cut off. Null for a new file.</summary>
    static string? Resumed(string path, bool csv)
    {
        if (!File.Exists(path)) return null;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        var text = new byte[Math.Min(file.Length, 1 << 20)];
        file.Seek(-text.Length, SeekOrigin.End);
        file.ReadExactly(text);
        var end = text.AsSpan().LastIndexOf((byte)'\n') + 1;
        file.SetLength(file.Length - text.Length + end);
        if (end == 0) return null;
        var last = AuditLine.Read(Encoding.UTF8.GetString(text, 0, end - 1).TrimEnd('\r').Split('\n')[^1].TrimEnd('\r'), csv) ?? throw new UsageException($"{path} is no file that this command wrote.");
        if (last.IsHead) file.SetLength(0);
        return last.IsHead ? null : last.Cursor;
    }

    static Sheet Table(IEnumerable<AuditRow> rows, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["TIME", "OUTCOME", "ACTOR", "ACTION", "TARGET", "WHY", "SOURCE", "CREDENTIAL", "TICKET", "OPERATION", "CHANGE", "EVENTS"] : ["TIME", "OUTCOME", "ACTOR", "ACTION", "TARGET", "WHY"]);
        foreach (var r in rows)
        {
            var outcome = new Cell(r.Outcome + (r.Count > 1 ? $" ×{r.Count}" : ""), r.Outcome == "accepted" ? Tone.Good : r.Outcome == "refused" ? Tone.Busy : Tone.Bad);
            var (target, why) = ($"{r.Targets.Each().FirstOrDefault()}{(r.Targets.Each().Count() > 1 ? $" +{r.Targets.Length - 1}" : "")}", r.Problem is { } problem ? $"{problem}: {r.Why}" : r.Reason);
            sheet.Add(wide
                ? [Words.Time(r.Time), outcome, r.Actor ?? "(nobody known)", r.Action, target, why, r.Source, r.Credential, r.Ticket, r.Operation, r.Change, string.Join(' ', r.Events.Each().Select(e => e.Position))]
                : [Words.Time(r.Time), outcome, r.Actor ?? "(nobody known)", r.Action, target, why]);
        }
        return sheet;
    }
}
