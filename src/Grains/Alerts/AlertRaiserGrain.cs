using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Queries;
using Ppec.Domain.Alerts;
using Ppec.Grains.Feeds;
using Ppec.Grains.Gate;

namespace Ppec.Grains.Alerts;

/// <summary>
/// Follows the log and tells alerts what happened. After a crash some facts come again, and each alert knows which it took in: nothing is raised twice, and nothing is missed.
/// What no fact says, since only time does, it looks for every few minutes.
/// </summary>
[Reentrant]
public sealed class AlertRaiserGrain(IEventStore store, IEventCodec codec, IReadModel readModel, Reaches reaches, TimeProvider time, ILogger<AlertRaiserGrain> logger) : Grain, IAlertRaiserGrain
{
    const int Page = 1000;
    static readonly TimeSpan Again = TimeSpan.FromSeconds(1), LookEvery = TimeSpan.FromMinutes(5);

    CancellationTokenSource? _end;
    Task _round = Task.CompletedTask;
    long? _looked;

    public async Task Wake()
    {
        if (_round.IsCompleted)
        {
            _end?.Dispose();
            _end = new();
            _round = Round(_end.Token);
        }
        if (_looked is { } looked && time.GetElapsedTime(looked) < LookEvery) return;
        _looked = time.GetTimestamp();
        await Look();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_end is { } end) await end.CancelAsync();
        await _round;
    }

    async Task Round(CancellationToken cancellation)
    {
        try
        {
            await new Following("alerts", store, GrainFactory, time).Run(LogPosition.Start, e => Deal(e, cancellation), cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { /* another activation goes on */ }
        catch (Exception e)
        {
            logger.AlertsFailed(e);
        }
    }

    /// <summary>The read model may be behind: then it is seen at the next look.</summary>
    async Task Look()
    {
        var (now, caller) = (time.GetUtcNow(), new Caller("system:alerts", "internal", "internal", "", ""));
        var commands = await Task.Run(() => Ends(now).ToList());
        foreach (var command in commands)
            await GrainFactory.GetGrain<IAlertGrain>(command.Alert).Execute(command with { At = now }, caller with { CommandId = $"look/{command.Target}/{now.UtcTicks}" });
    }

    IEnumerable<AlertCommand> Ends(DateTimeOffset now)
    {
        foreach (var credential in All<CredentialView>("credential", "kind:token state:live"))
            if (Raising.Expiring(credential, now) is { } raise) yield return raise;
        foreach (var alert in All<AlertView>("alert", "source:credential-expiring state:firing,acknowledged"))
            if (Raising.Settled(alert, One<CredentialView>("credential", alert.Target.Split(':')[1])) is { } resolve) yield return resolve;
    }

    T? One<T>(string noun, string id) where T : class => readModel.Find(noun, id) is { } document ? JsonSerializer.Deserialize<T>(document.Span, Shown.Options) : null;

    IEnumerable<T> All<T>(string noun, string filter)
    {
        for (string? cursor = null; ;)
        {
            var page = readModel.List(noun, new(filter, null, Page, cursor));
            foreach (var item in page.Items) yield return JsonSerializer.Deserialize<T>(item.Span, Shown.Options)!;
            if ((cursor = page.NextCursor) is null) yield break;
        }
    }

    async Task<bool> Deal(RecordedEvent e, CancellationToken cancellation)
    {
        if (e.Stream.StartsWith("alert-", StringComparison.Ordinal) || e.Stream.StartsWith("follower-", StringComparison.Ordinal)) return false;
        if (Raising.From(e.Stream, codec.Decode(e.Type, e.Data), e.Position, Log.Metadata(e).Operation) is not { } command) return false;
        if (command is RaiseAlert raise) command = raise with { Cause = await Placed(raise.Cause) };
        var caller = new Caller("system:alerts", "internal", "internal", $"alert/{command.Target}/{e.Position}", "", Operation: Log.Metadata(e).Operation, Cause: e.Id.ToString());
        // Not told is not gone on: the next fact may say that this one is over.
        while (await GrainFactory.GetGrain<IAlertGrain>(command.Alert).Execute(command with { At = time.GetUtcNow() }, caller) is { Problem: not null })
            await Task.Delay(Again, time, cancellation);
        return true;
    }

    /// <summary>Where and whose the thing is, so that those see the alert who see the thing.</summary>
    async Task<AlertCause> Placed(AlertCause cause) => await reaches.Named(cause.Target) is { } thing
        ? cause with { Region = Some(thing.Region) ?? cause.Region, Rack = Some(thing.Rack) ?? cause.Rack, Owner = Some(thing.Owner) ?? cause.Owner }
        : cause;

    static string? Some(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
