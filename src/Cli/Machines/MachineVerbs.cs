using Ppec.Contracts.Machines;
using Ppec.Sdk;

namespace Ppec.Cli.Machines;

/// <summary><c>ppec machine</c>: what reads. What changes is in the files beside this one.</summary>
static class MachineVerbs
{
    public static Verb Build(Shell shell) => new Verb("machine", "Physical servers: racked, inventory, spare, baremetal, retired.",
            "ppec machine list --filter 'stage:spare -hold'", "ppec machine show sn-7c4k2")
        .Under(
            List(shell), Show(shell), RackVerb.Build(shell), ComingVerbs.Accept(shell), ComingVerbs.Reject(shell), ComingVerbs.Set(shell), ComingVerbs.Rekey(shell), ComingVerbs.Unrack(shell), ErrandVerbs.Bmc(shell),
            WorkVerbs.Inspect(shell), MarkVerbs.Promote(shell), WorkVerbs.Provision(shell), ReimageVerb.Build(shell), ComingVerbs.Adopt(shell), CareVerbs.Maintain(shell),
            WorkVerbs.Release(shell), WorkVerbs.Retire(shell), MarkVerbs.Hold(shell), MarkVerbs.Unhold(shell), CareVerbs.Waive(shell), CareVerbs.Repair(shell), ErrandVerbs.Locate(shell), MarkVerbs.Tag(shell),
            ErrandVerbs.Power(shell), ErrandVerbs.Log(shell), History(shell), Diff(shell));

    /// <summary>Shows one machine, as every change of one does.</summary>
    public static int Show(Call call, Answer<MachineView> answer) =>
        call.Show(answer, (machine, wide) => [MachineSheets.Table([machine], wide)], machine => [machine.Id]);

    static Verb List(Shell shell) => new Verb("list", "List machines.",
            "ppec machine list --filter 'stage:spare type:compute-v3' --sort rack", "ppec machine list --region blr1 -o name", "ppec machine list --filter drift")
        .With(shell.Options.Region).With(shell.Options.Listing)
        .Does(shell, call => call.ShowListAsync(call.Client.Machines, MachineSheets.Table, machine => machine.Id, InRegion(call)));

    /// <summary>The term that keeps a list within the region asked for.</summary>
    public static string? InRegion(Call call) => call.Get(call.Options.Region) is { Length: > 0 } region and not "all" ? $"region:{region}" : null;

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one machine: where it is, what it is, what is under way, what is wrong with it.",
            "ppec machine show sn-7c4k2", "ppec machine show sn-7c4k2 --at 2026-01-31T12:00Z -o json");
        var id = verb.Takes("machine", "The machine's id.");
        return verb.With(shell.Options.At).With(shell.Options.Reading).Does(shell, async call =>
            call.Show(
                await call.Client.Machines.GetAsync(call.Get(id), new() { At = call.Get(shell.Options.At) }, call.Cancellation),
                MachineSheets.Detail, machine => [machine.Id]));
    }

    static Verb History(Shell shell)
    {
        var verb = new Verb("history", "Every change of a machine: when, what, who, why.", "ppec machine history sn-7c4k2", "ppec machine history sn-7c4k2 -o wide");
        var id = verb.Takes("machine", "The machine's id.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(
                await call.Client.Machines.HistoryAsync(call.Get(id), call.Cancellation),
                (page, wide) => [MachineSheets.History(page.Items, wide)], page => page.Items.Select(entry => entry.Position)));
    }

    static Verb Diff(Shell shell)
    {
        var verb = new Verb("diff", "What differs in a machine between two times.", "ppec machine diff sn-7c4k2 --from 2026-01-31T12:00Z --to 2026-02-01T12:00Z");
        var id = verb.Takes("machine", "The machine's id.");
        var from = SharedOptions.Moment("--from", "The earlier time.");
        var to = SharedOptions.Moment("--to", "The later time; now when left out.");
        from.Required = true;
        return verb.With(from, to).With(shell.Options.Reading).Does(shell, async call =>
            call.Show(
                await call.Client.Machines.DiffAsync(call.Get(id), call.Get(from)!.Value, call.Get(to) ?? DateTimeOffset.UtcNow, call.Cancellation),
                (page, _) => [MachineSheets.Changes(page.Items)], page => page.Items.Select(change => change.Field)));
    }
}
