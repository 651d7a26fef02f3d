using Ppec.Cli.Output;
using Ppec.Contracts.Changes;

namespace Ppec.Cli.Changes;

/// <summary><c>ppec change</c>: what waits for a second person.</summary>
static class ChangeVerbs
{
    const string Example = "01jabcdefghjkmnpqrstvwxyz0";

    public static Verb Build(Shell shell) => new Verb("change", "Changes: commands that wait for a second person, with the exact plan that person agrees to.", "ppec change list --filter state:waiting", $"ppec change show {Example}", $"ppec change approve {Example}")
        .Under(List(shell), Show(shell), Now(shell), Approve(shell), Reject(shell), Withdraw(shell), Again(shell), Review(shell)).Under(PastVerbs.Of(shell, "change", Example, call => call.Client.Changes));

    public static Verb Undo(Shell shell)
    {
        var verb = new Verb("undo", "Take one change of a thing back, by the command that does so: tags, holds, descriptions, grants, groups, roles, owners, policies, filters.", "ppec undo machine:sn-7c4k2 --change 12 --plan", "ppec undo group:ops --change 40");
        var thing = verb.Takes("thing", "The thing: machine:sn-7c4k2, grant:ID, group:ops, policy:prod, filter:spares.");
        var version = verb.Has<long>("--change", "VERSION", "Which of its changes, as ppec NOUN history counts them.", required: true);
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            await call.Client.Changes.UndoAsync(call.Get(thing), call.Get(version), call.Mutation(), call.Cancellation);
            call.Screen.Say($"Undone: change {call.Get(version)} of {call.Get(thing)}.");
            return ExitCodes.Done;
        });
    }

    static Verb List(Shell shell) => new Verb("list", "List changes.", "ppec change list --filter state:waiting", "ppec change list --filter 'review:due' -o wide")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Changes, ChangeSheets.Table, change => change.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one change: who wants what, the plan with its hash, and who must agree.", $"ppec change show {Example}", $"ppec change show {Example} -o wide");
        var id = verb.Takes("change", "The change's id.");
        return verb.With(shell.Options.At).With(shell.Options.Reading).Does(shell, async call =>
            ChangeSheets.Show(call, await call.Client.Changes.GetAsync(call.Get(id), new() { At = call.Get(shell.Options.At) }, call.Cancellation)));
    }

    static Verb Now(Shell shell)
    {
        var verb = new Verb("now", "What a change would do if it were carried out now, and what of that differs from its plan.", $"ppec change now {Example}");
        var id = verb.Takes("change", "The change's id.");
        return verb.With(shell.Options.Reading).Does(shell, async call => call.Show(await call.Client.Changes.NowAsync(call.Get(id), call.Cancellation), ChangeSheets.Now, now => now.Moved.Each()));
    }

    static Verb Approve(Shell shell)
    {
        var verb = new Verb("approve", "Agree to the plan with this hash; at quorum the change is carried out. At a terminal the plan is shown and asked for.",
            $"ppec change approve {Example}", $"ppec change approve {Example} --hash 3f9a2b --comment 'seen with the team'");
        var id = verb.Takes("change", "The change's id.");
        var hash = verb.Has<string?>("--hash", "HASH", "The hash of the plan that you looked at, as ppec change show says it.");
        var comment = verb.Has<string?>("--comment", "TEXT", "What you want the record to say.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var seen = call.Get(hash);
            if (seen is null)
            {
                if (!call.Io.Interactive) throw new UsageException($"Say which plan you looked at: --hash HASH. See it with ppec change show {call.Get(id)}.");
                var change = (await call.Client.Changes.GetAsync(call.Get(id), null, call.Cancellation)).Value;
                call.Screen.ShowAside(ChangeSheets.Of(change, wide: false));
                if ((await call.Screen.AskAsync("Do you agree to exactly this? Type yes:"))?.Trim() != "yes")
                {
                    call.Screen.Say("Nothing was changed.");
                    return ExitCodes.Failure;
                }
                seen = change.Plan.Hash;
            }
            return ChangeSheets.Show(call, await call.Client.Changes.ApproveAsync(call.Get(id), new(seen, call.Get(comment)), call.Mutation(), call.Cancellation));
        });
    }

    static Verb Reject(Shell shell)
    {
        var verb = new Verb("reject", "Refuse a change, which ends it. Needs --reason, which its maker reads.", $"ppec change reject {Example} --reason 'not in the sales week'");
        var id = verb.Takes("change", "The change's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var mutation = call.Mutation();
            return ChangeSheets.Show(call, await call.Client.Changes.RejectAsync(call.Get(id), new(mutation.Reason ?? throw new UsageException("Say why, for its maker: --reason TEXT.")), mutation, call.Cancellation));
        });
    }

    static Verb Withdraw(Shell shell)
    {
        var verb = new Verb("withdraw", "Take your own change back.", $"ppec change withdraw {Example}");
        var id = verb.Takes("change", "The change's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call => ChangeSheets.Show(call, await call.Client.Changes.WithdrawAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }

    static Verb Again(Shell shell)
    {
        var verb = new Verb("again", "Ask once more for what an ended change was about, with a plan of now.", $"ppec change again {Example}");
        var id = verb.Takes("change", "The ended change's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            await call.Client.Changes.AgainAsync(call.Get(id), call.Mutation(), call.Cancellation);
            call.Screen.Say("Nobody else need agree any more: it was done.");
            return ExitCodes.Done;
        });
    }

    static Verb Review(Shell shell)
    {
        var verb = new Verb("review", "Say what you found of a change that was made without approval.", $"ppec change review {Example} --justified --comment 'the hall was on fire'", $"ppec change review {Example} --comment 'this could have waited'");
        var id = verb.Takes("change", "The change's id.");
        var justified = new System.CommandLine.Option<bool>("--justified") { Description = "It was right to do so; left out: it was not." };
        var comment = verb.Has<string>("--comment", "TEXT", "What you found.", required: true);
        return verb.With(justified).With(shell.Options.Changing).Does(shell, async call =>
            ChangeSheets.Show(call, await call.Client.Changes.ReviewAsync(call.Get(id), new(call.Get(justified), call.Get(comment)!), call.Mutation(), call.Cancellation)));
    }
}
