namespace Ppec.Cli.Operations;

/// <summary><c>ppec op</c>: durable work under way, and what became of it.</summary>
static class OperationVerbs
{
    public static Verb Build(Shell shell) => new Verb("op", "Operations: durable work with steps, progress and a deadline.",
            "ppec op list --filter state:running", "ppec op watch 01JABCDEFGHJKMNPQRSTVWXYZ0")
        .Under(List(shell), Show(shell), Watch(shell), Cancel(shell), Retry(shell)).Under(PastVerbs.Of(shell, "op", "01jabcdefghjkmnpqrstvwxyz0", call => call.Client.Operations));

    static Verb List(Shell shell) => new Verb("list", "List operations.", "ppec op list --filter 'state:running machine:sn-7c4k2'")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Operations, OperationSheets.Table, operation => operation.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one operation: its steps, where it stands, why it failed.", "ppec op show 01JABCDEFGHJKMNPQRSTVWXYZ0");
        var id = verb.Takes("operation", "The operation's id.");
        return verb.With(shell.Options.At).With(shell.Options.Reading).Does(shell, async call =>
            call.Show(
                await call.Client.Operations.GetAsync(call.Get(id), new() { At = call.Get(shell.Options.At) }, call.Cancellation),
                OperationSheets.Detail, operation => [operation.Id]));
    }

    static Verb Watch(Shell shell)
    {
        var verb = new Verb("watch", "Follow an operation with its log until it ends. Exit status 7 when it did not succeed.",
            "ppec op watch 01JABCDEFGHJKMNPQRSTVWXYZ0 --timeout 30m");
        var id = verb.Takes("operation", "The operation's id.");
        return verb.With(shell.Options.Timeout).With(shell.Options.Reading).Does(shell, call => Waiting.WaitAsync(call, call.Get(id), null, "succeeded", withLog: true));
    }

    static Verb Cancel(Shell shell)
    {
        var verb = new Verb("cancel", "Ask an operation to stop, and wait until it has. Where the machine lands depends on the step; an erase is never interrupted.",
            "ppec op cancel 01JABCDEFGHJKMNPQRSTVWXYZ0 --reason 'wrong machine'");
        var id = verb.Takes("operation", "The operation's id.");
        return verb.With(shell.Options.Working).Does(shell, async call =>
        {
            var mutation = call.Mutation();
            return await Waiting.FinishAsync(call, await call.Client.Operations.CancelAsync(call.Get(id), new(mutation.Reason ?? ""), mutation, call.Cancellation), goal: "cancelled");
        });
    }

    static Verb Retry(Shell shell)
    {
        var verb = new Verb("retry", "Try a step that waits to be tried again now; of many, those that failed.", "ppec op retry 01JABCDEFGHJKMNPQRSTVWXYZ0");
        var id = verb.Takes("operation", "The operation's id.");
        return verb.With(shell.Options.Working).Does(shell, async call =>
            await Waiting.FinishAsync(call, await call.Client.Operations.RetryAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }
}
