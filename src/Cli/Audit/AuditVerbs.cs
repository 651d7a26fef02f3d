using System.CommandLine;
using Ppec.Cli.Output;
using Ppec.Contracts.Audit;
using Ppec.Sdk;

namespace Ppec.Cli.Audit;

/// <summary><c>ppec audit</c>.</summary>
static class AuditVerbs
{
    public static Verb Build(Shell shell) => new Verb("audit", "Who did what, and that the log is the one that was written.", "ppec audit verify --head kept.json --key heads.pub")
        .Under(TrailVerbs.Search(shell), TrailVerbs.Export(shell), VerifyVerb.Build(shell), Prove(shell), Heads(shell));

    static Verb Prove(Shell shell)
    {
        var verb = new Verb("prove", "Write a proof that an event is in the log: a file that ppec audit verify --proof checks without a server.",
            "ppec audit prove 4711 -o proof.json", "ppec audit prove 4711 --head kept.json -o proof.json");
        var position = verb.Takes("event", "The event's position, as ppec event tail shows it.");
        var head = verb.Has<string?>("--head", "FILE", "Prove it against this signed head; the server's newest when left out.");
        var to = new Option<string?>("--output", "-o") { Description = "Where to; standard output when left out.", HelpName = "FILE" };
        return verb.With(to).With(shell.Options.Connecting).Does(shell, async call =>
        {
            var size = call.Get(head) is { } file ? Files.Heads(file).Max(h => h.Size) : default(long?);
            var proof = JsonText.Indented((await call.Client.Audit.ProveAsync(call.Get(position), size, call.Cancellation)).Json);
            if (call.Get(to) is not { } path) call.Screen.Encoded(proof);
            else await File.WriteAllTextAsync(path, proof + "\n", call.Cancellation);
            return ExitCodes.Done;
        });
    }

    static Verb Heads(Shell shell) => new Verb("heads", "List the signed tree heads of the server, newest first. Keep one elsewhere, and the log cannot be rewritten unseen.",
        "ppec audit heads --limit 1 -o json").With(shell.Options.Limit).With(shell.Options.Reading).Does(shell, async call =>
        call.Show(await call.Client.Audit.HeadsAsync(call.Get(call.Options.Limit) is > 0 and var limit ? Math.Min(limit, 1000) : 1000, null, call.Cancellation), Sheets, page => page.Items.Each().Select(h => h.Root)));

    static IEnumerable<Sheet> Sheets(ListPage<TreeHead> page, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["EVENTS", "SIGNED", "POSITION", "ROOT", "KEY"] : ["EVENTS", "SIGNED", "ROOT"]);
        foreach (var h in page.Items.Each())
            sheet.Add(wide ? [h.Size, Words.Time(h.Time), h.Position, h.Root, h.KeyFingerprint()] : [h.Size, Words.Time(h.Time), h.Root]);
        yield return sheet;
    }
}
