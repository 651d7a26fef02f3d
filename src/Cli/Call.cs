using System.CommandLine;
using System.Text.Json;
using Ppec.Cli.Contexts;
using Ppec.Cli.Output;
using Ppec.Contracts.Gate;
using Ppec.Sdk;

namespace Ppec.Cli;

/// <summary>One run of one command: its arguments, the server, and where the answer goes.</summary>
sealed class Call(Shell shell, ParseResult parsed) : IDisposable
{
    PpecClient? _client;

    public Surroundings Io => shell.Io;
    public SharedOptions Options => shell.Options;
    public Screen Screen { get; } = new(shell.Io);
    public CancellationToken Cancellation => shell.Io.Interrupted;
    public PpecClient Client => _client ??= Connection.Open(this);

    /// <summary>The key of the change that was sent, for the message when its outcome is unknown.</summary>
    public string? SentKey { get; private set; }

    public string Format => Get(Options.Output) ?? "table";
    public bool Wide => Format == "wide";

    public T? Get<T>(Option<T> option) => parsed.GetResult(option) is null ? default : parsed.GetValue(option);
    public T Get<T>(Argument<T> argument) => parsed.GetRequiredValue(argument);
    public string? May(Argument<string?> argument) => parsed.GetValue(argument);

    /// <summary>What accompanies the change; the key is known before anything is sent.</summary>
    public MutationOptions Mutation() => new()
    {
        IdempotencyKey = SentKey = Get(Options.IdempotencyKey) is { Length: > 0 } key ? key : Guid.CreateVersion7().ToString(),
        IfMatch = Get(Options.IfMatch),
        PlanHash = Get(Options.PlanHash),
        Reason = Get(Options.Reason) is { Length: > 0 } reason ? reason : null,
        Ticket = Get(Options.Ticket) is { Length: > 0 } ticket ? ticket : null,
        BreakGlass = Get(Options.BreakGlass),
        PlanOnly = Get(Options.Plan),
    };

    /// <summary>A secret that is typed and not seen.</summary>
    public SecretText Hidden(string question)
    {
        if (!Io.Interactive || Io.ReadHidden is not { } read) throw new UsageException("There is no terminal to ask for a password on: name a file with it, or pipe it in.");
        Io.Error.Write($"{question} ");
        Io.Error.Flush();
        var text = read();
        Io.Error.WriteLine();
        return new(text ?? throw new OperationCanceledException());
    }

    /// <summary>Shows an answer in the format asked for.</summary>
    public int Show<T>(Answer<T> answer, Func<T, bool, IEnumerable<Sheet>> sheets, Func<T, IEnumerable<string>> names)
    {
        switch (Format)
        {
            case "json": Screen.Encoded(JsonText.Indented(answer.Json)); break;
            case "yaml": Screen.Encoded(YamlText.Of(answer.Json)); break;
            case "name":
                foreach (var name in names(answer.Value)) Screen.Line(name);
                break;
            default: Screen.Show(sheets(answer.Value, Wide)); break;
        }
        return ExitCodes.Done;
    }

    /// <summary>Shows a list: as many pages as it takes, as one answer.</summary>
    public async Task<int> ShowListAsync<T>(NounClient<T> noun, Func<IEnumerable<T>, bool, Sheet> sheet, Func<T, string> name, string? alsoFilter = null)
    {
        var limit = Get(Options.Limit) is > 0 and var asked ? asked : int.MaxValue;
        string?[] terms = [Get(Options.Filter), alsoFilter];
        var options = new ListOptions { Filter = string.Join(' ', terms.Where(term => !string.IsNullOrWhiteSpace(term))) is { Length: > 0 } all ? all : null, Sort = Get(Options.Sort) };
        List<T> items = [];
        List<JsonElement> raw = [];
        Answer<ListPage<T>> page;
        do
        {
            page = await noun.PageAsync(options with { Limit = Math.Min(limit - items.Count, 1000) }, Cancellation);
            items.AddRange(page.Value.Items.Each());
            using var document = JsonDocument.Parse(page.Json);
            raw.AddRange(document.RootElement.GetProperty("items").EnumerateArray().Select(item => item.Clone()));
            options = options with { Cursor = page.Value.NextCursor };
        }
        while (options.Cursor is not null && items.Count < limit);

        var json = JsonText.Compose(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var item in raw) item.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteString("nextCursor", options.Cursor);
            writer.WriteNumber("total", page.Value.Total);
            writer.WriteBoolean("totalIsMore", page.Value.TotalIsMore);
            writer.WriteEndObject();
        });
        Show(new Answer<List<T>>(items, json), (list, wide) => [sheet(list, wide)], list => list.Select(name));
        if (options.Cursor is not null && Format is "table" or "wide")
            Screen.Say($"{items.Count} of {page.Value.Total}{(page.Value.TotalIsMore ? "+" : "")} shown. Narrow it with --filter, or raise --limit (0 = all).");
        return ExitCodes.Done;
    }

    public void Dispose() => _client?.Dispose();
}
