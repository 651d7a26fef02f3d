using System.Collections.Immutable;
using System.Globalization;
using Ppec.Contracts.Access;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Events;
using Ppec.Domain.Access;
using Ppec.Domain.Changes;
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
    const string MachineHold = "machine-held", Drift = "drift", Operation = "operation-failed", BreakGlass = "break-glass", Expiry = "credential-expiring", Recovery = "recovery";

    /// <summary>Every kind of alert; each has its section in the runbook.</summary>
    public static readonly ImmutableArray<string> Sources = [MachineHold, Drift, Operation, BreakGlass, Expiry, Recovery];

    /// <summary>A credential is spoken of in its last week, and not before its last fifth.</summary>
    static readonly TimeSpan Soon = TimeSpan.FromDays(7);

    /// <summary>What follows from time and not from a fact is raised once for each end that a credential has: under a key of its own, with places in the log that no fact has.</summary>
    static readonly LogPosition Ending = new(1), Over = new(2);

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
        ("change", ChangeOpened { Facts: { BreakGlass: true } f }) => new RaiseAlert($"{BreakGlass}.{id}", at, new(BreakGlass, Severities.Critical, $"change:{id}", $"{f.Maker} broke the glass for {f.Permission} on {f.Target}: {f.Reason}", Runbook(BreakGlass), null, f.On?.Region, f.On?.Rack, f.On?.Owner)),
        ("change", ChangeReviewed)     => new ResolveAlert($"{BreakGlass}.{id}", at),
        ("access", Recovered e)        => new RaiseAlert($"{Recovery}.{e.User}", at, new(Recovery, Severities.Critical, $"user:{e.User}", $"{e.User} was made an administrator on the node itself, past the gate: {e.Why}", Runbook(Recovery))),
        _ => null,
    };

    /// <summary>A credential that is about to end; null while there is time, and for sessions, which end every day.</summary>
    public static RaiseAlert? Expiring(CredentialView c, DateTimeOffset now)
    {
        var (left, life) = (c.ExpiresAt - now, c.ExpiresAt - (c.RotatedAt ?? c.IssuedAt));
        return c is { Kind: "token", RevokedAt: null } && left > TimeSpan.Zero && left < Soon && left < life / 5
            ? new(Key(c), Ending, new(Expiry, Severities.Warning, $"credential:{c.Id}", string.Create(CultureInfo.InvariantCulture, $"Credential {c.Id} ({c.Name}) of {c.User} ends at {c.ExpiresAt:yyyy-MM-dd HH:mm} UTC"), Runbook(Expiry)))
            : null;
    }

    /// <summary>Whether an alert of an ending credential is settled: it was rotated or revoked. That it ended meanwhile settles nothing.</summary>
    public static ResolveAlert? Settled(AlertView alert, CredentialView? c) =>
        alert.Source == Expiry && (c is null || c.RevokedAt is not null || Key(c) != alert.Id) ? new(alert.Id, Over) : null;

    static string Key(CredentialView c) => string.Create(CultureInfo.InvariantCulture, $"{Expiry}.{c.Id}.{c.ExpiresAt:yyyyMMddHHmm}");

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
