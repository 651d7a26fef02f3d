using System.CommandLine;
using Ppec.Cli.Machines;

namespace Ppec.Cli.Places;

/// <summary><c>ppec import</c> and <c>ppec export</c>: a site as a file.</summary>
static class SiteVerbs
{
    static readonly string[] Formats = ["csv", "yaml", "netbox"];

    public static Verb Import(Shell shell)
    {
        var verb = new Verb("import", "Bring in regions, racks, profiles and machines from a file: every row, or no machine.",
            "ppec import site.yaml --plan", "ppec import machines.csv --reason 'second delivery'", "ppec import devices.json --format netbox --no-wait");
        var file = verb.Takes("file", "The file; - reads standard input, and then needs --format.");
        var format = verb.Has<string?>("--format", "FORMAT", "csv, yaml or netbox; left out, the file's name says it.");
        format.AcceptOnlyFromAmong(Formats);
        return verb.With(shell.Options.Plan, shell.Options.PlanHash, shell.Options.NoWait, shell.Options.Timeout).With(shell.Options.Recording).With(shell.Options.Reading).Does(shell, async call =>
        {
            var name = call.Get(file);
            var chosen = call.Get(format) ?? FormatOf(name) ?? throw new UsageException($"What {name} is, its name does not say: --format csv, yaml or netbox.");
            var bytes = name == "-" ? System.Text.Encoding.UTF8.GetBytes(await call.Io.In.ReadToEndAsync(call.Cancellation)) : await File.ReadAllBytesAsync(name, call.Cancellation);
            return await Many.RunAsync(call, "import", asks: false,
                () => call.Client.Site.PlanImportAsync(bytes, chosen, call.Cancellation),
                (_, mutation) => call.Client.Site.ImportAsync(bytes, chosen, mutation, call.Cancellation));
        });
    }

    public static Verb Export(Shell shell)
    {
        var verb = new Verb("export", "Write regions, racks, profiles and machines as a file that can be imported. Passwords are never in it.",
            "ppec export --file site.yaml", "ppec export --format csv --noun machines --filter 'region:blr1' --file machines.csv");
        var format = verb.Has<string?>("--format", "FORMAT", "csv, yaml (unless said) or netbox.");
        format.AcceptOnlyFromAmong(Formats);
        var noun = verb.Has<string?>("--noun", "NOUN", "Only regions, racks, profiles or machines.");
        noun.AcceptOnlyFromAmong("regions", "racks", "profiles", "machines");
        var file = new Option<string?>("--file", "-f") { Description = "Where to; standard output when left out.", HelpName = "FILE" };
        return verb.With(file, shell.Options.Filter).With(shell.Options.Connecting).Does(shell, async call =>
        {
            var bytes = await call.Client.Site.ExportAsync(call.Get(format) ?? (call.Get(file) is { } to ? FormatOf(to) : null) ?? "yaml", call.Get(noun), call.Get(shell.Options.Filter), call.Cancellation);
            if (call.Get(file) is { } path) await File.WriteAllBytesAsync(path, bytes, call.Cancellation);
            else call.Io.Out.Write(System.Text.Encoding.UTF8.GetString(bytes.Span));
            return ExitCodes.Done;
        });
    }

    static string? FormatOf(string file) => Path.GetExtension(file).ToLowerInvariant() switch
    {
        ".csv" => "csv",
        ".yaml" or ".yml" => "yaml",
        ".json" => "netbox",
        _ => null,
    };
}
