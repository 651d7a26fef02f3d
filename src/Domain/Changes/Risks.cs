using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;

namespace Ppec.Domain.Changes;

/// <summary>What a checker should not overlook in a plan: what cannot be taken back, and what reaches far.</summary>
public static class Risks
{
    /// <summary>From so many machines on a command is one that reaches far.</summary>
    public const int Many = 10;

    public static ImmutableArray<string> Of(Plan plan, Resource? on)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        void Count(string what, params ReadOnlySpan<string> kinds)
        {
            var number = 0;
            foreach (var effect in plan.Effects)
                if (kinds.Contains(effect.Kind)) number++;
            if (number > 0) found.Add($"{what}: {number}");
        }
        Count("data that cannot be brought back, disks", "disk-wipe", "disk-write");
        Count("machines switched on or off", "power");
        Count("rights gained", "grant-gained");
        Count("rights lost", "grant-lost");
        if (plan.Machines.Length >= Many) found.Add($"many machines: {plan.Machines.Length}");
        if (on?.Tags?.GetValueOrDefault("env") is "prod" or "production") found.Add("production");
        if (plan.Command.StartsWith("policy.", StringComparison.Ordinal)) found.Add("a rule about second persons");
        return found.ToImmutable();
    }
}
