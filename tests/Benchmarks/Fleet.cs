using System.Diagnostics;
using System.Globalization;
using Ppec.EndToEnd.Running;

namespace Ppec.Benchmarks;

/// <summary>A fleet from racked to SPARE, with so many inspections open at once. Node, lab (its BMCs and its machines) and client are three processes on this machine.</summary>
static class Fleet
{
    static readonly int[] Windows = [10, 40, 160, 640];
    const int InFull = 160; // how many at once when the whole fleet is racked

    /// <param name="whole">So many machines once; 0 = the curve.</param>
    /// <param name="quick">A shorter curve.</param>
    public static async Task Run(int whole, bool quick)
    {
        var (warmUp, each) = (quick ? 50 : 200, quick ? 100 : 1000);
        var windows = whole > 0 ? [InFull] : Windows;
        if (whole > 0) each = whole;
        await using var site = new Site();
        await site.StartNode();
        await site.StartFleet(Plan(warmUp + (windows.Length * each)));
        var machines = site.Machines();
        await site.FurnishFleet(machines);
        await using var endings = new Endings(site.Client);
        await Rack(site, machines.Take(warmUp), 40, endings); // the node has compiled its paths before it is measured
        for (var i = 0; i < windows.Length; i++)
            await Measure(site, [.. machines.Skip(warmUp + (i * each)).Take(each)], windows[i], endings, whole > 0 ? "< 30 min" : "");
        var spares = 0;
        await foreach (var _ in site.Client.Machines.ListAsync(new() { Filter = "stage:spare", Limit = 500 })) spares++;
        Row.Print($"spares, of {machines.Count:N0}", spares, "");
    }

    /// <summary>Three kinds of hardware, a hundred machines to a rack.</summary>
    public static string Plan(int machines) => string.Create(CultureInfo.InvariantCulture, $$"""
        racks: ["fleet.r[001-{{(machines + 99) / 100:000}}]"]
        machines:
        - {name: compute, count: {{machines - (machines / 4) - (machines / 10)}}}
        - {name: memory, count: {{machines / 4}}, cpus: 128, dimms: [{slot: DIMM_A1, sizeMiB: 131072}, {slot: DIMM_B1, sizeMiB: 131072}, {slot: DIMM_C1, sizeMiB: 131072}, {slot: DIMM_D1, sizeMiB: 131072}]}
        - {name: storage, count: {{machines / 10}}, cpus: 32, disks: [{sizeMiB: 457862}, {sizeMiB: 7325660, bus: nvme}, {sizeMiB: 7325660, bus: nvme}]}
        """);

    static async Task Measure(Site site, List<LabMachine> machines, int window, Endings endings, string target)
    {
        var names = machines.Select(m => m.Name).ToHashSet(StringComparer.Ordinal);
        await site.Traffic();
        var (node, lab, client, (busy, all), asked, since) = (Cpu.Of(site.Node!.Id), Cpu.Of(site.Lab!.Id), Environment.CpuUsage.TotalTime, Cpu.Machine(), await Bmcs(site, names), Stopwatch.GetTimestamp());
        await Rack(site, machines, window, endings);
        var took = Stopwatch.GetElapsedTime(since);
        (node, lab, client, var (nowBusy, nowAll), asked) = (Cpu.Of(site.Node.Id) - node, Cpu.Of(site.Lab.Id) - lab, Environment.CpuUsage.TotalTime - client, Cpu.Machine(), await Bmcs(site, names) - asked);
        var traffic = await site.Traffic();
        var (bmc, boot, agent, user) = ((double)asked / machines.Count, (double)traffic.Boot / machines.Count, (double)traffic.Agent / machines.Count, 2); // rack, inspect

        Row.Print($"{machines.Count:N0} machines from racked to SPARE, {window} open at once", machines.Count / took.TotalMinutes, "/min", "N0", target);
        Row.Print("  took", took.TotalMinutes, "min", "N2");
        Row.Print("  CPU each: node", node.TotalMilliseconds / machines.Count, "ms", "N1");
        Row.Print("  CPU each: lab", lab.TotalMilliseconds / machines.Count, "ms", "N1");
        Row.Print("  CPU each: client", client.TotalMilliseconds / machines.Count, "ms", "N1");
        Row.Print("  this machine busy, others' work included", 100.0 * (nowBusy - busy) / (nowAll - all), "%");
        Row.Print("  node in memory", Cpu.Memory(site.Node.Id).Now, "MiB");
        Row.Print("  lab in memory", Cpu.Memory(site.Lab.Id).Now, "MiB");
        Row.Print("  HTTP exchanges each", bmc + boot + agent + user, "", "N1");
        Row.Print("    of which BMC", bmc, "", "N1");
        Row.Print("    of which boot scripts", boot, "", "N1");
        Row.Print("    of which PIOUS", agent, "", "N1");
        Row.Print("    of which user", user, "", "N0");
        Row.Print("  boot script p50", Row.Percentile(traffic.BootMilliseconds, 0.50), "ms", "N1");
        Row.Print("  boot script p99", Row.Percentile(traffic.BootMilliseconds, 0.99), "ms", "N1", "≤ 1 s");
        if (traffic.BootUnanswered + traffic.Repeated > 0) Row.Print("  boot scripts that did not come, and requests PIOUS had to repeat", traffic.BootUnanswered + traffic.Repeated, "");
    }

    public static Task Rack(Site site, IEnumerable<LabMachine> machines, int window, Endings endings) =>
        Parallel.ForEachAsync(machines, new ParallelOptions { MaxDegreeOfParallelism = window }, async (m, _) =>
        {
            await site.Client.Machines.RackAsync(site.LabelOfFleet(m));
            var operation = await site.Client.Machines.InspectAsync(m.Id);
            if (await endings.Of(operation) is var result && result != "succeeded") throw new InvalidOperationException($"inspection of {m.Id}: {result}");
        });

    static async Task<long> Bmcs(Site site, HashSet<string> names) => (await site.Status()).Values.Where(s => names.Contains(s.Name)).Sum(s => (long)s.Requests);
}
