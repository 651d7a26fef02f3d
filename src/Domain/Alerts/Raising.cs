using Ppec.Contracts.Alerts;
using Ppec.Contracts.Events;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;

namespace Ppec.Domain.Alerts;

/// <summary>
/// Which facts want a person, and which say that it is over. One row a fact; whoever adds a kind of alert adds its rows here, and its section to the runbook.
/// The dedup key is the source and what it is of, so that the same trouble is the same alert however often it comes.
/// </summary>
public static class Raising
{
    const string MachineHold = "machine-held", Drift = "drift", Operation = "operation-failed";

    /// <summary>Null for facts that concern nobody. <paramref name="operation"/>: the one that led to the fact; its failure explains it.</summary>
    public static AlertCommand? From(string stream, IDomainEvent fact, LogPosition at, string? operation = null) => (Of(stream, out var id), fact) switch
    {
        ("machine", MachineHeld e)     => new RaiseAlert($"{MachineHold}.{id}.{e.Source}", at, new(MachineHold, Severities.Warning, $"machine:{id}", $"{id} is held ({e.Source}): {e.Why}", Runbook(MachineHold), operation is null ? null : $"{Operation}.{operation}")),
        ("machine", MachineUnheld e)   => new ResolveAlert($"{MachineHold}.{id}.{e.Source}", at),
        ("machine", DriftNoted e)      => new RaiseAlert($"{Drift}.{id}.{e.Kind}", at, new(Drift, Grave(e.Kind), $"machine:{id}", $"{id} is not as the log has it ({e.Kind}): expected {e.Expected}, found {e.Found}", Runbook(Drift))),
        ("machine", DriftCleared e)    => new ResolveAlert($"{Drift}.{id}.{e.Kind}", at),
        ("operation", OperationEnded { Result: "failed" } e) => new RaiseAlert($"{Operation}.{id}", at, new(Operation, Severities.Warning, $"operation:{id}", $"Operation {id} failed: {e.Why}", Runbook(Operation))),
        ("parent", ParentEnded { Result: "failed" } e)       => new RaiseAlert($"{Operation}.{id}", at, new(Operation, Severities.Warning, $"operation:{id}", $"Operation {id} on many machines failed: {e.Why}", Runbook(Operation))),
        ("parent", ParentRetried)      => new ResolveAlert($"{Operation}.{id}", at),
        _ => null,
    };

    /// <summary>Another machine answering at a BMC's address is how the wrong server loses its power.</summary>
    static string Grave(string drift) => Drifts.Family(drift) is "bmc" ? Severities.Critical : Severities.Warning;

    static string Runbook(string source) => $"ops/runbooks/README.md#{source}";

    static string Of(string stream, out string id)
    {
        var dash = stream.IndexOf('-', StringComparison.Ordinal);
        id = dash < 0 ? "" : stream[(dash + 1)..];
        return dash < 0 ? stream : stream[..dash];
    }
}
