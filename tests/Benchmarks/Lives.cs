using System.Diagnostics;
using Ppec.EndToEnd.Running;

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
        await using var endings = new Endings(site.Client);

        await All(site, machines.Take(warmUp), endings); // the node has compiled its paths before it is measured
        var (cpu, asked, since) = (Cpu.Of(site.Node!.Id), await Requests(site), Stopwatch.GetTimestamp());
        await All(site, machines.Skip(warmUp), endings);
        var (spent, took) = (Cpu.Of(site.Node.Id) - cpu, Stopwatch.GetElapsedTime(since));
        var requests = await Requests(site) - asked;

        Row.Print($"machine lives, {AtOnce} at once", count / took.TotalMinutes, "/min", "N0", "≥ 151");
        Row.Print("  CPU of the node a life", spent.TotalMilliseconds / count, "ms", "N1", "≤ 20");
        Row.Print("  node busy", spent / took * 100, "% of a core");
        Row.Print("  requests to BMCs a life", (double)requests / count, "", "N0");
    }

    static Task All(Site site, IEnumerable<LabMachine> machines, Endings endings) =>
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
                var result = await endings.Of(operation);
                if (result != "succeeded") throw new InvalidOperationException($"{operation.Kind} of {m.Id}: {result}");
            }
        });

    static async Task<long> Requests(Site site) => (await site.Status()).Values.Sum(s => (long)s.Requests);
}
