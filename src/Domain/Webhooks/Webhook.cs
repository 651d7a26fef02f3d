using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;
using Ppec.Contracts.Webhooks;
using Ppec.Domain.Alerts;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Webhooks;

public abstract record WebhookEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record WebhookCreated(string Webhook, string Url, string Kind, string? Stream, ImmutableArray<string> Types, string? Severity, string Description, SecretRef Secret) : WebhookEvent;

/// <summary>All of it as it is from now on.</summary>
public sealed record WebhookSet(string Url, string? Stream, ImmutableArray<string> Types, string? Severity, string Description, SecretRef Secret) : WebhookEvent;
public sealed record WebhookDeleted : WebhookEvent;

/// <summary>A test was asked for; the delivery follows from this fact, as all do.</summary>
public sealed record WebhookTested : WebhookEvent;

public sealed record WebhookState(string Url, string Kind, WebhookFilter Filter, string Description, SecretRef Secret, DateTimeOffset CreatedAt);

/// <summary>Where facts are sent to. Its kind is for life: who wants another makes another.</summary>
public static class Webhook
{
    public const string Events = "events";
    public const string Alertmanager = "alertmanager";
    public const string Heads = "heads";
    public const string Changes = "changes";
    public const string Tested = "webhook.tested.v1";

    public static Decision<WebhookEvent> Decide(WebhookState? state, WebhookCommand command) => (state, command) switch
    {
        (null, CreateWebhook c)                   => new WebhookCreated(c.Webhook, c.Url, c.Kind, c.Filter.Stream, Types(c.Filter), c.Filter.Severity, c.Description, c.Kept!) { At = c.At },
        ({ } s, CreateWebhook c) when Same(s, c)  => Nothing<WebhookEvent>(),
        (_, CreateWebhook c)                      => No(ProblemCodes.NameTaken, $"There is another webhook {c.Webhook}: delete it first, or choose another name."),
        (null, _)                                 => No(ProblemCodes.NotFound, $"There is no webhook {command.Webhook}."),
        ({ } s, SetWebhook c)                     => After(s, c) is var after && Same(s, after) ? Nothing<WebhookEvent>() : after with { At = c.At },
        (_, DeleteWebhook c)                      => new WebhookDeleted { At = c.At },
        (_, TestWebhook c)                        => new WebhookTested { At = c.At },
        _                                         => throw new UnreachableException(command.GetType().Name),
    };

    public static WebhookState? Evolve(WebhookState? state, WebhookEvent @event) => (state, @event) switch
    {
        (null, WebhookCreated e)        => new(e.Url, e.Kind, new(e.Stream, e.Types.IsDefault ? [] : e.Types, e.Severity), e.Description, e.Secret, e.At),
        ({ } s, WebhookSet e)           => s with { Url = e.Url, Filter = new(e.Stream, e.Types.IsDefault ? [] : e.Types, e.Severity), Description = e.Description, Secret = e.Secret },
        (not null, WebhookDeleted)      => null,
        ({ } s, WebhookTested)          => s,
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    /// <summary>Whether an event is sent to a webhook. What followers and webhooks themselves write is never: it would beget itself.</summary>
    public static bool Wants(string webhook, string kind, WebhookFilter filter, string stream, string type) =>
        type == Tested ? stream == $"webhook-{webhook}"
        : kind == Alertmanager ? stream.StartsWith("alert-", StringComparison.Ordinal)
        : kind == Changes ? stream.StartsWith("change-", StringComparison.Ordinal)
        : kind == Events && !stream.StartsWith("follower-", StringComparison.Ordinal) && !stream.StartsWith("webhook-", StringComparison.Ordinal)
            && (filter.Stream is null || stream.StartsWith(filter.Stream, StringComparison.Ordinal))
            && Names(filter, type);

    /// <summary>Whether an alert is grave enough for a webhook, and of what it is told of.</summary>
    public static bool Wants(WebhookFilter filter, string source, string severity) => Names(filter, source) && (filter.Severity is null || Severities.Rank(severity) >= Severities.Rank(filter.Severity));

    static bool Names(WebhookFilter filter, string type) => Types(filter).IsEmpty || Types(filter).Any(t => t.EndsWith('*') ? type.StartsWith(t[..^1], StringComparison.Ordinal) : t == type);

    static ImmutableArray<string> Types(WebhookFilter filter) => filter.Types.IsDefault ? [] : filter.Types;

    static WebhookSet After(WebhookState s, SetWebhook c)
    {
        var filter = c.Filter ?? s.Filter;
        return new(c.Url ?? s.Url, filter.Stream, Types(filter), filter.Severity, c.Description ?? s.Description, c.Kept ?? s.Secret);
    }

    static bool Same(WebhookState s, WebhookSet e) =>
        (s.Url, s.Description, s.Secret, s.Filter.Stream, s.Filter.Severity) == (e.Url, e.Description, e.Secret, e.Stream, e.Severity) && s.Filter.Types.SequenceEqual(e.Types);

    static bool Same(WebhookState s, CreateWebhook c) =>
        (s.Url, s.Kind, s.Description, s.Secret, s.Filter.Stream, s.Filter.Severity) == (c.Url, c.Kind, c.Description, c.Kept, c.Filter.Stream, c.Filter.Severity) && s.Filter.Types.SequenceEqual(Types(c.Filter));
}
