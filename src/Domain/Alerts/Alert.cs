using System.Diagnostics;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Alerts;

/// <summary>What can happen to an alert. <see cref="Fact"/>: the position of the fact it follows from; null where a person did it.</summary>
public abstract record AlertEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record AlertFired(string Alert, string Source, string Severity, string Target, string Summary, string Runbook, string? Parent, string Fact, string? Region = null, string? Rack = null, string? Owner = null) : AlertEvent;
public sealed record AlertAcknowledged(string By) : AlertEvent;
public sealed record AlertResolved(string? By, string? Fact) : AlertEvent;
public sealed record AlertSilenced(DateTimeOffset? Until, string By) : AlertEvent;

/// <summary>An alert is nothing before it fired; resolved, it may fire again. <paramref name="Fact"/>: the last fact that was taken in.</summary>
public sealed record AlertState(
    AlertCause Cause, string State, DateTimeOffset FiredAt, DateTimeOffset ChangedAt, DateTimeOffset? ResolvedAt, string? By, DateTimeOffset? SilencedUntil, int Times, LogPosition Fact);

/// <summary>How grave it is.</summary>
public static class Severities
{
    public const string Info = "info";
    public const string Warning = "warning";
    public const string Critical = "critical";

    public static int Rank(string severity) => severity switch { Critical => 2, Warning => 1, _ => 0 };
}

/// <summary>
/// What wants a person, until somebody or a fact says that it is over. A fact that was taken in before changes nothing, so whoever reads the log again raises nothing twice.
/// </summary>
public static class Alert
{
    public const string Firing = "firing";
    public const string Acknowledged = "acknowledged";
    public const string Resolved = "resolved";

    public static Decision<AlertEvent> Decide(AlertState? state, AlertCommand command) => (state, command) switch
    {
        ({ } s, RaiseAlert c) when c.Fact <= s.Fact                    => Nothing<AlertEvent>(),
        ({ } s, RaiseAlert c) when s.State != Resolved && s.Cause == c.Cause => Nothing<AlertEvent>(),
        (_, RaiseAlert c)                                              => Fired(c),
        (null, ResolveAlert { Fact: not null })                        => Nothing<AlertEvent>(),
        (null, _)                                                      => No(ProblemCodes.NotFound, $"There is no alert {command.Alert}."),
        ({ } s, ResolveAlert { Fact: { } fact }) when fact <= s.Fact   => Nothing<AlertEvent>(),
        ({ State: Resolved }, ResolveAlert)                            => Nothing<AlertEvent>(),
        (_, ResolveAlert c)                                            => new AlertResolved(c.By, c.Fact?.ToString()) { At = c.At },
        ({ State: Resolved }, AckAlert)                                => No(ProblemCodes.AlertResolved, "It is resolved: nobody need look after it."),
        ({ State: Acknowledged } s, AckAlert c) when s.By == c.By      => Nothing<AlertEvent>(),
        (_, AckAlert c)                                                => new AlertAcknowledged(c.By!) { At = c.At },
        ({ } s, SilenceAlert c) when s.SilencedUntil == c.Until        => Nothing<AlertEvent>(),
        (_, SilenceAlert c)                                            => new AlertSilenced(c.Until, c.By!) { At = c.At },
        _                                                              => throw new UnreachableException(command.GetType().Name),
    };

    public static AlertState? Evolve(AlertState? state, AlertEvent @event) => (state, @event) switch
    {
        (null or { State: Resolved }, AlertFired e) => new(Cause(e), Firing, e.At, e.At, null, null, state?.SilencedUntil, (state?.Times ?? 0) + 1, Position(e.Fact)),
        ({ } s, AlertFired e)        => s with { Cause = Cause(e), ChangedAt = e.At, Fact = Position(e.Fact) },
        ({ } s, AlertAcknowledged e) => s with { State = Acknowledged, By = e.By, ChangedAt = e.At },
        ({ } s, AlertResolved e)     => s with { State = Resolved, By = e.By, ChangedAt = e.At, ResolvedAt = e.At, Fact = e.Fact is null ? s.Fact : Position(e.Fact) },
        ({ } s, AlertSilenced e)     => s with { SilencedUntil = e.Until, ChangedAt = e.At },
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    public static AlertView? View(AlertState? s, string id, long version) => s is null ? null : new(
        id, s.State, s.Cause.Severity, s.Cause.Source, s.Cause.Target, s.Cause.Summary, s.Cause.Runbook, s.Cause.Parent, s.Cause.Region, s.Cause.Rack, s.Cause.Owner, s.FiredAt, s.ChangedAt, s.ResolvedAt, s.By, s.SilencedUntil, s.Times, version);

    static AlertFired Fired(RaiseAlert c) =>
        new(c.Alert, c.Cause.Source, c.Cause.Severity, c.Cause.Target, c.Cause.Summary, c.Cause.Runbook, c.Cause.Parent, c.Fact.ToString(), c.Cause.Region, c.Cause.Rack, c.Cause.Owner) { At = c.At };

    static AlertCause Cause(AlertFired e) => new(e.Source, e.Severity, e.Target, e.Summary, e.Runbook, e.Parent, e.Region, e.Rack, e.Owner);

    static LogPosition Position(string text) =>
        LogPosition.TryParse(text, out var position) ? position : throw new UnreachableException($"'{text}' is no position: the stream is corrupt.");
}
