using Ppec.Cli.Output;
using Ppec.Contracts.Changes;

namespace Ppec.Cli.Changes;

/// <summary>A plan as people read it.</summary>
static class PlanSheets
{
    public static IEnumerable<Sheet> Of(Plan plan, bool wide)
    {
        yield return new Sheet(null).Fact("Plan", plan.Command).Fact("Machines", string.Join(' ', plan.Machines.Each())).Fact("Hash", plan.Hash);
        var effects = new Sheet("It would", "EFFECT", "ON", "DETAIL");
        foreach (var effect in plan.Effects.Each())
            effects.Add(new(effect.Kind, effect.Kind is "disk-write" or "disk-wipe" ? Tone.Bad : Tone.Plain), effect.Target, effect.Detail);
        yield return effects;
        if (!wide) yield break;
        var inputs = new Sheet("Computed from", "INPUT", "VALUE");
        foreach (var input in plan.Inputs.Each()) inputs.Add(input.Name, input.Value);
        yield return inputs;
    }
}
