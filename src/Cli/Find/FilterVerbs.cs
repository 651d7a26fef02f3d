using Ppec.Cli.Output;
using Ppec.Contracts.Filters;
using Ppec.Sdk;

namespace Ppec.Cli.Find;

/// <summary><c>ppec filter</c>.</summary>
static class FilterVerbs
{
    public static Verb Build(Shell shell) => new Verb("filter", "Saved filters: used as @NAME inside any --filter.", "ppec filter save idle 'stage:spare -hold'", "ppec machine list --filter '@idle type:compute-v3'")
        .Under(List(shell), Show(shell), Save(shell), Delete(shell)).Under(PastVerbs.Of(shell, "filter", "spares", call => call.Client.Filters));

    static Verb List(Shell shell) => new Verb("list", "List saved filters.", "ppec filter list")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Filters, Table, filter => filter.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one saved filter.", "ppec filter show idle");
        var name = verb.Takes("name", "Its name, without @.");
        return verb.With(shell.Options.Reading).Does(shell, async call => Show(call, await call.Client.Filters.GetAsync(call.Get(name), null, call.Cancellation)));
    }

    static Verb Save(Shell shell)
    {
        var verb = new Verb("save", "Save an expression under a name; your own name again replaces what it says.", "ppec filter save idle 'stage:spare -hold'");
        var name = verb.Takes("name", "Its name, a short slug.");
        var expression = verb.Takes("expression", "What it stands for.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Filters.SaveAsync(new(call.Get(name), call.Get(expression)), call.Mutation(), call.Cancellation)));
    }

    static Verb Delete(Shell shell)
    {
        var verb = new Verb("delete", "Delete a saved filter; its name is free.", "ppec filter delete idle");
        var name = verb.Takes("name", "Its name, without @.");
        return verb.With(shell.Options.Recording).With(shell.Options.IfMatch).With(shell.Options.Connecting).Does(shell, async call =>
        {
            await call.Client.Filters.DeleteAsync(call.Get(name), call.Mutation(), call.Cancellation);
            return ExitCodes.Done;
        });
    }

    static int Show(Call call, Answer<FilterView> answer) => call.Show(answer, (filter, wide) => [Table([filter], wide)], filter => [filter.Id]);

    static Sheet Table(IEnumerable<FilterView> filters, bool wide)
    {
        var sheet = new Sheet(null, "NAME", "EXPRESSION", "OWNER", "SAVED");
        foreach (var filter in filters) sheet.Add(filter.Id, filter.Expression, filter.Owner, Words.Time(filter.SavedAt));
        return sheet;
    }
}
