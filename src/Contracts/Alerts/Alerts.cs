using System.Text.Json.Serialization;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Alerts;

/// <summary>A command to one alert. Its id is its dedup key, <c>source.target…</c>: what is wrong with one thing is one alert, however often it is noticed.</summary>
[GenerateSerializer]
public abstract record AlertCommand(string Alert) : Command
{
    public override string Target => $"alert-{Alert}";
}

/// <summary>Something wants a person. PPEC's own: raised from a fact of the log.</summary>
/// <param name="Alert">Its dedup key.</param>
/// <param name="Fact">Where in the log the fact stands: an older one than the last changes nothing.</param>
/// <param name="Cause">What is told.</param>
[GenerateSerializer, Immutable]
public sealed record RaiseAlert(string Alert, LogPosition Fact, AlertCause Cause) : AlertCommand(Alert)
{
    [JsonIgnore] public override string Permission => "alert.raise";
}

/// <summary>What raised it is over. By a person, or (with <paramref name="Fact"/>) PPEC's own, from a fact of the log.</summary>
[GenerateSerializer, Immutable]
public sealed record ResolveAlert(string Alert, LogPosition? Fact = null, string? By = null) : AlertCommand(Alert)
{
    [JsonIgnore] public override string Permission => "alert.resolve";
}

/// <summary>Somebody looks after it.</summary>
[GenerateSerializer, Immutable]
public sealed record AckAlert(string Alert, string? By = null) : AlertCommand(Alert)
{
    [JsonIgnore] public override string Permission => "alert.ack";
}

/// <summary>Nobody is told of it before <paramref name="Until"/>; null = they are again.</summary>
[GenerateSerializer, Immutable]
public sealed record SilenceAlert(string Alert, DateTimeOffset? Until, string? By = null) : AlertCommand(Alert)
{
    [JsonIgnore] public override string Permission => "alert.silence";
}

/// <summary>What an alert tells. <paramref name="Parent"/>: the alert that explains this one; <paramref name="Runbook"/>: where it says what to do; <paramref name="Region"/>, <paramref name="Rack"/>, <paramref name="Owner"/>: where and whose it was then, and so who sees it.</summary>
[GenerateSerializer, Immutable]
public sealed record AlertCause(string Source, string Severity, string Target, string Summary, string Runbook, string? Parent = null, string? Region = null, string? Rack = null, string? Owner = null);

/// <summary>
/// An alert. <paramref name="State"/>: <c>firing</c>, <c>acknowledged</c>, <c>resolved</c>. <paramref name="Severity"/>: <c>info</c>, <c>warning</c>, <c>critical</c>.
/// <paramref name="Times"/>: how often it fired. <paramref name="By"/>: who acknowledged or resolved it; null where PPEC did.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record AlertView(
    string Id, string State, string Severity, string Source, string Target, string Summary, string Runbook, string? Parent, string? Region, string? Rack, string? Owner,
    DateTimeOffset FiredAt, DateTimeOffset ChangedAt, DateTimeOffset? ResolvedAt, string? By, DateTimeOffset? SilencedUntil, int Times, long Version);

/// <summary>The body of POST /api/v1/alerts/{id}/silence; null ends a silence.</summary>
[GenerateSerializer, Immutable]
public sealed record SilenceBody(DateTimeOffset? Until = null);

[Alias("alert")]
public interface IAlertGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(AlertCommand command, Caller caller);

    /// <summary>Null when it never fired.</summary>
    Task<AlertView?> Read();
}

/// <summary>Raises and resolves alerts from the facts of the log, in their order; one for the whole cluster.</summary>
[Alias("alert-raiser")]
public interface IAlertRaiserGrain : IGrainWithStringKey
{
    /// <summary>Goes on if it stands still. Harmless at any time.</summary>
    Task Wake();
}
