using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>The BMC's password is replaced, and whatever breaks on the way: one that opens it is always known, and nobody ever reads either.</summary>
public sealed class RotationTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task A_rotation_gives_the_BMC_a_password_that_is_only_in_the_store()
    {
        var server = await world.Racked();
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new RotateBmc(server.Id)))).Result);
        await Rotated(server);
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new InspectMachine(server.Id)))).Result);
    }

    [Fact]
    public async Task It_rotates_again_and_again()
    {
        var server = await world.Racked();
        HashSet<string> seen = [server.Bmc.Password];
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new RotateBmc(server.Id)))).Result);
            Assert.True(seen.Add(server.Bmc.Password));
        }
        await Rotated(server);
    }

    /// <summary>The BMC has its new password, its answer is lost or the next write is, and the silo is killed: the next one finds which password opens it.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task Killed_between_the_BMC_and_the_record_it_finishes_with_whichever_password_opens(bool answerLost)
    {
        var server = await world.Racked();
        var (changed, hold) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var current = "";
        world.Store.Coming = (_, e) => current = e is StepStarted s ? s.Step : current;
        var opened = 0;
        world.Network.Hold = _ =>
        {
            // The second opening within the step proves the new password: by then the BMC has it, and the log does not say so.
            if (current != Workflows.Steps.ChangePassword || Interlocked.Increment(ref opened) != 2) return Task.CompletedTask;
            changed.TrySetResult();
            return hold.Task;
        };
        if (answerLost)
        {
            // open, identify, password: the third of its steps from here on
            server.Bmc.FailAt(server.Bmc.Steps + 3, BmcFailure.Timeout, acted: true);
            world.Network.Hold = _ => Task.CompletedTask;
            world.Store.Before = stream =>
            {
                if (current != Workflows.Steps.ChangePassword || !stream.StartsWith("operation-", StringComparison.Ordinal) || server.Bmc.Password == World.BmcPassword) return Task.CompletedTask;
                changed.TrySetResult();
                return hold.Task;
            };
        }
        var id = await world.Begin(new RotateBmc(server.Id));
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await world.Seen();
        Assert.NotEqual(World.BmcPassword, server.Bmc.Password);
        Assert.Equal(World.BmcPassword, await world.Secrets.Get(Bmc(server).Secret, default)); // nothing but the pending reference says what happened
        var pending = Bmc(server).Pending!;

        var restarted = world.Restart();
        hold.SetResult();
        await restarted;
        world.Calm();
        Assert.True(await world.Silo.Model.WaitFor(await world.Store.End(default), TimeSpan.FromSeconds(10), default));
        world.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(Ending.Succeeded, (await world.Finish(id)).Result);
        await Rotated(server);
        Assert.Equal(pending, Bmc(server).Secret);
        Assert.Equal(1, server.Bmc.Journal.Count(j => j == "password")); // the BMC was told once
    }

    [Theory, MemberData(nameof(Steps))]
    public async Task It_outlives_its_silo_at_every_step(string step)
    {
        var server = await world.Racked();
        var (reached, hold) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var current = "";
        world.Store.Coming = (_, e) => current = e is StepStarted s ? s.Step : current;
        Task Hold()
        {
            if (current != step) return Task.CompletedTask;
            reached.TrySetResult();
            return hold.Task;
        }
        world.Store.Before = stream => stream == $"machine-{server.Id}" ? Hold() : Task.CompletedTask;
        world.Network.Hold = _ => Hold();
        var id = await world.Begin(new RotateBmc(server.Id));
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        var restarted = world.Restart();
        hold.SetResult();
        await restarted;
        world.Calm();
        Assert.True(await world.Silo.Model.WaitFor(await world.Store.End(default), TimeSpan.FromSeconds(10), default));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Ending.Succeeded, (await world.Finish(id)).Result);
        await Rotated(server);
    }

    public static TheoryData<string> Steps() => [.. Workflows.Named(Workflows.RotateBmc).Steps.Select(s => s.Name)];

    [Fact]
    public async Task A_BMC_that_stops_answering_half_way_is_still_reached_afterwards_and_the_next_rotation_finishes_it()
    {
        var server = await world.Racked();
        world.Store.Coming = (_, e) =>
        {
            if (e is StepStarted { Step: Workflows.Steps.ChangePassword } && server.Bmc.Password == World.BmcPassword) server.Bmc.FailAt(server.Bmc.Steps + 3, BmcFailure.Timeout, acted: true);
            else if (e is StepFailed { RetryAt: not null }) server.Bmc.Broken = BmcFailure.Unreachable;
        };
        var ended = await world.Finish(await world.Begin(new RotateBmc(server.Id)));
        world.Calm();
        server.Bmc.Broken = null;
        Assert.Equal(Ending.Failed, ended.Result);
        world.AtRest(server);
        Assert.Contains(Workflows.RotateBmc, world.HoldsOf(server));
        Assert.NotNull(Bmc(server).Pending);
        Assert.NotEqual(World.BmcPassword, server.Bmc.Password);

        var power = await world.Gate.Power(new(world.Token, "10.9.9.9", "machine.read"), server.Id);
        Assert.Equal("off", power.View?.Power);
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new RotateBmc(server.Id)))).Result);
        await Rotated(server);
        Assert.Empty(world.HoldsOf(server));
        Assert.Equal(1, server.Bmc.Journal.Count(j => j == "password"));
    }

    [Fact]
    public async Task A_BMC_that_accepts_and_keeps_its_password_fails_it_and_is_reached_as_before()
    {
        var server = await world.Racked();
        server.Bmc.Liar = true;
        var ended = await world.Finish(await world.Begin(new RotateBmc(server.Id)));
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains("does not open", ended.Why, StringComparison.Ordinal);
        Assert.Equal("off", (await world.Gate.Power(new(world.Token, "10.9.9.9", "machine.read"), server.Id)).View?.Power);
        NothingTold(server);
    }

    [Fact]
    public async Task A_BMC_of_another_machine_keeps_its_password()
    {
        var (left, right) = (await world.Racked(), await world.Racked());
        left.Bmc.Identity = right.Bmc.Identity;
        Assert.Equal(Ending.Failed, (await world.Finish(await world.Begin(new RotateBmc(left.Id)))).Result);
        Assert.Equal(World.BmcPassword, left.Bmc.Password);
        Assert.DoesNotContain("password", left.Bmc.Journal);
        Assert.Contains(Holds.Identity, world.HoldsOf(left));
        Assert.Contains(Holds.Identity, world.HoldsOf(right));
    }

    [Fact]
    public async Task Errands_act_and_are_read_back()
    {
        var server = await world.Baremetal();
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new LocateMachine(server.Id, true)))).Result);
        Assert.True(server.Bmc.Lit);
        Assert.Equal(ProblemCodes.MachineNotInMaintenance, (await world.Send(new PowerMachine(server.Id, false))).Problem?.Code);
        await world.Done(new StartMaintenance(server.Id, "fan", world.Time.Now.AddHours(2)));
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new PowerMachine(server.Id, false)))).Result);
        Assert.Equal(PowerState.Off, server.Bmc.Power);
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new PowerMachine(server.Id, true)))).Result);
        Assert.Equal(PowerState.On, server.Bmc.Power);
        Assert.Equal("on", (await world.Gate.Power(new(world.Token, "10.9.9.9", "machine.read"), server.Id)).View?.Power);
        await world.Done(new EndMaintenance(server.Id, null));
        world.AtRest(server);
        Assert.Equal("baremetal", world.State(server.Id).Stage);
    }

    BmcAccess Bmc(Server server) => ((MachineState.Known)world.State(server.Id)).About.Bmc!;

    /// <summary>The one password in the store is the BMC's, it is not the factory's, and no event or log line has ever told either.</summary>
    async Task Rotated(Server server)
    {
        await world.Seen();
        world.AtRest(server);
        Assert.Null(Bmc(server).Pending);
        Assert.Equal(server.Bmc.Password, await world.Secrets.Get(Bmc(server).Secret, default));
        Assert.NotEqual(World.BmcPassword, server.Bmc.Password);
        Assert.Equal(16, server.Bmc.Password.Length);
        Assert.Equal([Bmc(server).Secret], world.Secrets.Kept.Where(s => s.Name == $"bmc/{server.Id}"));
        NothingTold(server);
    }

    void NothingTold(Server server)
    {
        foreach (var secret in (string[])[server.Bmc.Password, World.BmcPassword])
        {
            Assert.DoesNotContain(world.Watch.Facts, f => System.Text.Encoding.UTF8.GetString(f.Recorded.Data.Span).Contains(secret, StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetString(f.Recorded.Metadata.Span).Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(world.Logs.Lines, l => l.Contains(secret, StringComparison.Ordinal));
        }
    }
}
