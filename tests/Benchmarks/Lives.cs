using System.Collections.Concurrent;
using System.Diagnostics;
using Ppec.EndToEnd.Running;
using Ppec.Sdk;

namespace Ppec.Benchmarks;

/// <summary>Whole lives of simulated machines over HTTP: rack, inspect, provision, release, retire. Node, lab and client are three processes.</summary>
static class Lives
{
    const int AtOnce = 25;

    public static async Task Run(int count, int warmUp)
    {
        await using var site = new Site();
        await site.StartNode();
        await site.StartLab("--sim", $"{count + warmUp}");
        await site.Furnish();
        var machines = site.Machines();
        using var stop = new CancellationTokenSource();
        var ended = new ConcurrentDictionary<string, TaskCompletionSource<string>>();
        var feed = Follow(site.Client, ended, stop.Token);

        await All(site, machines.Take(warmUp), ended); // the node has compiled its paths before it is measured
        var (cpu, asked, since) = (Cpu.Of(site.Node!.Id), await Requests(site), Stopwatch.GetTimestamp());
        await All(site, machines.Skip(warmUp), ended);
        var (spent, took) = (Cpu.Of(site.Node.Id) - cpu, Stopwatch.GetElapsedTime(since));
        var requests = await Requests(site) - asked;
        await stop.CancelAsync();
        await feed;

        Row.Print($"machine lives, {AtOnce} at once", count / took.TotalMinutes, "/min", "N0", "≥ 151");
        Row.Print("  CPU of the node a life", spent.TotalMilliseconds / count, "ms", "N1", "≤ 20");
        Row.Print("  node busy", spent / took * 100, "% of a core");
        Row.Print("  requests to BMCs a life", (double)requests / count, "", "N0");
    }

    static Task All(Site site, IEnumerable<LabMachine> machines, ConcurrentDictionary<string, TaskCompletionSource<string>> ended) =>
        Parallel.ForEachAsync(machines, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (m, _) =>
        {
            var client = site.Client.Machines;
            await client.RackAsync(site.Label(m));
            await End(await client.InspectAsync(m.Id));
            await End(await client.ProvisionAsync(m.Id, Site.Spec(m)));
            await End(await client.ReleaseAsync(m.Id));
            await End(await client.RetireAsync(m.Id));

            async Task End(Contracts.Operations.OperationView operation)
            {
                var result = await ended.GetOrAdd(operation.Id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                if (result != "succeeded") throw new InvalidOperationException($"{operation.Kind} of {m.Id}: {result}");
            }
        });

    /// <summary>One open feed tells of every end: asking again and again would be measured too.</summary>
    static async Task Follow(PpecClient client, ConcurrentDictionary<string, TaskCompletionSource<string>> ended, CancellationToken stop)
    {
        try
        {
            await foreach (var e in client.Events.FollowAsync(stream: "operation-", cancellation: stop))
                if (e.Value.Type.StartsWith("operation.ended", StringComparison.Ordinal))
                    ended.GetOrAdd(e.Value.Stream["operation-".Length..], _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(e.Value.Data.GetProperty("result").GetString()!);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) { /* measured */ }
    }

    static async Task<long> Requests(Site site) => (await site.Status()).Values.Sum(s => (long)s.Requests);
}
