using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.EndToEnd.Running;
using Ppec.Sdk;

namespace Ppec.EndToEnd;

/// <summary>kill -9 of the node in the middle of work on two hundred machines: it goes on by itself, nothing is done twice, and all of it ends.</summary>
public sealed class KillManyTests(ITestOutputHelper output)
{
    const int Count = 200;
    static readonly TimeSpan FinishWithin = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_bulk_of_two_hundred_outlives_a_node_that_keeps_dying()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var site = new Site();
        await site.StartNode();
        await site.StartFleet($"racks: ['many.r[1-4]']\nmachines: [{{name: sim, count: {Count}}}]");
        var machines = site.Machines();
        await site.FurnishFleet(machines);

        var rack = await Send(site, options => site.Client.Machines.RackManyAsync(new([.. machines.Select(site.LabelOfFleet)], MaxParallel: 8), options));
        await KilledWhile(site, random, (0, 150), kills: 1, rack); // two hundred rows are soon written
        Assert.Equal(Count, (await site.Views()).Length);

        var inspect = await Send(site, options => site.Client.Machines.StartManyAsync(ChildVerbs.Inspect, new("stage:racked", [], MaxParallel: 20), options));
        await KilledWhile(site, random, (300, 1500), kills: 3, inspect);

        var views = await site.Views();
        Assert.Equal(Count, views.Length);
        Assert.All(views, m => Assert.Equal(("spare", 0, (string?)null), (m.Stage, m.Holds.Length, m.Operation?.Id)));
        await site.StopNode();
        var (_, byCommand) = await Evidence.Log(site.Data);
        var inspections = byCommand.Values.SelectMany(e => e).Where(e => e.Type == "machine.inspection-started.v1").GroupBy(e => e.Stream).ToList();
        Assert.Equal(Count, inspections.Count);
        Assert.All(inspections, g => Assert.Single(g));
    }

    static async Task<string> Send(Site site, Func<MutationOptions, Task<Answer<OperationView>>> send)
    {
        var options = new MutationOptions { IdempotencyKey = Guid.NewGuid().ToString() };
        var first = (await send(options)).Value.Id;
        Assert.Equal(first, (await send(options)).Value.Id); // the same key is the same operation, whatever it would choose now
        return first;
    }

    async Task KilledWhile(Site site, Random random, (int Least, int Most) wait, int kills, string operation)
    {
        for (var i = 0; i < kills; i++)
        {
            await Task.Delay(random.Next(wait.Least, wait.Most));
            var at = (await site.Client.Operations.GetAsync(operation)).Value.Children!;
            output.WriteLine($"killed when {at.Succeeded} had succeeded and {at.Running} were under way");
            await site.KillNode();
            await site.StartNode();
        }
        var since = Stopwatch.GetTimestamp();
        using var limit = new CancellationTokenSource(FinishWithin);
        var ended = (await site.Client.Operations.WaitAsync(operation, cancellation: limit.Token)).Value;
        output.WriteLine($"{ended.Kind}: {ended.State} {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s after the last start; {ended.Children!.Succeeded} of {ended.Children.Total}");
        Assert.True(ended is { State: "succeeded", Children.Succeeded: Count }, string.Join('\n', ended.Children.Items.Where(c => c.State != "succeeded").Select(c => $"{c.Target} {c.Verb} {c.State}: {c.Message}").Prepend(ended.Error ?? "")));
    }
}
