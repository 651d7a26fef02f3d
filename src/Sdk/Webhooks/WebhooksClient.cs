using Ppec.Contracts.Webhooks;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Where facts are sent to, signed and in order.</summary>
public sealed class WebhooksClient : HistoricClient<WebhookView>
{
    internal WebhooksClient(Transport transport) : base(transport, "webhooks", PpecJson.Api.WebhookView, PpecJson.Api.ListPageWebhookView) { }

    /// <summary>Sends what passes the filter to a URL from now on. Without a secret one is made, which the answer says this once.</summary>
    public async Task<Answer<WebhookMade>> CreateAsync(WebhookBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(new PathText("api/v1").Add(Plural), Payload.Json(body, PpecJson.Api.WebhookBody), options, cancellation)).As(PpecJson.Api.WebhookMade);

    /// <summary>Changes where it leads, what passes, or its secret; what is null stays. It goes on where it was.</summary>
    public async Task<Answer<WebhookView>> SetAsync(string id, WebhookSetBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id), Payload.Json(body, PpecJson.Api.WebhookSetBody), options, cancellation)).As(PpecJson.Api.WebhookView);

    /// <summary>Nothing more is sent; the name is free.</summary>
    public Task DeleteAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        Transport.ChangeAsync(Path(id).Add("delete"), Payload.Empty, options, cancellation);

    /// <summary>Sends one test delivery, in its turn.</summary>
    public async Task<Answer<WebhookView>> TestAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id).Add("test"), Payload.Empty, options, cancellation)).As(PpecJson.Api.WebhookView);

    /// <summary>The newest attempts to deliver, newest first; at most 200, since its courier last started.</summary>
    public async Task<Answer<ListPage<DeliveryView>>> DeliveriesAsync(string id, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(Path(id).Add("deliveries"), cancellation)).As(PpecJson.Api.ListPageDeliveryView);
}
