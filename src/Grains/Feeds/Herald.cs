using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Services;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Webhooks;

namespace Ppec.Grains.Feeds;

public interface IHerald : IGrainService;

/// <summary>At start and every few seconds: wakes all who follow the log, on whatever silo they are, so that following again after a crash depends on no timer service.</summary>
[Reentrant]
public sealed class Herald(GrainId id, Silo silo, ILoggerFactory loggers, IGrainFactory grains, IReadModel readModel, PpecOptions options) : GrainService(id, silo, loggers), IHerald
{
    const int Page = 1000;

    readonly ILogger<Herald> _logger = loggers.CreateLogger<Herald>();
    IDisposable? _timer;

    public override async Task Start()
    {
        await base.Start();
        _timer = RegisterGrainTimer(Sweep, TimeSpan.FromMilliseconds(200), options.WakeEvery);
    }

    public override Task Stop()
    {
        _timer?.Dispose();
        return base.Stop();
    }

    async Task Sweep(CancellationToken cancellation)
    {
        try
        {
            grains.GetGrain<IAlertRaiserGrain>("all").Wake().Ignore();
            grains.GetGrain<IMailCourierGrain>("all").Wake().Ignore();
            foreach (var webhook in await Task.Run(() => Webhooks().ToList(), cancellation)) grains.GetGrain<ICourierGrain>(webhook).Wake().Ignore();
        }
        catch (Exception e)
        {
            _logger.WakeFailed(e);
        }
    }

    IEnumerable<string> Webhooks()
    {
        for (string? cursor = null; ;)
        {
            var page = readModel.List("webhook", new(null, null, Page, cursor));
            foreach (var item in page.Items)
            {
                using var webhook = JsonDocument.Parse(item);
                yield return webhook.RootElement.GetProperty("id").GetString()!;
            }
            if ((cursor = page.NextCursor) is null) yield break;
        }
    }
}
