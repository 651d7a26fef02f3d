using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>A node that only observes: whatever it is asked, no machine is powered, booted or written.</summary>
public sealed class ObserveTests
{
    [Fact]
    public async Task What_would_act_is_refused_what_is_on_paper_is_recorded_and_open_operations_stand()
    {
        var world = new World();
        await world.InitializeAsync();
        await using var end = world;
        var (spare, metal) = (await world.Spare(), await world.Baremetal());
        var waiting = await world.Racked(s => s.Silent = step => step == "await-pious");
        var open = await world.Begin(new InspectMachine(waiting.Id));
        await world.Watch.For<StepStarted>($"operation-{open}", "it waits for PIOUS", e => e.Step == Workflows.Steps.AwaitPious);

        world.Options = world.Options with { Observe = true, WatchEvery = TimeSpan.FromMinutes(2) };
        await world.Restart();
        await world.Seen();
        var facts = world.Watch.Of($"operation-{open}").Count();
        var asked = new[] { spare, metal, waiting }.ToDictionary(s => s, s => s.Bmc.Journal.Count);

        foreach (var command in new Command[]
        {
            new InspectMachine(spare.Id), spare.Provision(), new RetireMachine(spare.Id), new ReleaseMachine(metal.Id), new CancelOperation(open, ""), new RetryOperation(open),
        })
            Assert.Equal((command.GetType(), ProblemCodes.ObserveOnly), (command.GetType(), (await world.Send(command)).Problem?.Code));
        await world.Done(new HoldMachine(spare.Id, "operator", "to be looked at", null, null));
        await world.Done(new UnholdMachine(spare.Id, "operator"));
        await world.Racked();
        Assert.NotNull((await world.Send(spare.Provision(), planOnly: true)).Plan);

        foreach (var server in asked.Keys)
            Assert.Null((await world.MachineGate.Boot(server.Mac, server.Uuid, server.Serial, "10.9.0.1")).Token);
        Assert.Equal(ProblemCodes.ObserveOnly, (await world.MachineGate.Connect(new(spare.Tokens.Last(), Guid.NewGuid().ToString("N"), spare.Evidence, "test"), "10.9.0.1")).Problem?.Code);
        Assert.Equal(ProblemCodes.ObserveOnly, (await world.MachineGate.NextTask(spare.Credentials.Last(), TimeSpan.Zero)).Problem?.Code);

        // Its deadline passes, and nothing ends it; a power that is flipped is noticed all the same.
        metal.Bmc.Turn(PowerState.Off);
        for (var i = 0; i < 40; i++)
        {
            world.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(20);
        }
        await world.Wake(open, waiting);
        await world.Watch.For<DriftNoted>($"machine-{metal.Id}", "the power is noted", e => e.Kind == Drifts.Power);
        await world.Seen();
        Assert.Equal(facts, world.Watch.Of($"operation-{open}").Count());
        foreach (var (server, before) in asked)
            Assert.All(server.Bmc.Journal.Skip(before), j => Assert.Contains(j, new[] { "open 0", "look" }));

        // Without the option it goes on where it stood.
        world.Options = world.Options with { Observe = false };
        waiting.Silent = _ => false;
        await world.Restart();
        await world.Wake(open, waiting);
        Assert.Equal(Ending.Succeeded, (await world.Finish(open)).Result);
    }

    [Fact]
    public async Task Behind_the_gate_the_BMCs_themselves_are_out_of_reach()
    {
        var rack = new Drivers.Fake.FakeRack();
        var target = new BmcTarget("https://10.0.0.1", "ppec", "secret", null, 1);
        var fake = rack.Add(target, new("S-1", "", "", ""));
        await using var bmc = await new ObservingConnector(rack).Open(target, default);
        Assert.Equal("S-1", (await bmc.Look(default)).Identity.Serial);
        foreach (var act in new Func<Task>[] { () => bmc.RequestPower(PowerRequest.On, default), () => bmc.SetBootOnce(BootOverride.Network, default), () => bmc.ResetController(default) })
            Assert.Equal(BmcFailure.Refused, (await Assert.ThrowsAsync<BmcException>(act)).Failure);
        Assert.Equal(["open 1", "look"], fake.Journal);
    }
}
