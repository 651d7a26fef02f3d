using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>Whoever runs a step goes away while it runs; the operation still ends in success, and nothing was done twice.</summary>
public sealed class RestartTests(World world) : IClassFixture<World>
{
    [Theory, MemberData(nameof(StepFailureTests.Steps), MemberType = typeof(StepFailureTests))]
    public async Task An_operation_outlives_its_activation_at_every_step(string kind, string step) =>
        await Outlives(kind, step, async (id, server, release) =>
        {
            var gone = world.Silo.Activations.End(id);
            world.Time.Advance(TimeSpan.FromSeconds(21)); // an agent's wait for a task keeps the activation: it ends
            Assert.True(await gone);
            release();
            await world.Wake(id, server);
        });

    internal async Task Outlives(string kind, string step, Func<string, Server, Action, Task> interrupt)
    {
        var (server, command) = await StepFailureTests.Start(world, kind);
        var facts = world.Watch.Of($"machine-{server.Id}").Count();
        var release = HoldUp(server, step);
        var id = await world.Begin(command);
        await world.Watch.For<StepStarted>($"operation-{id}", $"{step} started", s => s.Step == step);

        await interrupt(id, server, release);

        var ended = await world.Finish(id);
        world.Calm();
        Assert.True(ended.Result == Ending.Succeeded, $"{ended.Result}: {ended.Why}");
        world.AtRest(server);
        Assert.Equal(kind switch { Workflows.Provision => "baremetal", Workflows.Retire => "retired", _ => "spare" }, world.State(server.Id).Stage);
        Assert.Empty(world.Watch.Of($"operation-{id}").OfType<StepFailed>());
        Assert.All(world.Watch.Of($"machine-{server.Id}").Skip(facts).GroupBy(e => e.GetType()), Once);
        var tasks = server.Done.Where(d => d.Key.StartsWith(id, StringComparison.Ordinal)).ToList();
        Assert.All(tasks, t => Assert.Equal(1, t.Value));
        Assert.All(tasks.GroupBy(t => t.Key.Split('.')[1]), g => Assert.Single(g));

        static void Once(IGrouping<Type, Contracts.Events.IDomainEvent> facts) => Assert.True(facts.Count() == 1, $"{facts.Count()} × {facts.Key.Name}");
    }

    /// <summary>The step cannot end before the answer is called, whoever does it.</summary>
    Action HoldUp(Server server, string step)
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var current = "";
        Task Hold() => current == step ? released.Task : Task.CompletedTask;
        server.Pause = at => at == step ? released.Task : Task.CompletedTask;
        world.Store.Coming = (_, e) => current = e is StepStarted s ? s.Step : current;
        world.Store.Before = stream => stream == $"machine-{server.Id}" && step is (Workflows.Steps.BeginWriting or Workflows.Steps.RecordWipes or Workflows.Steps.Record) ? Hold() : Task.CompletedTask;
        world.Network.Hold = _ => Hold();
        world.Images.Hold = Hold;
        return released.SetResult;
    }
}

/// <summary>As <see cref="RestartTests"/>, and harder: the silo is killed and another takes over on the same log.</summary>
public sealed class KillTests(World world) : IClassFixture<World>
{
    [Theory, MemberData(nameof(StepFailureTests.Steps), MemberType = typeof(StepFailureTests))]
    public async Task An_operation_outlives_its_silo_at_every_step(string kind, string step) =>
        await new RestartTests(world).Outlives(kind, step, async (_, _, release) =>
        {
            var restarted = world.Restart();
            release(); // the old silo's log is cut by now; what was on its way may still land
            await restarted;

            // No call wakes it: the sweep at start does, from the folded log.
            Assert.True(await world.Silo.Model.WaitFor(await world.Store.End(default), TimeSpan.FromSeconds(10), default));
            world.Time.Advance(TimeSpan.FromSeconds(1));
        });
}
