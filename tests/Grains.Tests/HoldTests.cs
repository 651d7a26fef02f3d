using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>A hold that comes while an operation runs: it stops at the next place where stopping is safe, and no later.</summary>
public sealed class HoldTests(World world) : IClassFixture<World>
{
    [Theory]
    [InlineData(Workflows.Provision, Workflows.Steps.CheckHardware, Workflows.Steps.BeginWriting)]
    [InlineData(Workflows.Provision, Workflows.Steps.Install, Workflows.Steps.BootDisk)]
    [InlineData(Workflows.Release, Workflows.Steps.AwaitPious, Workflows.Steps.BeginWriting)]
    [InlineData(Workflows.Retire, Workflows.Steps.CheckHardware, Workflows.Steps.BeginWriting)]
    public async Task A_hold_pauses_it_before_the_next_safe_step_and_lifting_it_resumes_to_success(string kind, string during, string before)
    {
        var (server, id, paused) = await Paused(kind, during);
        Assert.Equal(before, paused.Step);
        Assert.Contains("smell of smoke", paused.Why, StringComparison.Ordinal);

        // However often it is looked at, it waits as long as the hold is there.
        await world.Wake(id, server);
        await world.Seen();
        Assert.IsType<OperationState.Paused>(world.Operation(id));

        await world.Done(new UnholdMachine(server.Id, "smoke"));
        await world.Wake(id, server);
        Assert.Equal(Ending.Succeeded, (await world.Finish(id)).Result);
        world.AtRest(server);
        Assert.Empty(world.HoldsOf(server));
        Assert.Single(world.Watch.Of($"operation-{id}").OfType<OperationPaused>());
        Assert.Single(world.Watch.Of($"operation-{id}").OfType<OperationResumed>());
    }

    [Theory]
    [InlineData(Workflows.Provision, Workflows.Steps.CheckHardware, "spare", Workflows.Provision)]
    [InlineData(Workflows.Provision, Workflows.Steps.Install, "inventory", Holds.Dirty)]
    [InlineData(Workflows.Release, Workflows.Steps.CheckHardware, "baremetal", Workflows.Release)]
    public async Task A_hold_that_nobody_lifts_ends_it_after_a_day(string kind, string during, string stage, string hold)
    {
        var (server, id, paused) = await Paused(kind, during);
        Assert.Equal(paused.At + TimeSpan.FromHours(24), paused.Until);
        world.Time.AdvanceTo(paused.Until - TimeSpan.FromSeconds(30));
        await world.Wake(id, server);
        await world.Seen();
        Assert.DoesNotContain(world.Watch.Of($"operation-{id}"), e => e is OperationTurnedBack);

        world.Time.AdvanceTo(paused.Until);
        await world.Wake(id, server);
        var ended = await world.Finish(id);
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains("held too long", ended.Why, StringComparison.Ordinal);
        world.AtRest(server);
        Assert.Equal(stage, world.State(server.Id).Stage);
        Assert.Contains(hold, world.HoldsOf(server));
        Assert.Contains("smoke", world.HoldsOf(server));
        Assert.Equal(stage == "baremetal" ? PowerState.On : PowerState.Off, server.Bmc.Power);
    }

    /// <summary>Begins it, holds the machine while <paramref name="during"/> runs, and waits for the pause.</summary>
    async Task<(Server Server, string Operation, OperationPaused Paused)> Paused(string kind, string during)
    {
        var (server, command) = await StepFailureTests.Start(world, kind);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Pause = step => step == during ? held.Task : Task.CompletedTask;
        var id = await world.Begin(command);
        await world.Watch.For<StepStarted>($"operation-{id}", $"{during} began", s => s.Step == during);
        world.Time.Advance(TimeSpan.FromSeconds(1)); // holds as old as the operation were known when it was started
        await world.Done(new HoldMachine(server.Id, "smoke", "a smell of smoke", null, null));
        held.SetResult();
        var (paused, _) = await world.Watch.For<OperationPaused>($"operation-{id}", "it paused");
        return (server, id, paused);
    }
}
