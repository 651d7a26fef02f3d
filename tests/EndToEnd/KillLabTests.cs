using System.Diagnostics;
using Ppec.EndToEnd.Running;

namespace Ppec.EndToEnd;

/// <summary>The machines and their BMCs vanish in the middle of the work, as in a power cut of the whole room, and come back.</summary>
public sealed class KillLabTests(ITestOutputHelper output)
{
    const int Count = 12;
    static readonly TimeSpan FinishWithin = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Machines_that_lose_their_mains_in_the_middle_finish_or_say_why_not()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var site = new Site();
        await site.StartNode();
        await site.StartLab("--sim", $"{Count}", "--sim-delay-ms", "500");
        await site.Furnish();
        var machines = site.Machines();
        foreach (var m in machines) await site.Client.Machines.RackAsync(site.Label(m));

        await Phase("inspect", "spare", m => site.Client.Machines.InspectAsync(m.Id));
        await Phase("provision", "baremetal", m => site.Client.Machines.ProvisionAsync(m.Id, Site.Spec(m)));
        await Phase("release", "spare", m => site.Client.Machines.ReleaseAsync(m.Id));

        async Task Phase(string verb, string stage, Func<LabMachine, Task> send)
        {
            await Task.WhenAll(machines.Select(send));
            await Task.Delay(random.Next(0, 2500));
            await site.KillLab();
            await Task.Delay(random.Next(500, 3000));
            await site.StartLab("--sim-delay-ms", "500");
            var since = Stopwatch.GetTimestamp();
            while (true)
            {
                var views = await site.Views();
                var open = views.Where(v => v.Operation is not null).ToList();
                var (done, held) = (views.Count(v => v.Operation is null && v.Stage == stage && !v.Held), views.Count(v => v is { Operation: null, Held: true } && v.Holds.All(h => h.Reason.Length > 0)));
                if (open.Count == 0 && done + held == Count)
                {
                    output.WriteLine($"{verb}: {done} of {Count} {stage}, {held} held, {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s after the lab came back");
                    Assert.Equal(Count, done);
                    return;
                }
                if (Stopwatch.GetElapsedTime(since) > FinishWithin)
                {
                    var stuck = await Task.WhenAll(open.Select(async v => (await site.Client.Operations.GetAsync(v.Operation!.Id)).Value));
                    Assert.Fail($"{verb}: {done} {stage}, {held} held; open: {string.Join(", ", stuck.Select(o => $"{o.Machine} at {o.Step} ({o.State})"))}\n{site.Node!.Errors}");
                }
                await Task.Delay(200);
            }
        }
    }
}
