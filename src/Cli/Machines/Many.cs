using System.Globalization;
using Ppec.Cli.Output;
using Ppec.Cli.Changes;
using Ppec.Cli.Operations;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Sdk;

namespace Ppec.Cli.Machines;

/// <summary>The same on many machines: planned, shown, confirmed by their number, then done to exactly those.</summary>
static class Many
{
    /// <summary>One verb on what a filter matches; after the plan it is done to the machines that the plan names.</summary>
    public static Task<int> ByFilterAsync(Call call, string verb, string filter, bool asks, TagBody? tag = null)
    {
        var body = new ManyMachinesBody(filter, [], call.Get(call.Options.MaxParallel) ?? BulkCommand.DefaultParallel, call.Get(call.Options.StopAfterFailures) ?? 0, tag?.Set, tag?.Remove ?? []);
        return RunAsync(call, verb, asks,
            () => call.Client.Machines.PlanManyAsync(verb, body, call.Cancellation),
            (plan, mutation) => call.Client.Machines.StartManyAsync(verb, plan is null ? body : body with { Filter = null, Machines = plan.Machines }, mutation, call.Cancellation));
    }

    public static Task<int> ProvisionAsync(Call call, ProvisionManyBody body) => RunAsync(call, "provision", asks: true,
        () => call.Client.Machines.PlanProvisionManyAsync(body, call.Cancellation),
        (plan, mutation) => call.Client.Machines.ProvisionManyAsync(plan is null ? body : body with { Machines = plan.Machines, SubstituteMachines = [.. Substitutes(plan)], Substitutes = Substitutes(plan).Count() }, mutation, call.Cancellation));

    public static Task<int> RackAsync(Call call, RackManyBody body) => RunAsync(call, "rack", asks: false,
        () => call.Client.Machines.PlanRackManyAsync(body, call.Cancellation),
        (_, mutation) => call.Client.Machines.RackManyAsync(body, mutation, call.Cancellation));

    static IEnumerable<string> Substitutes(Plan plan) => plan.Effects.Each().Where(e => e.Kind == "substitute").Select(e => e.Target).Distinct();

    public static async Task<int> RunAsync(Call call, string verb, bool asks, Func<Task<Answer<Plan>>> plan, Func<Plan?, MutationOptions, Task<Answer<OperationView>>> apply)
    {
        if (call.Get(call.Options.Plan)) return call.Show(await plan(), (p, wide) => PlanSheets.Of(p, wide), p => p.Machines.Each());
        Plan? seen = null;
        if (asks && !call.Get(call.Options.Yes))
        {
            if (!call.Io.Interactive) throw new UsageException($"'{verb}' restarts many machines, and there is no terminal to ask on. Add --yes to do it, or --plan to see what it would do.");
            seen = (await plan()).Value;
            call.Screen.ShowAside(PlanSheets.Of(seen, wide: false));
            var count = seen.Machines.Each().Count().ToString(CultureInfo.InvariantCulture);
            if ((await call.Screen.AskAsync($"To {verb} them, type their number ({count}):"))?.Trim() != count)
            {
                call.Screen.Say("Nothing was changed.");
                return ExitCodes.Failure;
            }
        }
        var mutation = call.Mutation();
        return await Waiting.FinishAsync(call, await apply(seen, mutation with { PlanHash = mutation.PlanHash ?? seen?.Hash }));
    }
}
