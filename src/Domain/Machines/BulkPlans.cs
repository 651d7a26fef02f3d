using System.Collections.Immutable;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;

namespace Ppec.Domain.Machines;

/// <summary>What a bulk command would do: the plans of its children as one, and of machines that need no plan a line each.</summary>
public static class BulkPlans
{
    /// <summary>What <paramref name="verb"/> would be done to a machine first; or why it cannot be, as users are told.</summary>
    public static (ImmutableArray<string> Verbs, string? Why) Verbs(string verb, MachineView machine) => (verb, machine) switch
    {
        (ChildVerbs.Tag, _)                                                  => ([verb], null),
        (_, { Operation: { } busy })                                         => ([], $"operation {busy.Id} ({busy.Kind}) is under way"),
        (_, { Enlisted: true })                                              => ([], "it enlisted itself and waits to be accepted or rejected"),
        (_, { Bmc: null })                                                   => ([], "PPEC does not know how to reach its BMC"),
        (ChildVerbs.Inspect, { Stage: "racked" or "inventory" or "spare" })  => ([verb], null),
        (ChildVerbs.Release, { Stage: "baremetal" })                         => ([verb], null),
        (ChildVerbs.Retire, { Stage: "baremetal" })                          => ([ChildVerbs.Release, verb], null),
        (ChildVerbs.Retire, { Stage: "racked" or "inventory" or "spare" })   => ([verb], null),
        _                                                                    => ([], $"it is {machine.Stage}"),
    };

    /// <summary>The effect of a verb that is not planned by the machine itself.</summary>
    public static ImmutableArray<PlanEffect> Effects(string verb, string machine, TagBody? tag) => verb switch
    {
        ChildVerbs.Inspect => [new("power", machine, "restarted into PIOUS, then off")],
        ChildVerbs.Tag =>
        [
            .. (tag!.Set ?? ImmutableDictionary<string, string>.Empty).OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => new PlanEffect("tag", machine, $"{t.Key}={t.Value}")),
            .. (tag.Remove.IsDefault ? [] : tag.Remove).Select(k => new PlanEffect("tag", machine, $"{k} removed")),
        ],
        ChildVerbs.Retire => [new("stage", machine, "then retired, terminal")],
        _ => [],
    };

    /// <summary>One plan of many: the effects of each in order, its inputs under its name. Machines that are left out are told and not part of the hash: nothing happens to them.</summary>
    public static Plan Together(
        string command, IEnumerable<(string Machine, ImmutableArray<PlanEffect> Effects, ImmutableArray<PlanInput> Inputs)> parts,
        IEnumerable<PlanEffect>? substitutes = null, IEnumerable<PlanEffect>? leftOut = null)
    {
        ImmutableArray<(string Machine, ImmutableArray<PlanEffect> Effects, ImmutableArray<PlanInput> Inputs)> all = [.. parts];
        var plan = MachinePlans.Plan(command, [.. all.Select(p => p.Machine)],
            [.. all.SelectMany(p => p.Effects), .. substitutes ?? []],
            [.. all.SelectMany(p => p.Inputs.Select(i => i with { Name = $"{p.Machine} {i.Name}" }))]);
        return leftOut is null ? plan : plan with { Effects = [.. plan.Effects, .. leftOut] };
    }
}
