using System.Collections.Immutable;
using System.CommandLine;
using Ppec.Cli.Output;
using Ppec.Contracts.Tags;

namespace Ppec.Cli.Find;

/// <summary><c>ppec tag</c>: what holds for keys. Machines get their tags by <c>ppec machine tag</c>.</summary>
static class TagVerbs
{
    public static Verb Build(Shell shell) => new Verb("tag", "Tag keys: how many machines have each, and what holds for it.", "ppec tag list", "ppec tag set env --values prod,test --required-on machine")
        .Under(List(shell), Show(shell), Set(shell), Delete(shell));

    static Verb List(Shell shell) => new Verb("list", "List the keys in use, and those of which something was said.", "ppec tag list")
        .With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Tags.ListAsync(call.Cancellation), (page, _) => [Table(page.Items)], page => page.Items.Select(tag => tag.Id)));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one key.", "ppec tag show env");
        var key = verb.Takes("key", "The tag's key.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Tags.GetAsync(call.Get(key), call.Cancellation), (tag, _) => [Table([tag])], tag => [tag.Id]));
    }

    static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Say what holds for a key, in place of what was said before. Tags that are there stay as they are; machines without a required one: ppec machine list --filter '-tag.KEY'.",
            "ppec tag set env --values prod,test --required-on machine --description 'Who may see it'", "ppec tag set payee --protected");
        var key = verb.Takes("key", "The tag's key.");
        var values = verb.Has<string?>("--values", "A,B", "The values it may have; any when left out.");
        var required = verb.Has<string?>("--required-on", "NOUN", "It cannot be removed there: machine.");
        var isProtected = new Option<bool>("--protected") { Description = "Changing it needs the permission tag.protected too." };
        var description = verb.Has<string?>("--description", "TEXT", "What it is for.");
        return verb.With(isProtected).With(shell.Options.Changing).Does(shell, async call =>
        {
            var body = new TagKeyBody(call.Get(key), Words(call.Get(values)), Words(call.Get(required)), call.Get(isProtected), call.Get(description) ?? "");
            return call.Show(await call.Client.Tags.SetAsync(body, call.Mutation(), call.Cancellation), (tag, _) => [Table([tag])], tag => [tag.Id]);
        });

        static ImmutableArray<string> Words(string? text) => [.. (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }

    static Verb Delete(Shell shell)
    {
        var verb = new Verb("delete", "Nothing more holds for a key; tags with it stay.", "ppec tag delete env");
        var key = verb.Takes("key", "The tag's key.");
        return verb.With(shell.Options.Recording).With(shell.Options.IfMatch).With(shell.Options.Connecting).Does(shell, async call =>
        {
            await call.Client.Tags.DeleteAsync(call.Get(key), call.Mutation(), call.Cancellation);
            return ExitCodes.Done;
        });
    }

    static Sheet Table(IEnumerable<TagView> tags)
    {
        var sheet = new Sheet(null, "KEY", "MACHINES", "VALUES", "REQUIRED ON", "PROTECTED", "DESCRIPTION");
        foreach (var tag in tags) sheet.Add(tag.Id, tag.Used, string.Join(", ", tag.Values), string.Join(", ", tag.RequiredOn), tag.Protected ? "yes" : "", tag.Description);
        return sheet;
    }
}
