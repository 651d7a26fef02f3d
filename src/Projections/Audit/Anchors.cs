using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Audit;

namespace Ppec.Projections.Audit;

/// <summary>
/// Sends each head to every anchor, in order, again until it is taken; one that is away holds up nobody else. A node that starts sends its newest head first:
/// it says all that the ones before it say.
/// </summary>
public sealed class Anchors(TreeKeeper keeper, HeadOptions options, TimeProvider time, ILogger<Anchors> logger) : BackgroundService
{
    static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromMinutes(5), Answer = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Anchors.IsDefaultOrEmpty) return;
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Answer }) { Timeout = Answer };
        await Task.WhenAll(options.Anchors.Select(a => Feed(http, a, stoppingToken)));
    }

    async Task Feed(HttpClient http, Uri anchor, CancellationToken cancellation)
    {
        var (next, failures) = (Math.Max(0, keeper.Heads.Length - 1), 0);
        try
        {
            while (true)
            {
                var more = keeper.NextHead(); // armed before it is looked whether there is more
                if (next == keeper.Heads.Length)
                {
                    await more.WaitAsync(cancellation);
                    continue;
                }
                var head = keeper.Heads[next];
                if (await Send(http, anchor, head, cancellation) is { } why)
                {
                    if (failures++ == 0) logger.NotAnchored(head.Size, anchor, why);
                    await Task.Delay(TimeSpan.FromTicks(Math.Min(Longest.Ticks, Shortest.Ticks << Math.Min(failures - 1, 16))), time, cancellation);
                }
                else (next, failures) = (next + 1, 0);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { }
    }

    /// <summary>Null when it was taken.</summary>
    static async Task<string?> Send(HttpClient http, Uri anchor, TreeHead head, CancellationToken cancellation)
    {
        try
        {
            using var body = new StringContent(HeadText.Line(head), Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(anchor, body, cancellation);
            return answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return e.Message;
        }
    }
}
