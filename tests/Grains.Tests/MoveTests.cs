using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Racks;
using Ppec.Domain.Access;
using Ppec.Domain.Machines;
using Ppec.Domain.Racks;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>A move is two facts on two streams: whatever breaks between them, the machine stands in one place in the end, and the other is free.</summary>
public sealed class MoveTests(World world) : IClassFixture<World>
{
    static readonly Caller Mover = new("admin", "test", "10.9.9.9", "half-a-move", "");

    RackState Rack => world.Watch.Of($"rack-{World.RackId}").Cast<RackEvent>().Aggregate((RackState?)null, Domain.Racks.Rack.Evolve)!;

    int[] Units(Server server) => [.. Rack.Machines.Where(m => m.Value.Machine == server.Id).Select(m => m.Key)];

    [Fact]
    public async Task What_a_crash_before_the_machines_own_event_left_is_given_back()
    {
        var server = await world.Racked();
        const string Bmc = "bmc:https://10.99.0.1";
        await world.Inside(g => g.GetGrain<IRackGrain>(World.RackId).Execute(new OccupyUnits(World.RackId, server.Id, 60, 2) { At = world.Time.Now, Moving = true }, Mover));
        await world.Inside(g => g.GetGrain<IClaimGrain>(Bmc).Take(server.Id, world.Time.Now, Mover));
        await Swept<UnitsVacated>($"rack-{World.RackId}", e => e.Machine == server.Id);
        await Swept<NameReleased>($"claim-{Bmc}", _ => true);
        Assert.Equal([server.Number], Units(server));
        Assert.Equal(server.Number, ((MachineState.Known)world.State(server.Id)).About.Place!.Unit);
        Assert.DoesNotContain(world.Watch.Of($"claim-bmc:{server.BmcAddress}"), e => e is NameReleased);
    }

    [Fact]
    public async Task What_a_crash_after_the_machines_own_event_left_is_given_back()
    {
        var server = await world.Racked();
        // The machine's event lands; leaving the old units does not.
        var moved = false;
        world.Store.Coming = (_, e) => moved |= e is MachineMoved;
        world.Store.Fails = stream => moved && stream == $"rack-{World.RackId}" ? Fault.Refuses : Fault.None;
        await world.Send(new SetMachine(server.Id, null, null, null, null, null) { Move = new(null, 70, null) });
        await world.Seen();
        Assert.Equal([server.Number, 70], Units(server));
        world.Calm();
        await Swept<UnitsVacated>($"rack-{World.RackId}", e => e.Machine == server.Id);
        Assert.Equal([70], Units(server));
    }

    [Fact]
    public async Task A_move_that_the_log_refuses_takes_nothing()
    {
        var server = await world.Racked();
        var version = ((await world.Send(new HoldMachine(server.Id, "a", "b", null, null)))).Version;
        var answer = await world.Send(new SetMachine(server.Id, null, null, null, null, null) { Move = new(null, 80, null) }, ifMatch: version - 1);
        Assert.Equal(ProblemCodes.VersionStale, answer.Problem?.Code);
        await world.Seen();
        Assert.Equal([server.Number], Units(server));
    }

    /// <summary>Lets the sweep's time pass until it has given something back.</summary>
    async Task Swept<T>(string stream, Func<T, bool> meant) where T : class, Contracts.Events.IDomainEvent
    {
        for (var round = 0; round < 40; round++)
        {
            Assert.True(await world.Silo.Model.WaitFor(await world.Store.End(default), TimeSpan.FromSeconds(10), default));
            world.Time.Advance(world.Options.WakeEvery);
            await Task.Delay(50, TestContext.Current.CancellationToken); // the sweep runs on a timer of its own
            await world.Seen();
            if (world.Watch.Of(stream).OfType<T>().Any(meant)) return;
        }
        Assert.Fail($"Nothing was given back on {stream}.");
    }
}
