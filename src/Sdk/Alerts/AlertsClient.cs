using Ppec.Contracts.Alerts;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>What wants a person.</summary>
public sealed class AlertsClient : HistoricClient<AlertView>
{
    internal AlertsClient(Transport transport) : base(transport, "alerts", PpecJson.Api.AlertView, PpecJson.Api.ListPageAlertView) { }

    /// <summary>Says that you look after it.</summary>
    public Task<Answer<AlertView>> AckAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => TurnAsync(id, "ack", Payload.Empty, options, cancellation);

    /// <summary>Says that it is over; it fires again with the next fact.</summary>
    public Task<Answer<AlertView>> ResolveAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => TurnAsync(id, "resolve", Payload.Empty, options, cancellation);

    /// <summary>Nobody is told of it before <paramref name="until"/>; null ends that.</summary>
    public Task<Answer<AlertView>> SilenceAsync(string id, DateTimeOffset? until, MutationOptions? options = null, CancellationToken cancellation = default) =>
        TurnAsync(id, "silence", Payload.Json(new SilenceBody(until), PpecJson.Api.SilenceBody), options, cancellation);

    async Task<Answer<AlertView>> TurnAsync(string id, string turn, Payload payload, MutationOptions? options, CancellationToken cancellation) =>
        (await Transport.ChangeAsync(Path(id).Add(turn), payload, options, cancellation)).As(PpecJson.Api.AlertView);
}
