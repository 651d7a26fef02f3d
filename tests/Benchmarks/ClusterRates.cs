using System.Collections.Immutable;
using Ppec.Cluster.Tests.Rig;
using Ppec.EndToEnd.Running;
using Ppec.Stores.Conformance.Postgres;

namespace Ppec.Benchmarks;

/// <summary>Commands over HTTP to the API node of one, two and three silos on PostgreSQL, with mutual TLS. Client, nodes and database share this machine.</summary>
static class ClusterRates
{
    const int Callers = 32;
    const int Machines = 256;
    const int Pulsing = 24;

    /// <param name="each">How long each size of cluster is measured.</param>
    /// <param name="faults">How many silos are killed and how many frozen, one after another.</param>
    public static async Task Run(TimeSpan each, int faults)
    {
        if (!PostgresServer.IsInstalled)
        {
            Row.Note("cluster: PostgreSQL is not installed (ops/packages test)");
            return;
        }
        for (var silos = 1; silos <= 3; silos++)
        {
            await using var cluster = await ClusterSite.Start(silos);
            var machines = await Furnish(cluster.Site);
            await Measure(cluster, machines, each);
            if (silos == 3) await ClusterFaults.Run(cluster, [.. machines.Where((_, i) => i % (Machines / Pulsing) == 0).Take(Pulsing)], faults);
        }
    }

    /// <summary>Machines without BMCs, which nothing but commands ever touches.</summary>
    static async Task<ImmutableArray<string>> Furnish(Site site)
    {
        await site.Client.Regions.CreateAsync(new("bench"));
        for (var rack = 0; rack <= Machines / 100; rack++) await site.Client.Racks.CreateAsync(new($"bench.r{rack}", 100));
        await Parallel.ForEachAsync(Enumerable.Range(0, Machines), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await site.Client.Machines.RackAsync(new($"BENCH{i:00000}", $"bench.r{i / 100}", 1 + (i % 100))));
        return [.. Enumerable.Range(0, Machines).Select(i => $"bench{i:00000}")];
    }

    static async Task Measure(ClusterSite cluster, ImmutableArray<string> machines, TimeSpan each)
    {
        var (turns, own, silos) = (new int[Callers], Machines / Callers, cluster.Silos.Length);
        await Sample.Measure(Callers, each, Tag); // compiled and activated before it is measured
        var (perSilo, inApi, (busy, all)) = (Silos(), Cpu.Of(cluster.Site.Node!.Id), Cpu.Machine());
        var through = await Sample.Measure(Callers, each, Tag);
        perSilo = [.. Silos().Zip(perSilo, (now, then) => now - then)];
        inApi = Cpu.Of(cluster.Site.Node.Id) - inApi;
        var (nowBusy, nowAll) = Cpu.Machine();

        through.Print($"{silos} silo{(silos == 1 ? "" : "s")} and an API node: commands over HTTP, {Callers} callers");
        Row.Print("  CPU each: silos", perSilo.Sum(c => c.TotalMicroseconds) / through.Sorted.Count, "µs");
        if (silos > 1) Row.Print("    of which the busiest silo's", perSilo.Max() / perSilo.Aggregate((a, b) => a + b) * 100, "%");
        Row.Print("  CPU each: API node", inApi.TotalMicroseconds / through.Sorted.Count, "µs");
        Row.Print("  CPU each: client", through.Cpu.TotalMicroseconds / through.Sorted.Count, "µs");
        Row.Print("  this machine busy, others' work included", 100.0 * (nowBusy - busy) / (nowAll - all), "%");

        Task Tag(int caller) => cluster.Site.Client.Machines.TagAsync(machines[(caller * own) + (turns[caller]++ % own)],
            ImmutableDictionary<string, string>.Empty.Add("bench", Guid.NewGuid().ToString("N")));

        List<TimeSpan> Silos() => [.. cluster.Silos.Select(silo => Cpu.Of(silo.Process!.Id))];
    }
}
