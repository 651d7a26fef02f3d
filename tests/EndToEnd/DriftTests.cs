using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.EndToEnd.Running;
using Ppec.Sdk;

namespace Ppec.EndToEnd;

/// <summary>Power flipped by hand on a machine's BMC, seen by a node that looks, and by one that may do nothing else.</summary>
public sealed class DriftTests(ITestOutputHelper output)
{
    const int Every = 4;
    static readonly TimeSpan Slack = TimeSpan.FromSeconds(4); // two cores may be busy elsewhere
    static readonly TimeSpan WorkWithin = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Power_flipped_by_hand_is_noticed_within_the_interval_and_left_as_it_is()
    {
        await using var site = new Site("--watch-every", $"{Every}");
        var (spare, metal) = await Furnished(site, machines: 2, provisioned: 1) is [var a, var b] ? (b, a) : default;
        var before = await site.Status();

        await Press(spare, "On");
        await Press(metal, "ForceOff");
        await Drifting(site, [spare.Id, metal.Id]);
        var views = (await site.Views()).ToDictionary(v => v.Id);
        Assert.Equal(("power", "off", "on"), Drift(views[spare.Id]));
        Assert.Equal(("power", "on", "off"), Drift(views[metal.Id]));
        await Task.Delay(TimeSpan.FromSeconds(Every * 2));
        foreach (var machine in new[] { spare, metal })
            Assert.Single((await site.Client.Machines.HistoryAsync(machine.Id)).Value.Items, e => e.Type == "machine.drift-noted.v1");

        await Press(spare, "ForceOff");
        await Press(metal, "On");
        await Drifting(site, []);
        var after = await site.Status();
        foreach (var machine in new[] { spare, metal })
            Assert.Equal(2, after[machine.Name].Writes - before[machine.Name].Writes); // by hand, both of them
    }

    [Fact]
    public async Task A_node_that_observes_writes_to_no_BMC_whatever_it_is_asked()
    {
        string[] options = ["--watch-every", "0"];
        await using var site = new Site(() => options);
        var machines = await Furnished(site, machines: 20, provisioned: 6);
        await site.StopNode();
        options = ["--watch-every", $"{Every}", "--observe"];
        await site.StartNode();
        var before = await site.Status();

        foreach (var machine in machines)
        {
            await Refused(() => site.Client.Machines.InspectAsync(machine.Id));
            await Refused(() => site.Client.Machines.ProvisionAsync(machine.Id, Site.Spec(machine)));
            await Refused(() => site.Client.Machines.ReleaseAsync(machine.Id));
            await Refused(() => site.Client.Machines.RetireAsync(machine.Id));
            await site.Client.Machines.HoldAsync(machine.Id, new("to be looked at"));
        }
        await Press(machines[0], "ForceOff"); // in production
        await Press(machines[^1], "On"); // a spare, which now asks what to boot
        await Drifting(site, [machines[0].Id, machines[^1].Id]);
        await Task.Delay(TimeSpan.FromSeconds(Every * 2));

        var after = await site.Status();
        Assert.Equal("no-boot-device", after[machines[^1].Name].Phase);
        Assert.Equal(2, machines.Sum(m => after[m.Name].Writes - before[m.Name].Writes)); // by hand
        Assert.All(machines, m => Assert.True(after[m.Name].Requests > before[m.Name].Requests, $"{m.Name} was not looked at"));
    }

    static async Task<ImmutableArray<LabMachine>> Furnished(Site site, int machines, int provisioned)
    {
        await site.StartNode();
        await site.StartLab("--sim", $"{machines}");
        await site.Furnish();
        ImmutableArray<LabMachine> all = [.. site.Machines()];
        await Task.WhenAll(all.Select(async m =>
        {
            await site.Client.Machines.RackAsync(site.Label(m));
            await site.Client.Machines.InspectAsync(m.Id);
        }));
        await Until(WorkWithin, async () => (await site.Views()).All(v => v is { Stage: "spare", Operation: null }), "all are spare");
        foreach (var m in all[..provisioned]) await site.Client.Machines.ProvisionAsync(m.Id, Site.Spec(m));
        await Until(WorkWithin, async () => (await site.Views()).All(v => v.Operation is null) && (await site.Views()).Count(v => v.Stage == "baremetal") == provisioned, "they are in production");
        return all;
    }

    /// <summary>As a person does who knows the BMC's password.</summary>
    static async Task Press(LabMachine machine, string type)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{machine.BmcUser}:{File.ReadAllText(machine.BmcPasswordFile).Trim()}")));
        using var answer = await http.PostAsJsonAsync($"{machine.BmcAddress}/redfish/v1/Systems/1/Actions/ComputerSystem.Reset", new Dictionary<string, string> { ["ResetType"] = type }); // as it is spelt, not as the web spells
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Within an interval these machines and no others drift.</summary>
    async Task Drifting(Site site, string[] expected)
    {
        var since = Stopwatch.GetTimestamp();
        await Until(TimeSpan.FromSeconds(Every) + Slack, async () =>
            (await site.Client.Machines.PageAsync(new() { Filter = "drift", Limit = 100 })).Value.Items.Select(v => v.Id).Order().SequenceEqual(expected.Order()),
            $"{expected.Length} drift", async () => string.Join("; ", (await site.Views()).Select(v => $"{v.Id} {v.Stage} {string.Join(", ", v.Drift)}")));
        output.WriteLine($"{expected.Length} drifting: seen after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }

    static (string, string, string) Drift(MachineView view) => Assert.Single(view.Drift) is var d ? (d.Kind, d.Expected, d.Found) : default;

    static async Task Refused(Func<Task> act)
    {
        var refused = await Assert.ThrowsAsync<PpecException>(act);
        Assert.Equal((409, ProblemCodes.ObserveOnly), (refused.Status, refused.Code));
    }

    static async Task Until(TimeSpan within, Func<Task<bool>> so, string what, Func<Task<string>>? instead = null)
    {
        for (var since = Stopwatch.GetTimestamp(); !await so(); await Task.Delay(100))
            if (Stopwatch.GetElapsedTime(since) > within) throw new TimeoutException($"Within {within.TotalSeconds:0} s it never was so that {what}. {(instead is null ? "" : await instead())}");
    }
}
