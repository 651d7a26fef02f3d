using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ppec.Lab.Machines;

namespace Ppec.Api.Tests.Boot;

/// <summary>After a power cut a thousand machines ask at once what to boot, each on a connection of its own.</summary>
public sealed class StormTests : IAsyncLifetime
{
    const int Half = 500;

    /// <summary>iPXE's own limit in the first stage: whose script comes later has gone on to its disk.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly TestNode _node = new() { EnlistFrom = [IPNetwork.Parse("127.0.0.0/8")] };
    readonly HttpClient _machines = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _node.Up();

    public async ValueTask DisposeAsync()
    {
        _machines.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_thousand_machines_that_boot_at_once_all_hear_what_to_do_and_every_stranger_is_enlisted()
    {
        var waiting = await Waiting();
        var strangers = Enumerable.Range(0, Half).Select(i => (Mac: string.Create(CultureInfo.InvariantCulture, $"06-00-00-00-{i >> 8:x2}-{i & 255:x2}"), Serial: $"STORM{i:0000}")).ToList();
        var times = new List<double>();

        var scripts = await Task.WhenAll(waiting.Select(m => (Mac: m.Macs[0].Replace(':', '-'), m.Serial)).Concat(strangers).Select(m => Script(m.Mac, m.Serial, times)));

        var tokens = scripts.Select(s => s.Split("ppec.token=").ElementAtOrDefault(1)?.Split(' ')[0] ?? "").ToList();
        Assert.DoesNotContain("", tokens); // each is told to boot PIOUS, and none its disk
        Assert.Equal(2 * Half, tokens.Distinct().Count());
        times.Sort();
        TestContext.Current.SendDiagnosticMessage("boot script of {0}: p50 {1:0} ms, p99 {2:0} ms, max {3:0} ms", times.Count, times[times.Count / 2], times[times.Count * 99 / 100], times[^1]);

        await Task.WhenAll(strangers.Select((m, i) => Register(tokens[Half + i], m.Serial, m.Mac)));
        HashSet<string> lost = [.. strangers.Select(s => s.Serial)];
        await Things.Eventually("every stranger is enlisted", async () =>
        {
            lost.ExceptWith(await Serials());
            return lost.Count == 0;
        }, () => string.Join(' ', lost.Take(10)));
    }

    async Task<HashSet<string>> Serials()
    {
        var serials = new HashSet<string>();
        for (string? next = ""; next is not null;)
        {
            var page = (await _node.Api.Get($"/api/v1/machines?limit=500{next}")).Is(200);
            serials.UnionWith(page.Items.Select(m => (string)m!["serial"]!));
            next = (string?)page.Json["nextCursor"] is { } cursor ? $"&cursor={Uri.EscapeDataString(cursor)}" : null;
        }

        return serials;
    }

    /// <summary>Machines under inspection whose kernel calls nobody: each waits for its PIOUS.</summary>
    async Task<List<RackSheetRow>> Waiting()
    {
        var region = (await _node.Api.Rack(units: 100)).Split('.')[0];
        for (var n = 2; n <= Half / 100; n++) (await _node.Api.Post("/api/v1/racks", new { id = $"{region}.r{n}", units = 100 })).Is(201);
        var site = await _node.Lab("mute", $"bmcNetwork: 127.65.0.0/16\nlies: [\"silent:100%\"]\nmachines: [{{name: mute, count: {Half}, cpus: 8}}]", $"{region}.r[1-{Half / 100}]");
        await Parallel.ForEachAsync(site.Rows, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (row, _) =>
        {
            var id = await _node.Api.Rack(row, null);
            var operation = (string)(await _node.Api.Post($"/api/v1/machines/{id}/inspect")).Is(202).Json["id"]!;
            await Things.Eventually("it waits for PIOUS", async () => (string?)(await _node.Api.Get($"/api/v1/operations/{operation}")).Is(200).Json["step"] == "await-pious");
        });
        return [.. site.Rows];
    }

    async Task<string> Script(string mac, string serial, List<double> times)
    {
        await Task.Yield();
        var since = Stopwatch.GetTimestamp();
        var script = await _machines.GetStringAsync(new Uri(_node.Url, $"/boot/ipxe/{mac}?serial={serial}"), Cancellation);
        lock (times) times.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        return script;
    }

    async Task Register(string token, string serial, string mac)
    {
        var evidence = new JsonObject { ["serial"] = serial, ["uuid"] = "", ["boardSerial"] = "", ["macs"] = new JsonArray(mac.Replace('-', ':')) };
        using var answer = await _machines.PostAsJsonAsync(new Uri(_node.Url, "/agent/v1/session"), new JsonObject { ["token"] = token, ["nonce"] = new string('n', 32), ["evidence"] = evidence, ["agentVersion"] = "1" }, Cancellation);
        Assert.Contains("machine-not-accepted", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }
}
