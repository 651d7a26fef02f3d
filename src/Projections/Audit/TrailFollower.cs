using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Events;

namespace Ppec.Projections.Audit;

/// <summary>Follows the log into the file of its commands, behind the read model and with a checkpoint of its own: when one is made anew, the other goes on.</summary>
public sealed class TrailFollower(IEventStore store, ReadModel model, string path, ILogger<TrailFollower> logger) : BackgroundService
{
    const int LargestBatch = 2_000;
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Between two batches: a command is written once with all its events, and its row is found within this time.</summary>
    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);

    readonly Waiters _reached = new(LogPosition.Start);
    volatile TrailFile? _file;

    /// <summary>Null before it is open.</summary>
    internal TrailFile? File => _file;

    public Task<bool> WaitFor(LogPosition position, TimeSpan timeout, CancellationToken cancellation) => _reached.WaitFor(position, timeout, cancellation);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await model.CaughtUp.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // until then it would only take the fold's time
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Follow(_file ??= await Open(stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e)
            {
                logger.TrailStopped(_file?.Position.ToString() ?? "the start", e);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public override void Dispose()
    {
        _file?.Dispose();
        base.Dispose();
    }

    async Task<TrailFile> Open(CancellationToken cancellation)
    {
        var end = await store.End(cancellation);
        return TrailFile.Open(path, 1, fold: true, file => file.Position <= end);
    }

    async Task Follow(TrailFile file, CancellationToken cancellation)
    {
        var (fold, batch) = (new TrailFold(file), new List<RecordedEvent>());
        _reached.Reach(file.Position);
        await foreach (var item in store.Subscribe(file.Position, cancellation))
        {
            if (item.Event is { } e)
            {
                batch.Add(e);
                if (batch.Count < LargestBatch) continue;
            }
            if (batch.Count == 0) continue;
            fold.Write(batch);
            _reached.Reach(batch[^1].Position);
            batch.Clear();
            if (item.Event is null) await Task.Delay(Gather, cancellation);
        }
    }
}

static partial class TrailFollowerLog
{
    [LoggerMessage(1, LogLevel.Error, "The list of commands stopped after position {Position}; it tries again")]
    public static partial void TrailStopped(this ILogger logger, string position, Exception exception);
}
