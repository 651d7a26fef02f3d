using System.Text.Json;
using Ppec.Cli.Output;
using Ppec.Contracts.Queries;
using Ppec.Sdk;

namespace Ppec.Cli.Events;

/// <summary><c>ppec event</c>: the log itself.</summary>
static class EventVerbs
{
    public static Verb Build(Shell shell) => new Verb("event", "The log: every fact, in order.", "ppec event tail --follow").Under(Tail(shell));

    static Verb Tail(Shell shell)
    {
        var verb = new Verb("tail", "Print events from a position on, and with --follow each new one as it comes.",
            "ppec event tail --follow", "ppec event tail --from 4711 --stream machine-sn-7c4k2 -o json");
        var from = verb.Has<string?>("--from", "POSITION", "Only what comes after this position; the start of the log when left out.");
        var stream = verb.Has<string?>("--stream", "PREFIX", "Only streams whose name begins so: machine-, operation-01J…");
        var follow = verb.Has<bool>("--follow", "", "Go on with new events until interrupted; json is then one event a line.");
        return verb.With(shell.Options.Limit).With(shell.Options.Reading).Does(shell, async call =>
            call.Get(follow)
                ? await FollowAsync(call, call.Get(from), call.Get(stream))
                : await PrintAsync(call, call.Get(from), call.Get(stream)));
    }

    static async Task<int> PrintAsync(Call call, string? from, string? stream)
    {
        var limit = call.Get(call.Options.Limit) is > 0 and var asked ? asked : int.MaxValue;
        List<EventView> items = [];
        List<JsonElement> raw = [];
        var position = from;
        while (items.Count < limit)
        {
            var page = await call.Client.Events.PageAsync(position, Math.Min(limit - items.Count, 1000), stream, call.Cancellation);
            items.AddRange(page.Value.Items.Each());
            using var document = JsonDocument.Parse(page.Json);
            raw.AddRange(document.RootElement.GetProperty("items").EnumerateArray().Select(item => item.Clone()));
            var ended = page.Value.Items.IsDefaultOrEmpty || page.Value.NextPosition == position;
            position = page.Value.NextPosition;
            if (ended) break;
        }
        var json = JsonText.Compose(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var item in raw) item.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteString("nextPosition", position);
            writer.WriteEndObject();
        });
        call.Show(new Answer<List<EventView>>(items, json), (list, wide) => [Table(list, wide)], list => list.Select(item => item.Position));
        if (items.Count > 0 && call.Format is "table" or "wide") call.Screen.Say($"next: ppec event tail --from {position}");
        return ExitCodes.Done;
    }

    static async Task<int> FollowAsync(Call call, string? from, string? stream)
    {
        await foreach (var answer in call.Client.Events.FollowAsync(from, stream, call.Cancellation))
        {
            switch (call.Format)
            {
                case "json": call.Screen.Encoded(JsonText.OneLine(answer.Json)); break;
                case "yaml": call.Screen.Encoded($"---\n{YamlText.Of(answer.Json)}"); break;
                case "name": call.Screen.Line(answer.Value.Position); break;
                default: call.Screen.Line(OneLine(answer.Value, call.Wide)); break;
            }
            await call.Io.Out.FlushAsync(call.Cancellation);
        }
        return ExitCodes.Done;
    }

    static Sheet Table(IEnumerable<EventView> events, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["POSITION", "TIME", "STREAM", "VERSION", "TYPE", "ACTOR", "REASON", "TICKET", "OPERATION"] : ["POSITION", "TIME", "STREAM", "TYPE", "ACTOR"]);
        foreach (var e in events)
            sheet.Add(wide ? [e.Position, Words.Time(e.Time), e.Stream, e.Version, e.Type, e.Actor, e.Reason, e.Ticket, e.Operation] : [e.Position, Words.Time(e.Time), e.Stream, e.Type, e.Actor]);
        return sheet;
    }

    /// <summary>Columns cannot be measured in a stream without end.</summary>
    static string OneLine(EventView e, bool wide) =>
        $"{e.Position}  {Words.Time(e.Time)}  {e.Stream}  {e.Type}  {e.Actor}{(wide && e.Reason is { } reason ? $"  {reason}" : "")}{(wide && e.Operation is { } operation ? $"  {operation}" : "")}";
}
