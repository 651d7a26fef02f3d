using System.Collections.Immutable;
using Ppec.Contracts.Machines;

namespace Ppec.Cli.Machines;

/// <summary>What is decided at once: promote, hold, unhold, tag.</summary>
static class MarkVerbs
{
    public static Verb Promote(Shell shell)
    {
        var verb = new Verb("promote", "Make a machine at inventory, whose report passes, a spare.", "ppec machine promote sn-7c4k2 --reason 'DIMM waived until the part arrives'");
        var id = verb.Takes("machine", "The machine's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            MachineVerbs.Show(call, await call.Client.Machines.PromoteAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }

    public static Verb Hold(Shell shell)
    {
        var verb = new Verb("hold", "Keep a machine from being picked. Needs --reason; the same source again replaces its hold.",
            "ppec machine hold sn-7c4k2 --reason 'fan 3 rattles' --until 2026-02-07T12:00Z");
        var id = verb.Takes("machine", "The machine's id.");
        var source = verb.Has<string?>("--source", "NAME", "Who holds it; operator when left out.");
        var lift = verb.Has<string?>("--lift-permission", "PERMISSION", "Only who has this permission too may lift it: machine.retire.");
        var until = SharedOptions.Moment("--until", "When the hold ends by itself.");
        return verb.With(until).With(shell.Options.Changing).Does(shell, async call =>
        {
            var mutation = call.Mutation();
            var body = new HoldBody(mutation.Reason ?? throw new UsageException("Say why it is held: --reason TEXT."), call.Get(source) ?? "operator", call.Get(until), call.Get(lift));
            return MachineVerbs.Show(call, await call.Client.Machines.HoldAsync(call.Get(id), body, mutation, call.Cancellation));
        });
    }

    public static Verb Unhold(Shell shell)
    {
        var verb = new Verb("unhold", "Lift the hold of one source.", "ppec machine unhold sn-7c4k2 --reason 'fan replaced'");
        var id = verb.Takes("machine", "The machine's id.");
        var source = verb.Has<string?>("--source", "NAME", "Whose hold; operator when left out.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            MachineVerbs.Show(call, await call.Client.Machines.UnholdAsync(call.Get(id), new(call.Get(source) ?? "operator"), call.Mutation(), call.Cancellation)));
    }

    public static Verb Tag(Shell shell)
    {
        var verb = new Verb("tag", "Set tags with KEY=VALUE and remove them with KEY-, all at once.", "ppec machine tag sn-7c4k2 team=payments canary-", "ppec machine tag team=payments --filter 'rack:blr1.r12 stage:spare'");
        var words = verb.TakesMany("tag", "The machine's id, unless --filter chooses many; then KEY=VALUE sets, KEY- removes.");
        return verb.With(shell.Options.Filter).With(shell.Options.Pacing).With(shell.Options.Plan, shell.Options.PlanHash).With(shell.Options.Working).Does(shell, async call =>
        {
            var filter = call.Get(shell.Options.Filter);
            var tags = filter is null ? call.Get(words)[1..] : call.Get(words);
            if (tags.Length == 0) throw new UsageException("Say what to set (KEY=VALUE) or to remove (KEY-).");
            var set = ImmutableDictionary.CreateBuilder<string, string>();
            var remove = ImmutableArray.CreateBuilder<string>();
            foreach (var tag in tags)
            {
                var equals = tag.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0) set[tag[..equals]] = tag[(equals + 1)..];
                else if (equals < 0 && tag is [_, .., '-']) remove.Add(tag[..^1]);
                else throw new UsageException($"'{tag}' is no tag. Write KEY=VALUE to set it, KEY- to remove it.");
            }
            if (filter is not null) return await Many.ByFilterAsync(call, "tag", filter, asks: false, new(set.ToImmutable(), remove.DrainToImmutable()));
            return MachineVerbs.Show(call, await call.Client.Machines.TagAsync(call.Get(words)[0], set.ToImmutable(), remove.DrainToImmutable(), call.Mutation(), call.Cancellation));
        });
    }
}
