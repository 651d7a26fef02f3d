using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Ppec.Cli;

/// <summary>The options that mean the same wherever they appear.</summary>
sealed partial class SharedOptions
{
    public Option<string?> Server { get; } = Text("--server", "URL", "The server, before PPEC_SERVER and the context.");
    public Option<string?> Context { get; } = Text("--context", "NAME", "The context to use, before PPEC_CONTEXT and the current one.");
    public Option<string?> CredentialFile { get; } = Text("--credential-file", "FILE", "The file with the credential, before PPEC_CREDENTIAL_FILE and the context's.");

    public Option<string?> CaFile { get; } = Text("--ca-file", "FILE", "The PEM file that says which https server is trusted, before PPEC_CA_FILE and the context's.");

    public Option<string> Output { get; } = new Option<string>("--output", "-o")
    {
        Description = "table, wide, json (exactly the API's), yaml, or name (ids only).", HelpName = "FORMAT", DefaultValueFactory = _ => "table",
    }.AcceptOnlyFromAmong("table", "wide", "json", "yaml", "name");

    public Option<string?> Filter { get; } = Text("--filter", "EXPR", "Only what matches: 'stage:spare type:compute-v3 tag.team=payments -hold'.");
    public Option<string?> Sort { get; } = Text("--sort", "FIELD", "Order by this field; -FIELD for descending.");
    public Option<int> Limit { get; } = new("--limit") { Description = "At most this many; 0 = all.", HelpName = "N", DefaultValueFactory = _ => 100, CustomParser = Count };
    public Option<string?> Region { get; } = Text("--region", "REGION", "Only this region; all = every one.");
    public Option<DateTimeOffset?> At { get; } = Moment("--at", "As it was then: 2026-01-31T12:00Z.");

    public Option<bool> Plan { get; } = new("--plan") { Description = "Print what it would do, with the hash of the plan, and change nothing." };
    public Option<string?> PlanHash { get; } = Text("--plan-hash", "HASH", "Do only what the plan with this hash says; refused when that has moved.");
    public Option<bool> Yes { get; } = new("--yes") { Description = "Do not ask." };
    public Option<string?> Reason { get; } = Text("--reason", "TEXT", "Why, for the record.");
    public Option<string?> Ticket { get; } = Text("--ticket", "ID", "A ticket number, for the record.");
    public Option<bool> BreakGlass { get; } = new("--break-glass") { Description = "Do it at once though a second person should agree. Needs --reason; everyone hears of it, and somebody else reviews it." };
    public Option<string?> IdempotencyKey { get; } = Text("--idempotency-key", "KEY", "Sending the same command again with the same key changes things once.");
    public Option<long?> IfMatch { get; } = new("--if-match") { Description = "Refuse unless the target still has this version.", HelpName = "VERSION", CustomParser = Version };

    public Option<bool> NoWait { get; } = new("--no-wait") { Description = "Print the operation's id and do not wait for its end." };
    public Option<TimeSpan?> Timeout { get; } = new("--timeout") { Description = "Wait no longer than this (90s, 30m, 2h); the work goes on. Exit status 8.", HelpName = "TIME", CustomParser = Duration };

    public Option<int?> MaxParallel { get; } = new("--max-parallel") { Description = "How many are under way at once.", HelpName = "N" };
    public Option<int?> StopAfterFailures { get; } = new("--stop-after-failures") { Description = "Begin no more after so many failed; 0 = try all.", HelpName = "N" };

    public IEnumerable<Option> Connecting => [Server, Context, CredentialFile, CaFile];
    public IEnumerable<Option> Reading => [Output, .. Connecting];
    public IEnumerable<Option> Listing => [Filter, Sort, Limit, .. Reading];
    public IEnumerable<Option> Recording => [Reason, Ticket, IdempotencyKey, BreakGlass, Plan, PlanHash];
    public IEnumerable<Option> Changing => [.. Recording, IfMatch, .. Reading];
    public IEnumerable<Option> Working => [NoWait, Timeout, .. Changing];
    public IEnumerable<Option> Pacing => [MaxParallel, StopAfterFailures];
    public IEnumerable<Option> Planning => [Yes, .. Working];

    public static Option<string?> Text(string name, string value, string description) => new(name) { Description = description, HelpName = value };

    public static Option<DateTimeOffset?> Moment(string name, string description) => new(name) { Description = description, HelpName = "TIME", CustomParser = Moment };

    static DateTimeOffset? Moment(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)) return time;
        result.AddError($"'{text}' is not a time. Write 2026-01-31T12:00Z.");
        return null;
    }

    static int Count(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return count;
        result.AddError($"'{result.Tokens[0].Value}' is not a count.");
        return 0;
    }

    static long? Version(ArgumentResult result)
    {
        if (long.TryParse(result.Tokens[0].Value.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version)) return version;
        result.AddError($"'{result.Tokens[0].Value}' is not a version.");
        return null;
    }

    static TimeSpan? Duration(ArgumentResult result)
    {
        var match = Parts().Match(result.Tokens[0].Value);
        var total = TimeSpan.Zero;
        if (match.Success && result.Tokens[0].Value.Length is > 0 and < 20)
        {
            total = TimeSpan.FromHours(Part("h")) + TimeSpan.FromMinutes(Part("m")) + TimeSpan.FromSeconds(Part("s"));
        }
        if (total > TimeSpan.Zero && total < TimeSpan.FromDays(30)) return total;
        result.AddError($"'{result.Tokens[0].Value}' is not a time span. Write 90s, 30m, 2h or 1h30m, under 30 days.");
        return null;

        long Part(string unit) => match.Groups[unit].Success ? long.Parse(match.Groups[unit].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"^((?<h>[0-9]{1,4})h)?((?<m>[0-9]{1,5})m)?((?<s>[0-9]{1,7})s?)?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Parts();
}
