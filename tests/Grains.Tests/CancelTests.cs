using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>A cancel at every step of every workflow, while the step runs; it lands where the step says.</summary>
public sealed class CancelTests(World world) : IClassFixture<World>
{
    [Theory, MemberData(nameof(StepFailureTests.Steps), MemberType = typeof(StepFailureTests))]
    public async Task A_cancel_lands_where_the_step_says(string kind, string step)
    {
        var (server, command) = await StepFailureTests.Start(world, kind);
        var workflow = Workflows.Named(kind);
        var the = workflow.Steps[workflow.IndexOf(step)];

        // The step is held up until the cancel was heard, whoever does it.
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var current = "";
        Task Hold() => current == step ? heard.Task : Task.CompletedTask;
        server.Pause = at => at == step ? heard.Task : Task.CompletedTask;
        world.Store.Coming = (_, e) => current = e is StepStarted s ? s.Step : current;
        world.Store.Before = stream => stream == $"machine-{server.Id}" && step is (Workflows.Steps.BeginWriting or Workflows.Steps.RecordWipes or Workflows.Steps.Record) ? Hold() : Task.CompletedTask;
        world.Network.Hold = _ => Hold();
        world.Images.Hold = Hold;
        var id = await world.Begin(command);
        await world.Watch.For<StepStarted>($"operation-{id}", $"{step} started", s => s.Step == step);

        var answer = await world.Send(new CancelOperation(id, "changed my mind"));
        heard.SetResult();
        var ended = await world.Finish(id);
        world.Calm();
        world.AtRest(server);

        if (answer.Problem?.Code == ProblemCodes.OperationEnded)
        {
            Assert.True(the.OnCancel == OnCancel.Refused, step);
            Assert.Equal(Ending.Succeeded, ended.Result);
            return;
        }
        Assert.Null(answer.Problem);
        Assert.NotEqual(OnCancel.Refused, the.OnCancel);
        Assert.Equal(Ending.Cancelled, ended.Result);
        var writing = workflow.Steps.Any(s => s.PointOfNoReturn && workflow.IndexOf(s.Name) < workflow.IndexOf(step));
        var stage = world.State(server.Id).Stage;
        if (writing) Assert.Equal(("inventory", true), (stage, world.HoldsOf(server).Contains(Holds.Dirty)));
        else if (step != Workflows.Steps.BeginWriting) Assert.Empty(world.HoldsOf(server));
        Assert.Equal(stage == "baremetal" ? PowerState.On : PowerState.Off, server.Bmc.Power);
    }
}
