using System.Diagnostics;
using System.Globalization;
using Ppec.Contracts.Machines;
using Ppec.EndToEnd.Running;

namespace Ppec.EndToEnd;

/// <summary>kill -9 of the node in the middle of everything, again and again: nothing acknowledged is lost or done twice, nothing is stuck.</summary>
public sealed class KillNodeTests(ITestOutputHelper output)
{
    const int Count = 50;
    const int Kills = 3;
    static readonly TimeSpan FinishWithin = TimeSpan.FromSeconds(60);

    readonly Ledger _ledger = new();

    [Fact]
    public async Task Fifty_machines_are_inspected_provisioned_and_released_by_a_node_that_keeps_dying()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PPEC_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed} (PPEC_TEST_SEED)");
        var random = new Random(seed);
        await using var site = new Site();
        await site.StartNode();
        await site.StartLab("--sim", $"{Count}", "--sim-delay-ms", "700");
        await site.Furnish();
        var machines = site.Machines();

        await Phase(site, machines, random, "rack", "racked", kills: 1, async (m, options) =>
        {
            var answer = await site.Client.Machines.RackAsync(site.Label(m), options);
            return new(answer.Value.Id, answer.Position);
        });
        await Phase(site, machines, random, "inspect", "spare", Kills, async (m, options) => Said(await site.Client.Machines.InspectAsync(m.Id, options)));
        await Phase(site, machines, random, "provision", "baremetal", Kills, async (m, options) => Said(await site.Client.Machines.ProvisionAsync(m.Id, Site.Spec(m), options)));
        await Phase(site, machines, random, "release", "spare", Kills, async (m, options) => Said(await site.Client.Machines.ReleaseAsync(m.Id, options)));

        await CheckPowerActions(site);
        Assert.Empty(await _ledger.Repeat());
        output.WriteLine($"{_ledger.Acknowledged} commands acknowledged, {_ledger.Unknown} answers lost on the way; every key repeated: the same answers");
        await site.StopNode();
        await CheckLog(site);
        await CheckReadModel(site);
    }

    /// <summary>Sends one command a machine while the node is killed and started; then everything must end as it should, by itself.</summary>
    async Task Phase(Site site, IReadOnlyList<LabMachine> machines, Random random, string verb, string stage, int kills, Func<LabMachine, Sdk.MutationOptions, Task<Said>> send)
    {
        var sending = Parallel.ForEachAsync(machines, new ParallelOptions { MaxDegreeOfParallelism = 10 },
            async (m, _) => await _ledger.Send($"{verb} {m.Id}", options => send(m, options)));
        var open = new List<int>();
        for (var i = 0; i < kills; i++)
        {
            await Task.Delay(random.Next(200, 2000));
            open.Add((await Finished(site, stage)).Done);
            await site.KillNode();
            await Task.Delay(random.Next(0, 300));
            await site.StartNode();
        }
        var since = Stopwatch.GetTimestamp();
        await sending;
        var (done, stuck) = await Finished(site, stage);
        while (stuck.Count > 0 && Stopwatch.GetElapsedTime(since) < FinishWithin)
        {
            await Task.Delay(200);
            (done, stuck) = await Finished(site, stage);
        }
        output.WriteLine($"{verb}: killed when {string.Join(", ", open)} of {Count} were {stage}; {done} of {Count} {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s after the last start");
        Assert.True(stuck.Count == 0, string.Join('\n', stuck.Append(site.Node!.Errors)));
    }

    static async Task<(int Done, List<string> Others)> Finished(Site site, string stage)
    {
        var views = await site.Views();
        var others = new List<string>();
        foreach (var m in views.Where(v => v.Stage != stage || v.Operation is not null || v.Held)) others.Add(await Why(site, m));
        var done = views.Length - others.Count;
        for (var i = views.Length; i < Count; i++) others.Add("not racked");
        return (done, others);
    }

    static async Task<string> Why(Site site, MachineView m)
    {
        var holds = string.Join("; ", m.Holds.Select(h => $"{h.Source}: {h.Reason}"));
        if (m.Operation is not { } o) return $"{m.Id} is {m.Stage} {holds}";
        try
        {
            var operation = (await site.Client.Operations.GetAsync(o.Id)).Value;
            return $"{m.Id} is {m.Stage} {holds}, {o.Kind} at {operation.Step} ({operation.State}): {string.Join(", ", operation.Steps.Where(s => s.Message is not null).Select(s => $"{s.Name} #{s.Attempt} {s.Message}"))}";
        }
        catch (Sdk.PpecException e)
        {
            return $"{m.Id} is {m.Stage} {holds}, {o.Kind} {o.Id}: {e.Code}";
        }
    }

    /// <summary>A whole life without a kill takes eight power actions; a kill while a machine boots costs it one more restart, off (by button, then by force) and on.</summary>
    async Task CheckPowerActions(Site site)
    {
        var actions = (await site.Status()).Values.Select(s => s.PowerActions).ToList();
        output.WriteLine($"power actions a machine: {actions.Average():0.0} on average, {actions.Max()} at most (8 without kills; {3 * Kills} kills)");
        Assert.InRange(actions.Average(), 7, 8 + 3 * 3 * Kills);
        Assert.InRange(actions.Max(), 7, 8 + 4 * 3 * Kills);
    }

    async Task CheckLog(Site site)
    {
        var (end, byCommand) = await Evidence.Log(site.Data);
        Assert.Empty(_ledger.Keys.Select(k => Evidence.NotOnce(k, byCommand)).OfType<string>());
        output.WriteLine($"the chain of all {end} events is whole; every acknowledged command is in it once");
    }

    async Task CheckReadModel(Site site)
    {
        var followed = Evidence.ReadModel(site.Data);
        Evidence.ForgetReadModel(site.Data);
        var started = await site.StartNode();
        await site.StopNode();
        var replayed = Evidence.ReadModel(site.Data);
        Assert.Equal(followed.Keys, replayed.Keys);
        Assert.Empty(followed.Where(r => replayed[r.Key] != r.Value).Select(r => $"{r.Key}:\n{r.Value}\n{replayed[r.Key]}"));
        output.WriteLine($"a fresh replay gives the same {followed.Count} rows; ready after {started.TotalSeconds:0.0} s");
    }

    static Said Said(Sdk.Answer<Contracts.Operations.OperationView> answer) => new(answer.Value.Id, answer.Position);
}
