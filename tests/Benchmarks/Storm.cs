using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ppec.EndToEnd.Running;

namespace Ppec.Benchmarks;

/// <summary>A thousand machines ask at once what to boot, each on a connection of its own: half wait for PIOUS, half are strangers on a subnet that enlists, and then are.</summary>
static class Storm
{
    const int Half = 500;
    const int Rounds = 3;

    public static async Task Run()
    {
        await using var site = new Site("--enlist-from", "127.0.0.0/8");
        await site.StartNode();
        await site.StartFleet($"racks: ['fleet.r[1-5]']\nbmcNetwork: 127.73.0.0/16\nmachines: [{{name: mute, count: {Half}, faults: [silent]}}]");
        var machines = site.Machines();
        await site.FurnishFleet(machines);
        await Parallel.ForEachAsync(machines, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (m, _) =>
        {
            await site.Client.Machines.RackAsync(site.LabelOfFleet(m));
            await site.Client.Machines.InspectAsync(m.Id);
        });
        while ((await site.Status()).Values.Any(s => s.Phase != "pious: silent")) await Task.Delay(200);
        await Task.Delay(1000);
        for (var round = 1; round <= Rounds; round++) await Blow(site, machines, round);
    }

    static async Task Blow(Site site, IReadOnlyList<LabMachine> known, int round)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) }; // iPXE's patience
        var strangers = Enumerable.Range(0, Half).Select(i => (Mac: string.Create(CultureInfo.InvariantCulture, $"06-00-00-{round:x2}-{i >> 8:x2}-{i & 255:x2}"), Serial: $"STORM{round}{i:0000}")).ToList();
        var (times, since, cpu) = (new List<double>(), Stopwatch.GetTimestamp(), Cpu.Of(site.Node!.Id));
        var scripts = await Task.WhenAll(known.Select(m => (Mac: m.Macs[0].Replace(':', '-'), m.Serial)).Concat(strangers).Select(async m =>
        {
            await Task.Yield();
            var asked = Stopwatch.GetTimestamp();
            var script = await http.GetStringAsync(new Uri(site.Url, $"/boot/ipxe/{m.Mac}?serial={m.Serial}"));
            lock (times) times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            return script;
        }));
        var took = Stopwatch.GetElapsedTime(since);
        cpu = Cpu.Of(site.Node.Id) - cpu;
        times.Sort();
        Row.Print($"boot storm of {scripts.Length:N0}, {round}. time: script p50", Row.Percentile(times, 0.50), "ms");
        Row.Print("  p99", Row.Percentile(times, 0.99), "ms", "N0", "≤ 1 s");
        Row.Print("  max", times[^1], "ms");
        Row.Print("  all answered after", took.TotalMilliseconds, "ms");
        Row.Print("  CPU of the node each", cpu.TotalMicroseconds / scripts.Length, "µs");
        Row.Print("  told to boot their disk", scripts.Count(s => !s.Contains("ppec.token=", StringComparison.Ordinal)), "");

        var enlisted = await Task.WhenAll(strangers.Select((m, i) => Register(http, site, scripts[Half + i], m.Serial, m.Mac)));
        Row.Print("  strangers not enlisted", enlisted.Count(e => !e), "");
    }

    static async Task<bool> Register(HttpClient http, Site site, string script, string serial, string mac)
    {
        var token = script.Split("ppec.token=").ElementAtOrDefault(1)?.Split(' ')[0] ?? "";
        var evidence = new JsonObject { ["serial"] = serial, ["uuid"] = "", ["boardSerial"] = "", ["macs"] = new JsonArray(mac.Replace('-', ':')) };
        using var answer = await http.PostAsJsonAsync(new Uri(site.Url, "/agent/v1/session"), new JsonObject { ["token"] = token, ["nonce"] = new string('n', 32), ["evidence"] = evidence, ["agentVersion"] = "1" });
        return (await answer.Content.ReadAsStringAsync()).Contains("machine-not-accepted", StringComparison.Ordinal);
    }
}
