using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Ppec.Contracts;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;
using Ppec.Contracts.Webhooks;
using Ppec.Domain.Alerts;
using Ppec.Domain.Webhooks;
using Ppec.Drivers.Notices;
using Ppec.Grains.Changes;
using Ppec.Grains.Feeds;
using Ppec.Grains.Gate;

namespace Ppec.Grains.Webhooks;

/// <summary>
/// Follows the log for one webhook and delivers what it wants, in order: a delivery that fails is tried again, ever less often, and those behind it wait.
/// It keeps nothing of its own but the newest attempts; how far it came is a follower's place in the log. Tree heads need no place: the newest says all that those before it say,
/// so that is where it begins.
/// </summary>
[Reentrant]
public sealed class CourierGrain(IEventStore store, ISecretStore secrets, INotifier notifier, ChangeNotices changes, IReadModel readModel, TimeProvider time, ILogger<CourierGrain> logger, ILogTree? tree = null) : Grain, ICourierGrain
{
    const int Remembered = 200;
    static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromMinutes(5), Together = TimeSpan.FromSeconds(5);

    readonly Queue<DeliveryView> _attempts = new();
    CancellationTokenSource? _end;
    Task _round = Task.CompletedTask;

    string Name => this.GetPrimaryKeyString();

    public Task Wake()
    {
        if (!_round.IsCompleted) return Task.CompletedTask;
        _end?.Dispose();
        _end = new();
        _round = Round(_end.Token);
        return Task.CompletedTask;
    }

    public async Task Stop()
    {
        if (_end is { } end) await end.CancelAsync();
        await _round;
    }

    public Task<ImmutableArray<DeliveryView>> Deliveries() => Task.FromResult<ImmutableArray<DeliveryView>>([.. _attempts.Reverse()]);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Stop();

    async Task Round(CancellationToken cancellation)
    {
        try
        {
            if (await GrainFactory.GetGrain<IWebhookGrain>(Name).Task() is not { } task) return;
            // A webhook of the same name that was deleted meanwhile is another follower.
            var who = string.Create(CultureInfo.InvariantCulture, $"webhook.{Name}.{task.CreatedAt.ToUnixTimeMilliseconds()}");
            await Task.WhenAll(
                new Following(who, store, GrainFactory, time).Run(task.From, e => Deal(task, e, cancellation), cancellation),
                task.Kind == Webhook.Heads && tree is not null ? Heads(tree, task, cancellation) : Task.CompletedTask);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { /* the webhook ended, or this courier did */ }
        catch (Exception e)
        {
            logger.CourierFailed(Name, e);
        }
    }

    async Task<bool> Deal(WebhookTask task, RecordedEvent e, CancellationToken cancellation)
    {
        if (!Webhook.Wants(Name, task.Kind, task.Filter, e.Stream, e.Type)) return false;
        if (await Body(task, e, cancellation) is { } body) await Insist(task, e.Position.ToString(), e.Type, e.Stream, body, cancellation);
        return true;
    }

    async Task Heads(ILogTree tree, WebhookTask task, CancellationToken cancellation)
    {
        for (var next = Math.Max(0, tree.Heads.Length - 1); ;)
        {
            var more = tree.NextHead(); // armed before it is looked whether there is more
            if (next == tree.Heads.Length)
            {
                await more.WaitAsync(cancellation);
                continue;
            }
            var head = tree.Heads[next++];
            await Insist(task, string.Create(CultureInfo.InvariantCulture, $"head-{head.Size}"), "audit.head", "audit", HeadText.Line(head), cancellation);
        }
    }

    async Task Insist(WebhookTask task, string id, string type, string stream, string body, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var sent = await secrets.Get(task.Secret, cancellation) is { } key
                ? await notifier.Send(new(id, task.Url, type, body, key), cancellation)
                : new(null, "Its secret is gone: give it another.");
            var pause = sent.Taken ? TimeSpan.Zero : Pause(attempt);
            Note(new(id, type, stream, attempt, time.GetUtcNow(), sent.Taken, sent.Status, sent.Error, sent.Taken ? null : time.GetUtcNow() + pause));
            if (sent.Taken) return;
            await Task.Delay(pause, time, cancellation);
        }
    }

    /// <summary>Null when the receiver need not hear of it.</summary>
    async Task<string?> Body(WebhookTask task, RecordedEvent e, CancellationToken cancellation)
    {
        if (task.Kind == Webhook.Changes && e.Type != Webhook.Tested) return await changes.Of(e) is var (notice, _) ? JsonSerializer.Serialize(notice, PpecJson.Options) : null;
        if (task.Kind != Webhook.Alertmanager || e.Type == Webhook.Tested) return JsonSerializer.Serialize(EventView.Of(e), PpecJson.Options);
        var door = GrainFactory.GetGrain<IAlertGrain>(e.Stream["alert-".Length..]);
        if (await door.Read() is not { } alert || !Webhook.Wants(task.Filter, alert.Source, alert.Severity)) return null;
        if (alert.Parent is { } parent)
        {
            // What explains it is often noticed a moment after it: then that is told, and this with it.
            if (EventView.Of(e).Time + Together - time.GetUtcNow() is { Ticks: > 0 } moment) await Task.Delay(moment, time, cancellation);
            if (await GrainFactory.GetGrain<IAlertGrain>(parent).Read() is { State: not Alert.Resolved }) return null;
            alert = await door.Read();
        }
        return alert!.SilencedUntil > time.GetUtcNow() ? null : Alertmanager.Payload(Name, alert, Explained(alert.Id));
    }

    /// <summary>The open alerts that this one explains, the first hundred.</summary>
    ImmutableArray<AlertView> Explained(string alert) =>
        [.. readModel.List("alert", new($"parent:{alert}", null, 100, null)).Items.Select(d => JsonSerializer.Deserialize<AlertView>(d.Span, Shown.Options)!).Where(a => a.State != Alert.Resolved)];

    /// <summary>Doubling, with jitter, so that receivers that were away are not met by all couriers at once.</summary>
    static TimeSpan Pause(int attempt)
    {
        var step = Math.Min(Shortest.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 16) - 1), Longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(step * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    void Note(DeliveryView attempt)
    {
        _attempts.Enqueue(attempt);
        if (_attempts.Count > Remembered) _attempts.Dequeue();
    }
}
