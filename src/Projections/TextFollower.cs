using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ppec.Projections;

/// <summary>Keeps the full-text index behind the documents: whenever a batch was written, what is new in it is indexed.</summary>
public sealed class TextFollower(ReadModel model, ILogger<TextFollower> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await model.CaughtUp.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // until then it would only take the fold's time
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var next = model.NextWrite(); // armed before it is looked whether there is more
                if (await Task.Run(model.Texts.Advance, stoppingToken)) continue;
                await next.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception e)
            {
                logger.TextsStopped(e);
                await Task.Delay(Pause, stoppingToken);
            }
        }
    }
}

static partial class TextFollowerLog
{
    [LoggerMessage(1, LogLevel.Error, "The full-text index stopped; it tries again")]
    public static partial void TextsStopped(this ILogger logger, Exception exception);
}
