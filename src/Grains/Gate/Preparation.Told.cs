using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;
using Ppec.Contracts.Webhooks;
using Ppec.Grains.Changes;

namespace Ppec.Grains.Gate;

/// <summary>Who is told, and where: what must not be in the log goes to the secret store.</summary>
public sealed partial class Preparation
{
    async Task<Prepared> Mail(SetMail c, SecretText? address)
    {
        if ((await book.Now()).Directory.Users.GetValueOrDefault(c.User) is not { } user) return new(c);
        var old = user.MailVersion > 0 ? ChangeNotices.Address(c.User, user.MailVersion) : null;
        if (address is not null && old is not null && await secrets.Get(old, CancellationToken.None) == address.Value) return new(c with { Version = old.Version });
        var kept = address is null ? null : await secrets.Put(ChangeNotices.Address(c.User, 0).Name, address.Value, CancellationToken.None);
        return new(c with { Version = kept?.Version ?? 0 }, GiveBack: kept is null ? [] : [() => secrets.Destroy(kept, CancellationToken.None)], Afterwards: old is null ? [] : [() => secrets.Destroy(old, CancellationToken.None)]);
    }

    /// <summary>Who has facts sent elsewhere must be allowed to read them all.</summary>
    async Task<Prepared> Webhook(CreateWebhook c, SecretText? given, Caller caller)
    {
        if (webhooks.Guard.Refusal(new Uri(c.Url)) is { } refusal) return new(c, Problem.Invalid("url", refusal));
        var secret = given ?? new(tickets.Credential("whs", c.Webhook, $"{caller.CommandId}/{caller.Credential}"));
        var kept = await Kept(c.Webhook, secret);
        return new(c with { Kept = kept.Ref }, GiveBack: kept.GiveBack, Token: given is null ? secret : null,
            AlsoNeeds: (c.Kind switch { Domain.Webhooks.Webhook.Alertmanager => "alert.read", Domain.Webhooks.Webhook.Heads => "audit.read", Domain.Webhooks.Webhook.Changes => "change.read", _ => "event.read" }, new("event", "", "", "", "")));
    }

    async Task<Prepared> Webhook(SetWebhook c, SecretText? given)
    {
        if (c.Url is { } url && webhooks.Guard.Refusal(new Uri(url)) is { } refusal) return new(c, Problem.Invalid("url", refusal));
        if (given is null || await grains.GetGrain<IWebhookGrain>(c.Webhook).Secret() is null) return new(c);
        var kept = await Kept(c.Webhook, given);
        return new(c with { Kept = kept.Ref }, GiveBack: kept.GiveBack);
    }

    /// <summary>The same secret again is the same; any other is kept under a version of its own.</summary>
    async Task<(SecretRef Ref, IReadOnlyList<Func<Task>> GiveBack)> Kept(string webhook, SecretText secret)
    {
        if (await grains.GetGrain<IWebhookGrain>(webhook).Secret() is { } old && await secrets.Get(old, CancellationToken.None) is { } known
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known), Encoding.UTF8.GetBytes(secret.Value))) return (old, []);
        var kept = await secrets.Put($"webhook/{webhook}", secret.Value, CancellationToken.None);
        return (kept, [() => secrets.Destroy(kept, CancellationToken.None)]);
    }
}
