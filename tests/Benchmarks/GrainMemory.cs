using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.EndToEnd.Running;
using Ppec.Silo;
using Ppec.Stores;
using Ppec.Stores.Sqlite;

namespace Ppec.Benchmarks;

/// <summary>
/// What a machine costs in memory: one that rests (a SPARE with its inventory and health report, its grain activated), and one under inspection that waits for PIOUS.
/// The node is in this process, so that its heap can be asked after a full collection.
/// </summary>
static class GrainMemory
{
    const int AtOnce = 64;

    public static async Task Run(int resting, int working)
    {
        await using var site = new Site();
        await site.StartNode();
        await site.StartFleet($"racks: ['fleet.r[01-99]']\nbmcNetwork: 127.72.0.0/16\nmachines: [{{name: sim, count: 1}}, {{name: mute, count: {working}, faults: [silent]}}]");
        var machines = site.Machines();
        await site.FurnishFleet(machines);
        await using (var endings = new Endings(site.Client)) await Fleet.Rack(site, machines.Take(1), 1, endings);
        await site.StopNode();
        await Multiply(site.Data, machines[0], resting);

        await using var node = await Node.Start(NodeOptions.Read(["--data", site.Data, "--urls", site.Url.ToString().TrimEnd('/'), .. site.NodeOptions], new Dictionary<string, string>()), CancellationToken.None);
        var grains = node.Services.GetRequiredService<IGrainFactory>();
        await Each(100, i => Ask(grains, resting + i)); // strangers: everything is compiled
        var (heap, rss) = Memory();
        await Each(resting, i => Ask(grains, i));
        var (heapNow, rssNow) = Memory();
        Row.Print($"{resting:N0} resting machines activated, each: heap", (heapNow - heap) / resting / 1024, "KiB", "N1");
        Row.Print("  resident memory", (rssNow - rss) / resting / 1024, "KiB", "N1");

        var mute = machines.Skip(1).ToList();
        await Each(working, i => site.Client.Machines.RackAsync(site.LabelOfFleet(mute[i])));
        (heap, rss) = Memory();
        await Each(working, i => site.Client.Machines.InspectAsync(mute[i].Id));
        while ((await site.Status()).Values.Count(s => s.Phase == "pious: silent") < working) await Task.Delay(500);
        await Task.Delay(2000);
        (heapNow, rssNow) = Memory();
        Row.Print($"{working:N0} machines under inspection, beyond what they were: heap", (heapNow - heap) / working / 1024, "KiB", "N1");
        Row.Print("  resident memory", (rssNow - rss) / working / 1024, "KiB", "N1");
    }

    /// <summary>The stream of one machine written again under other names, as it would be had they been inspected too.</summary>
    static async Task Multiply(string data, LabMachine machine, int count)
    {
        using var directory = DataDirectory.Lock(data);
        await using var store = SqliteEventStore.Open(directory);
        var events = new List<RecordedEvent>();
        await foreach (var e in store.ReadStream($"machine-{machine.Id}", 0, CancellationToken.None)) events.Add(e);
        await Each(count, async i =>
        {
            var (stream, last, copies) = ($"machine-{Serial(i).ToLowerInvariant()}", EventChain.Genesis, new List<NewEvent>());
            foreach (var e in events)
            {
                var (id, copy) = (Guid.NewGuid(), Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(e.Data.Span).Replace(machine.Serial, Serial(i), StringComparison.Ordinal).Replace(machine.Id, Serial(i).ToLowerInvariant(), StringComparison.Ordinal)));
                last = EventChain.Hash(last.Span, stream, copies.Count, id, e.Type, copy, e.Metadata.Span);
                copies.Add(new(id, e.Type, copy, e.Metadata, last));
            }

            await store.Append(stream, 0, copies, CancellationToken.None);
        });
    }

    static Task<BootAnswer> Ask(IGrainFactory grains, int i) => grains.GetGrain<IMachineGateGrain>(0).Boot("", "", Serial(i), "127.0.0.1");

    static string Serial(int i) => string.Create(CultureInfo.InvariantCulture, $"REST{i:000000}");

    static Task Each(int count, Func<int, Task> act) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) => await act(i));

    static (double Heap, double Rss) Memory()
    {
        for (var i = 0; i < 2; i++) GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return (GC.GetTotalMemory(forceFullCollection: true), Cpu.Memory(Environment.ProcessId).Now * 1024 * 1024);
    }
}
