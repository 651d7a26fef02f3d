using Ppec.Cli.Output;

namespace Ppec.Cli.Find;

/// <summary><c>ppec find</c>.</summary>
static class FindVerb
{
    public static Verb Build(Shell shell)
    {
        var verb = new Verb("find", "Find anything by what names it: serial, MAC, IP, BMC address, disk serial, hostname, name or id; exact matches first.",
            "ppec find 52-54-00-12-34-56", "ppec find S6XA -o json");
        var text = verb.Takes("text", "The whole of it, or a part of three characters or more.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Disks.FindAsync(call.Get(text), call.Cancellation), (page, _) =>
            {
                var sheet = new Sheet(null, "NOUN", "ID", "BY", "VALUE", "MATCH");
                foreach (var found in page.Items) sheet.Add(found.Noun, found.Id, found.Field, found.Value, new(found.Exact ? "exact" : "part", found.Exact ? Tone.Good : Tone.Dim));
                return [sheet];
            }, page => page.Items.Select(found => found.Id)));
    }
}
