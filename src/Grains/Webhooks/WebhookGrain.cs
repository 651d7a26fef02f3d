using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;
using Ppec.Contracts.Webhooks;
using Ppec.Domain.Webhooks;

namespace Ppec.Grains.Webhooks;

/// <summary>The door to one webhook. Whoever changes it sends its courier on with what is so now.</summary>
public sealed class WebhookGrain(Log log, ISecretStore secrets, ILogger<WebhookGrain> logger)
    : AggregateGrain<WebhookState?, WebhookEvent>("webhook", null, Webhook.Evolve, log, logger), IWebhookGrain
{
    public async Task<Outcome> Execute(WebhookCommand command, Caller caller)
    {
        if (Answered(caller) is { } before) return before;
        var old = State?.Secret;
        var outcome = await Handle(state => Webhook.Decide(state, command), caller, command.At, command.IfVersion);
        if (!outcome.Wrote || command is TestWebhook) return outcome;
        var courier = GrainFactory.GetGrain<ICourierGrain>(this.GetPrimaryKeyString());
        if (old is not null) await courier.Stop();
        if (State is not null) await courier.Wake();
        if (old is not null && old != State?.Secret) await secrets.Destroy(old, CancellationToken.None);
        return outcome;
    }

    public Task<WebhookTask?> Task() =>
        System.Threading.Tasks.Task.FromResult(State is { } s ? new WebhookTask(s.Url, s.Kind, s.Filter, s.Secret, s.CreatedAt, LastPosition) : null);

    public Task<SecretRef?> Secret() => System.Threading.Tasks.Task.FromResult(State?.Secret);
}
