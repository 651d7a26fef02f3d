using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Cluster.Tests.Rig;
using Ppec.EndToEnd.Running;
using Victim = Ppec.Cluster.Tests.Rig.Silo;

namespace Ppec.Benchmarks;

/// <summary>Silos killed and frozen one after another under commands that never stop, one caller a machine: how long each machine had no answer.</summary>
static class ClusterFaults
{
    const double Felt = 500; // ms; an undisturbed command takes a few
    static readonly TimeSpan Within = TimeSpan.FromSeconds(60);
    static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);

    public static async Task Run(ClusterSite cluster, ImmutableArray<string> machines, int faults)
    {
        await using var pulses = new Pulses(cluster.Site, new Ledger(), machines);
        var struckSoFar = 0;
        await Measure("kill -9", silo => silo.Kill(), silo => silo.Start());
        await Measure("frozen (SIGSTOP)", silo => silo.Freeze(), async silo =>
        {
            await silo.Kill();
            await silo.Start();
        });

        async Task Measure(string name, Func<Victim, Task> strike, Func<Victim, Task> mend)
        {
            var (times, longest) = (new List<double>(), new List<double>());
            for (var i = 0; i < faults; i++)
            {
                await pulses.Each(Stopwatch.GetTimestamp(), Within); // all machines are active somewhere
                await Task.Delay(Calm);
                var victim = cluster.Silos[struckSoFar++ % cluster.Silos.Length]; // in turn: the one before it came back empty
                var struck = Stopwatch.GetTimestamp();
                await strike(victim);
                var waited = (await pulses.Each(struck, Within)).Select(t => t.TotalMilliseconds).ToList();
                times.AddRange(waited);
                longest.Add(waited.Max());
                await mend(victim);
            }
            times.Sort();
            var felt = times.Where(t => t > Felt).ToList();
            Row.Print($"one of {cluster.Silos.Length} silos {name}: next answer, {machines.Length} machines, p50", Row.Percentile(times, 0.50), "ms");
            Row.Print("  max", times[^1], "ms");
            for (var i = 0; i < faults && faults > 1; i++) Row.Print($"    max of the {i + 1}. time", longest[i], "ms");
            Row.Print($"  machines that waited longer than {Felt:0} ms, of {times.Count}", felt.Count, "");
            if (felt.Count > 0) Row.Print("  p50 of those", Row.Percentile(felt, 0.50), "ms");
        }
    }
}
