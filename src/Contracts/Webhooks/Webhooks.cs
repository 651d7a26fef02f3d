using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Orleans.Concurrency;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;

namespace Ppec.Contracts.Webhooks;

/// <summary>A command to one webhook.</summary>
[GenerateSerializer]
public abstract record WebhookCommand(string Webhook) : Command
{
    public override string Target => $"webhook-{Webhook}";
}

/// <summary>
/// From now on what passes <paramref name="Filter"/> is sent to <paramref name="Url"/>: each event of the feed (kind <c>events</c>), each turn of an alert
/// in the shape of Alertmanager's webhooks (kind <c>alertmanager</c>), each turn of a change with those who may decide it (kind <c>changes</c>), or each signed tree head (kind <c>heads</c>). The secret that deliveries are signed with goes beside it.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record CreateWebhook(string Webhook, string Url, string Kind, WebhookFilter Filter, string Description) : WebhookCommand(Webhook)
{
    public override string Permission => "webhook.create";

    /// <summary>Where the secret is kept. Set by the gate.</summary>
    [Id(100), JsonIgnore] public SecretRef? Kept { get; init; }
}

/// <summary>Changes what is said here; null leaves it as it is. A secret that goes beside it takes the place of the old one.</summary>
[GenerateSerializer, Immutable]
public sealed record SetWebhook(string Webhook, string? Url, WebhookFilter? Filter, string? Description) : WebhookCommand(Webhook)
{
    public override string Permission => "webhook.set";

    /// <summary>Where the new secret is kept; null = the old one. Set by the gate.</summary>
    [Id(100), JsonIgnore] public SecretRef? Kept { get; init; }
}

/// <summary>Nothing more is sent; the name is free.</summary>
[GenerateSerializer, Immutable]
public sealed record DeleteWebhook(string Webhook) : WebhookCommand(Webhook)
{
    public override string Permission => "webhook.delete";
}

/// <summary>Sends one test delivery, in its turn.</summary>
[GenerateSerializer, Immutable]
public sealed record TestWebhook(string Webhook) : WebhookCommand(Webhook)
{
    public override string Permission => "webhook.test";
}

/// <summary>
/// What a webhook is sent. Of events: those of streams whose name begins with <paramref name="Stream"/> and of the <paramref name="Types"/> named (<c>machine.held.v1</c>,
/// or <c>machine.*</c>); null and none = all. Of alerts: those of at least <paramref name="Severity"/> and of the <paramref name="Types"/> of source named (<c>drift</c>, <c>machine-*</c>).
/// </summary>
[GenerateSerializer, Immutable]
public sealed record WebhookFilter(string? Stream = null, ImmutableArray<string> Types = default, string? Severity = null);

/// <summary>The body of POST /api/v1/webhooks. Without a <paramref name="Secret"/> one is made, and said once.</summary>
[GenerateSerializer, Immutable]
public sealed record WebhookBody(string Id, string Url, SecretText? Secret = null, string Kind = "events", WebhookFilter? Filter = null, string Description = "");

/// <summary>The body of POST /api/v1/webhooks/{id}; what is null stays as it is.</summary>
[GenerateSerializer, Immutable]
public sealed record WebhookSetBody(string? Url = null, SecretText? Secret = null, WebhookFilter? Filter = null, string? Description = null);

/// <summary>A webhook just made. <paramref name="Secret"/>: what its deliveries are signed with, said this once; null where the caller gave it.</summary>
[GenerateSerializer, Immutable]
public sealed record WebhookMade(string Id, string Url, string Kind, string? Secret);

/// <summary>A webhook. Its secret is never shown again.</summary>
[GenerateSerializer, Immutable]
public sealed record WebhookView(string Id, string Url, string Kind, WebhookFilter Filter, string Description, DateTimeOffset CreatedAt, long Version);

/// <summary>
/// One attempt to deliver. <paramref name="Id"/> is the event's position in the log (of a tree head <c>head-</c> and its size), the same at each attempt. <paramref name="Status"/>: what was answered; null = nothing was.
/// <paramref name="NextAt"/>: when it is tried again; null once <paramref name="Delivered"/>.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record DeliveryView(string Id, string Type, string Stream, int Attempt, DateTimeOffset At, bool Delivered, int? Status, string? Error, DateTimeOffset? NextAt);

/// <summary>What its courier needs to know of a webhook, and from where on it delivers when it never did.</summary>
[GenerateSerializer, Immutable]
public sealed record WebhookTask(string Url, string Kind, WebhookFilter Filter, SecretRef Secret, DateTimeOffset CreatedAt, LogPosition From);

[Alias("webhook")]
public interface IWebhookGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(WebhookCommand command, Caller caller);

    /// <summary>Null when there is no such webhook (any more).</summary>
    Task<WebhookTask?> Task();

    /// <summary>What it is made with; null when there is no such webhook (any more).</summary>
    Task<SecretRef?> Secret();
}

/// <summary>Carries one webhook's deliveries, in order. At least once: a receiver knows a repeated one by its id.</summary>
[Alias("courier")]
public interface ICourierGrain : IGrainWithStringKey
{
    /// <summary>Goes on if it stands still. Called every few seconds, from any silo; harmless at any time.</summary>
    Task Wake();

    /// <summary>The webhook is not what it was: what is under way ends.</summary>
    Task Stop();

    /// <summary>The newest attempts, newest first; bounded, of this courier's own life.</summary>
    [AlwaysInterleave]
    Task<ImmutableArray<DeliveryView>> Deliveries();
}

/// <summary>The only door for those who read of deliveries.</summary>
[Alias("delivery-gate")]
public interface IDeliveryGateGrain : IGrainWithIntegerKey
{
    Task<DeliveryAnswer> Deliveries(ReadRequest request, string webhook);
}

/// <summary>What was read, or why it could not be.</summary>
[GenerateSerializer, Immutable]
public sealed record DeliveryAnswer(ImmutableArray<DeliveryView> Items, Problem? Problem);
