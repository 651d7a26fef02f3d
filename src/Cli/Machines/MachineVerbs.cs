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
            ErrandVerbs.Power(shell), ErrandVerbs.Log(shell)).Under(PastVerbs.Of(shell, "machine", "sn-7c4k2", call => call.Client.Machines));

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
}
