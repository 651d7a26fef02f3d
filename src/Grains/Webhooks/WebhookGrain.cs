using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;
using Ppec.Contracts.Webhooks;
using Ppec.Domain.Webhooks;

namespace Ppec.Grains.Webhooks;

/// <summary>Where a webhook's secret goes, and where it may lead, is settled here; all else is the domain's.</summary>
public sealed class WebhookGrain(Log log, ISecretStore secrets, WebhookAddresses addresses, ILogger<WebhookGrain> logger)
    : AggregateGrain<WebhookState?, WebhookEvent>("webhook", null, Webhook.Evolve, log, logger), IWebhookGrain
{
    string Name => this.GetPrimaryKeyString();

    public async Task<Outcome> Execute(WebhookCommand command, Caller caller)
    {
        if (Answered(caller) is { } before) return before;
        var (ready, kept) = command is CreateWebhook create ? await Keep(create) : (command, null);
        if (command is CreateWebhook { Url: var url } && addresses.Guard.Refusal(new Uri(url)) is { } refusal) return new(Version, LogPosition.Start, Problem.Invalid("url", refusal));
        var old = State?.Secret;
        var outcome = await Handle(state => Webhook.Decide(state, ready), caller, command.At, command.IfVersion);
        // An unknown outcome may have happened: then its secret is needed.
        if (kept is not null && State?.Secret != kept && outcome.Problem is not { Code: ProblemCodes.OutcomeUnknown }) await secrets.Destroy(kept, CancellationToken.None);
        if (outcome.Wrote) await Courier(old);
        return outcome;
    }

    public Task<WebhookTask?> Task() =>
        System.Threading.Tasks.Task.FromResult(State is { } s ? new WebhookTask(s.Url, s.Kind, s.Filter, s.Secret, s.CreatedAt, LastPosition) : null);

    async Task Courier(SecretRef? old)
    {
        var courier = GrainFactory.GetGrain<ICourierGrain>(Name);
        if (State is not null)
        {
            await courier.Wake();
            return;
        }
        await courier.Stop();
        if (old is not null) await secrets.Destroy(old, CancellationToken.None);
    }

    /// <summary>The same secret again is the same; any other is kept under a version of its own.</summary>
    async Task<(WebhookCommand Ready, SecretRef? Kept)> Keep(CreateWebhook c)
    {
        var value = c.Secret!.Value;
        if (State is { } s && await secrets.Get(s.Secret, CancellationToken.None) is { } known && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known), Encoding.UTF8.GetBytes(value)))
            return (c with { Secret = null, Kept = s.Secret }, null);
        var kept = await secrets.Put($"webhook/{Name}", value, CancellationToken.None);
        return (c with { Secret = null, Kept = kept }, kept);
    }
}
