using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>The main path, whole, through the gates.</summary>
public sealed class WorkflowTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task From_the_rack_to_retirement()
    {
        var server = await world.Baremetal();
        Assert.Equal(PowerState.On, server.Bmc.Power);
        Assert.Empty(world.HoldsOf(server));

        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new ReleaseMachine(server.Id)))).Result);
        Assert.IsType<MachineState.Spare>(world.State(server.Id));
        Assert.Equal(PowerState.Off, server.Bmc.Power);

        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new RetireMachine(server.Id)))).Result);
        Assert.IsType<MachineState.Retired>(world.State(server.Id));
        Assert.Equal(PowerState.Off, server.Bmc.Power);
        world.AtRest(server);
        Assert.DoesNotContain(world.Secrets.Kept, s => s.Name == $"bmc/{server.Id}");
        Assert.All(server.Done.Values, times => Assert.Equal(1, times));
    }
}
