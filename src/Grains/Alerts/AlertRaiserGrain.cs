using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Alerts;
using Ppec.Grains.Feeds;

namespace Ppec.Grains.Alerts;

/// <summary>
/// Follows the log and tells alerts what happened. After a crash some facts come again, and each alert knows which it took in: nothing is raised twice, and nothing is missed.
/// </summary>
[Reentrant]
public sealed class AlertRaiserGrain(IEventStore store, IEventCodec codec, TimeProvider time, ILogger<AlertRaiserGrain> logger) : Grain, IAlertRaiserGrain
{
    static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    CancellationTokenSource? _end;
    Task _round = Task.CompletedTask;

    public Task Wake()
    {
        if (!_round.IsCompleted) return Task.CompletedTask;
        _end?.Dispose();
        _end = new();
        _round = Round(_end.Token);
        return Task.CompletedTask;
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

    async Task<bool> Deal(RecordedEvent e, CancellationToken cancellation)
    {
        if (e.Stream.StartsWith("alert-", StringComparison.Ordinal) || e.Stream.StartsWith("follower-", StringComparison.Ordinal)) return false;
        if (Raising.From(e.Stream, codec.Decode(e.Type, e.Data), e.Position, Log.Metadata(e).Operation) is not { } command) return false;
        var caller = new Caller("system:alerts", "internal", "internal", $"alert/{command.Target}/{e.Position}", "", Operation: Log.Metadata(e).Operation, Cause: e.Id.ToString());
        // Not told is not gone on: the next fact may say that this one is over.
        while (await GrainFactory.GetGrain<IAlertGrain>(command.Alert).Execute(command with { At = time.GetUtcNow() }, caller) is { Problem: not null })
            await Task.Delay(Again, time, cancellation);
        return true;
    }
}
