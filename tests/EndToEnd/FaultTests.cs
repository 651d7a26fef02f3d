using System.Diagnostics;
using Ppec.Contracts.Machines;
using Ppec.EndToEnd.Running;

namespace Ppec.EndToEnd;

/// <summary>Broken servers and lying BMCs: each ends a Spare, or held with a reason that names what is wrong. No operation stays open.</summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(200); // four tries to boot and five to switch off, with their pauses, take two minutes

    const string Yaml = """
        machines:
        - {name: healthy}
        - {name: dimm, faults: [missing-dimm]}
        - {name: disk, faults: [wrong-disk-size]}
        - {name: smart, faults: [failing-smart]}
        - {name: memory, faults: [failing-memory]}
        - {name: crossed-a}
        - {name: crossed-b, swapBmcWith: crossed-a}
        - {name: liar, faults: [bmc-liar]}
        - {name: dead, faults: [bmc-dead]}
        - {name: slow, faults: [bmc-slow]}
        - {name: garbage, faults: [bmc-garbage]}
        - {name: lagging, faults: [bmc-lag]}
        - {name: dropping, faults: [bmc-drops]}
        """;

    [Fact]
    public async Task Every_fault_ends_in_spare_or_in_a_hold_that_names_it()
    {
        await using var site = new Site();
        await site.StartNode();
        File.WriteAllText(site.Under("lab.yaml"), Yaml);
        await site.StartLab("-f", site.Under("lab.yaml"));
        await site.Furnish();
        var machines = site.Machines();
        var since = Stopwatch.GetTimestamp();
        await Task.WhenAll(machines.Select(async m =>
        {
            await site.Client.Machines.RackAsync(site.Label(m));
            await site.Client.Machines.InspectAsync(m.Id);
        }));

        var ended = await Ended(site, since);
        Spare("healthy");
        Spare("slow");
        Spare("lagging");
        Spare("dropping");
        Held("dimm", "dimm");
        Held("disk", "disk");
        Held("smart", "smart");
        Held("memory", "DIMM_A1");
        Held("crossed-a", "cabling");
        Held("crossed-b", "cabling");
        Held("liar", "accepted the boot source");
        Held("dead", "hung up");
        Held("garbage", "not JSON");
        var status = await site.Status();
        Assert.Equal((0, 0), (status["crossed-a"].PowerActions, status["crossed-b"].PowerActions));
        Assert.Equal("off", status["dead"].Power);

        void Spare(string name) => Assert.Equal((name, "spare", false), (name, ended[name].Stage, ended[name].Held));

        void Held(string name, string reason)
        {
            Assert.Equal((name, true), (name, ended[name].Held && ended[name].Stage != "spare"));
            Assert.Contains(ended[name].Holds, h => h.Reason.Contains(reason, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>Waits for every operation to end, and tells what each machine came to.</summary>
    async Task<Dictionary<string, MachineView>> Ended(Site site, long since)
    {
        var ended = new Dictionary<string, MachineView>();
        while (Stopwatch.GetElapsedTime(since) < EndWithin)
        {
            var views = await site.Views();
            foreach (var m in views.Where(v => v.Operation is null && (v.Stage != "racked" || v.Held) && ended.TryAdd(v.Name!, v)))
                output.WriteLine($"{Stopwatch.GetElapsedTime(since).TotalSeconds,5:0.0} s  {m.Name,-10} {m.Stage,-9} {string.Join("; ", m.Holds.Select(h => h.Reason))}");
            if (ended.Count == views.Length)
                return views.ToDictionary(v => v.Name!);
            await Task.Delay(500);
        }
        var open = (await site.Views()).Where(v => v.Operation is not null).Select(v => $"{v.Name}: {v.Operation!.Kind} {v.Operation.Id}");
        throw new TimeoutException($"Still open after {EndWithin.TotalSeconds:0} s: {string.Join(", ", open)}\n{site.Node!.Errors}");
    }
}
