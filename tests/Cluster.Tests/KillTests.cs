using System.Diagnostics;
using System.Globalization;
using Ppec.Cluster.Tests.Rig;
using Ppec.Contracts.Events;
using Ppec.EndToEnd.Running;
using Ppec.Stores.Postgres;

namespace Ppec.Cluster.Tests;

/// <summary>
/// Two silos, an API node and PostgreSQL, killed and frozen in turn under a load of commands and operations. The client keeps its own record of what was acknowledged:
/// each of it is in the log once, nothing is stuck, no machine was acted on more than its faults explain, and every read model is what a fresh replay gives.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    const int Count = 24;
    const int Callers = 12;
    static readonly TimeSpan RecoverWithin = TimeSpan.FromSeconds(40);
    static readonly TimeSpan FinishWithin = TimeSpan.FromSeconds(120);

    readonly Ledger _ledger = new();

    sealed record Fault(string Name, Func<Task> Strike, Func<Task> Mend);

    [Fact]
    public async Task Whatever_dies_or_freezes_nothing_acknowledged_is_lost_or_done_twice()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PPEC_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed} (PPEC_TEST_SEED)");
        var random = new Random(seed);
        await using var cluster = await ClusterSite.Start(silos: 2);
        var site = cluster.Site;
        await site.StartLab("--sim", $"{Count}", "--sim-delay-ms", "1500");
        await site.Furnish();
        var machines = site.Machines();
        await Parallel.ForEachAsync(machines, async (m, _) => await _ledger.Send($"rack {m.Id}", async o =>
        {
            var answer = await site.Client.Machines.RackAsync(site.Label(m), o);
            return new(answer.Value.Id, answer.Position);
        }));

        int kills;
        await using (var pulses = new Pulses(site, _ledger, [.. machines.Take(Callers).Select(m => m.Id)]))
        {
            var lives = Task.WhenAll(machines.Select(m => Life(site, m, random.Next(0, 25_000))));
            kills = await Strike(cluster, pulses, random);
            await lives.WaitAsync(FinishWithin);
        }
        var views = await site.Views();
        Assert.Equal(Count, views.Length);
        Assert.Empty(views.Where(v => v.Stage != "spare" || v.Held || v.Operation is not null).Select(v => $"{v.Id} is {v.Stage}: {string.Join("; ", v.Holds.Select(h => h.Reason))}"));

        await CheckPowerActions(site, kills);
        Assert.Empty(await _ledger.Repeat());
        output.WriteLine($"{_ledger.Acknowledged} commands acknowledged, {_ledger.Unknown} answers lost on the way; every key repeated: the same answers");
        await CheckLog(cluster);
        await CheckReadModels(cluster);
    }

    /// <summary>Ten kills, two freezes and a stop in order, one after another, each until every caller is answered again.</summary>
    async Task<int> Strike(ClusterSite cluster, Pulses pulses, Random random)
    {
        var (site, first, second) = (cluster.Site, cluster.Silos[0], cluster.Silos[1]);
        Fault Kill(string name, Silo silo) => new($"kill -9 {name}", silo.Kill, async () => await silo.Start());
        Fault Freeze(string name, Silo silo) => new($"freeze {name}", silo.Freeze, () => Thaw(silo));
        var stop = new Fault("stop silo 1 in order", first.Stop, async () => await first.Start());
        var api = new Fault("kill -9 the API node", site.KillNode, async () => await site.StartNode());
        var database = new Fault("kill -9 PostgreSQL", cluster.Server.Kill, cluster.Server.Resume);
        Fault[] faults =
        [
            Kill("silo 1", first), Kill("silo 2", second), api, database, Kill("silo 1", first), Freeze("silo 2", second),
            Kill("silo 1", first), database, api, Kill("silo 2", second), Freeze("silo 1", first), Kill("silo 2", second), stop,
        ];
        foreach (var fault in faults)
        {
            await Task.Delay(random.Next(300, 1500));
            var struck = Stopwatch.GetTimestamp();
            await fault.Strike();
            // What nobody else can take over is mended first; a silo's work is taken over by the other.
            var alone = fault == api || fault == database;
            if (alone) await fault.Mend();
            var recovered = await pulses.Recovered(struck, RecoverWithin);
            if (!alone) await fault.Mend();
            var whole = await pulses.Recovered(Stopwatch.GetTimestamp(), RecoverWithin);
            output.WriteLine($"{fault.Name}: all {Callers} callers answered again after {recovered.TotalSeconds:0.0} s; {whole.TotalSeconds:0.0} s once it was back");
        }
        return faults.Length;
    }

    /// <summary>By now its grains live elsewhere too: two activations of one grain. It finds out that it was declared dead, and ends itself.</summary>
    static async Task Thaw(Silo silo)
    {
        await Task.Delay(TimeSpan.FromSeconds(2));
        await silo.Thaw();
        if (await silo.Process!.Exit(TimeSpan.FromSeconds(30)) is null) throw new TimeoutException("A silo that was declared dead goes on.");
        await silo.Process.DisposeAsync();
        await silo.Start();
    }

    async Task Life(Site site, LabMachine m, int delay)
    {
        await Task.Delay(delay);
        await End(await _ledger.Send($"inspect {m.Id}", async o => Said(await site.Client.Machines.InspectAsync(m.Id, o))));
        await End(await _ledger.Send($"provision {m.Id}", async o => Said(await site.Client.Machines.ProvisionAsync(m.Id, Site.Spec(m), o))));
        await End(await _ledger.Send($"release {m.Id}", async o => Said(await site.Client.Machines.ReleaseAsync(m.Id, o))));

        async Task End(Said operation)
        {
            for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < FinishWithin; await Task.Delay(250))
                try
                {
                    if ((await site.Client.Operations.GetAsync(operation.Id)).Value is { EndedAt: not null } ended)
                    {
                        Assert.True(ended.State == "succeeded", $"{ended.Kind} of {m.Id}: {ended.State}: {string.Join("; ", ended.Steps.Where(s => s.Message is not null).Select(s => $"{s.Name} #{s.Attempt} {s.Message}"))}");
                        return;
                    }
                }
                catch (Exception e) when (e is Sdk.PpecException or Sdk.ServerUnreachableException) { /* a node is being started */ }
            Assert.Fail($"{operation.Id} of {m.Id} never ended.");
        }
    }

    static Said Said(Sdk.Answer<Contracts.Operations.OperationView> answer) => new(answer.Value.Id, answer.Position);

    /// <summary>Inspect, provision and release take seven power actions; a silo that dies while a machine boots costs it one more restart.</summary>
    async Task CheckPowerActions(Site site, int faults)
    {
        var actions = (await site.Status()).Values.Select(s => s.PowerActions).ToList();
        output.WriteLine($"power actions a machine: {actions.Average():0.0} on average, {actions.Max()} at most (7 without faults; {faults} faults)");
        Assert.InRange(actions.Average(), 6, 7 + faults);
        Assert.InRange(actions.Max(), 6, 7 + (3 * faults));
    }

    async Task CheckLog(ClusterSite cluster)
    {
        await using var store = await PostgresEventStore.Open(cluster.Database, CancellationToken.None);
        var (last, position) = (new Dictionary<string, (long Version, ReadOnlyMemory<byte> Hash)>(StringComparer.Ordinal), LogPosition.Start);
        await foreach (var e in store.ReadAll(LogPosition.Start, CancellationToken.None))
        {
            var (version, hash) = last.GetValueOrDefault(e.Stream, (-1, EventChain.Genesis));
            Assert.True(e.Version == version + 1 && EventChain.Continues(hash.Span, e) && e.Position > position, $"{e.Stream} at {e.Version}");
            last[e.Stream] = (e.Version, e.Hash);
            position = e.Position;
        }
        var byCommand = await Evidence.ByCommand(store);
        Assert.Empty(_ledger.Keys.Select(k => Evidence.NotOnce(k, byCommand)).OfType<string>());
        output.WriteLine($"the chains of {last.Count} streams are whole up to {position}; every acknowledged command is in the log once");
    }

    async Task CheckReadModels(ClusterSite cluster)
    {
        var site = cluster.Site;
        await Task.Delay(500); // every node has folded the last of it
        foreach (var silo in cluster.Silos) await silo.Stop();
        await site.StopNode();
        var followed = cluster.Silos.Select(s => s.Data).Append(site.Data).ToDictionary(d => d, Evidence.ReadModel);
        Evidence.ForgetReadModel(cluster.Silos[0].Data);
        await cluster.Silos[0].Start();
        await cluster.Silos[0].Stop();
        var replayed = Evidence.ReadModel(cluster.Silos[0].Data);
        foreach (var (node, rows) in followed)
        {
            Assert.Equal(replayed.Keys, rows.Keys);
            Assert.Empty(rows.Where(r => replayed[r.Key] != r.Value).Select(r => $"{Path.GetFileName(node)} {r.Key}:\n{r.Value}\n{replayed[r.Key]}"));
        }
        output.WriteLine($"a fresh replay gives the {replayed.Count} rows of all {followed.Count} nodes");
    }
}
