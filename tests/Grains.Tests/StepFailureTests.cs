using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>Every step of every workflow goes wrong in turn, in every way it can; each time the machine rests, nothing is open, and its power is right.</summary>
public sealed class StepFailureTests(World world) : IClassFixture<World>
{
    static readonly string[] Kinds = [Workflows.Inspect, Workflows.Provision, Workflows.Release, Workflows.Retire];

    static IEnumerable<(string Kind, Step Step)> All => Kinds.SelectMany(k => Workflows.Named(k).Steps.Select(s => (k, s)));

    public static TheoryData<string, string> Steps() => new(All.Select(s => (s.Kind, s.Step.Name)));
    public static TheoryData<string, string> Agents() => new(All.Where(s => s.Step.Kind == StepKind.Agent).Select(s => (s.Kind, s.Step.Name)));
    public static TheoryData<string, string> Remote() => new(All.Where(s => s.Step.Kind != StepKind.Act).Select(s => (s.Kind, s.Step.Name)));
    public static TheoryData<string, string, bool> Powers() => new(
        All.Where(s => s.Step.Name is Workflows.Steps.BootPious or Workflows.Steps.BootDisk or Workflows.Steps.PowerOff).SelectMany(s => new[] { (s.Kind, s.Step.Name, true), (s.Kind, s.Step.Name, false) }));

    public static TheoryData<string, string> Records() => new(
        All.Where(s => s.Step.Name is Workflows.Steps.BeginWriting or Workflows.Steps.RecordWipes or Workflows.Steps.Record).Select(s => (s.Kind, s.Step.Name)));

    [Theory, MemberData(nameof(Agents))]
    public async Task An_agent_that_reports_an_error_fails_the_operation(string kind, string step)
    {
        var (server, command) = await Start(world, kind, s => s.Reports = (at, honest) => at == step && s.Reporting ? new TaskResult("smoke came out") : honest);
        server.Reporting = true;
        var ended = await world.Finish(await world.Begin(command));
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains("smoke came out", ended.Why, StringComparison.Ordinal);
        await Rests(server, kind, step);
    }

    [Theory, MemberData(nameof(Agents))]
    public async Task An_agent_that_errs_once_is_tried_again_and_succeeds(string kind, string step)
    {
        var errors = 0;
        var (server, command) = await Start(world, kind, s => s.Reports = (at, honest) => at == step && s.Reporting && errors++ == 0 ? new TaskResult("a glitch") : honest);
        server.Reporting = true;
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(command))).Result);
        world.AtRest(server);
    }

    [Theory, MemberData(nameof(Remote))]
    public async Task What_never_answers_is_given_up_at_its_deadline(string kind, string step)
    {
        var (server, command) = await Start(world, kind);
        server.Silent = at => at == step;
        var ended = await world.Finish(await world.Begin(command), silent: at => at == step);
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains("did not finish within", ended.Why, StringComparison.Ordinal);
        await Rests(server, kind, step);
    }

    [Theory, MemberData(nameof(Powers))]
    public async Task A_BMC_that_fails_for_good_fails_the_operation_and_one_that_recovers_does_not(string kind, string step, bool forGood)
    {
        var (server, command) = await Start(world, kind);
        var failed = 0;
        world.Store.Coming = (_, e) => server.Bmc.Broken = e switch
        {
            StepStarted s => s.Step == step && (forGood || failed == 0) ? BmcFailure.Timeout : null,
            StepFailed f when f.Step == step && ++failed > 0 && !forGood => null,
            OperationTurnedBack => null, // it answers again: compensation finds it well
            _ => server.Bmc.Broken,
        };
        var ended = await world.Finish(await world.Begin(command));
        world.Calm();
        Assert.Equal(forGood ? Ending.Failed : Ending.Succeeded, ended.Result);
        if (forGood) await Rests(server, kind, step);
        else world.AtRest(server);
    }

    /// <summary>Steps that PPEC does itself on other aggregates fail when those cannot be written.</summary>
    [Theory, MemberData(nameof(Records))]
    public async Task A_log_that_refuses_for_a_while_only_delays(string kind, string step)
    {
        var (server, command) = await Start(world, kind);
        var (refused, at) = (0, "");
        world.Store.Coming = (_, e) => at = e is StepStarted s ? s.Step : at;
        world.Store.Fails = stream => stream == $"machine-{server.Id}" && at == step && refused++ < 2 ? Fault.Refuses : Fault.None;
        var ended = await world.Finish(await world.Begin(command));
        world.Calm();
        Assert.Equal(Ending.Succeeded, ended.Result);
        Assert.True(refused >= 2, $"refused {refused}");
        world.AtRest(server);
    }

    public static async Task<(Server Server, Command Command)> Start(World world, string kind, Action<Server>? as_ = null)
    {
        var server = kind switch
        {
            Workflows.Inspect => await world.Racked(as_),
            Workflows.Release => await world.Baremetal(as_),
            _ => await world.Spare(as_),
        };
        return (server, Command(kind, server));
    }

    public static Command Command(string kind, Server server) => kind switch
    {
        Workflows.Inspect => new InspectMachine(server.Id),
        Workflows.Provision => server.Provision(),
        Workflows.Release => new ReleaseMachine(server.Id),
        _ => new RetireMachine(server.Id),
    };

    /// <summary>Held, at the stage the step × cancel table says, with nothing open and its power as that stage wants it.</summary>
    async Task Rests(Server server, string kind, string step)
    {
        await world.Watch.For<OperationAbandoned>($"machine-{server.Id}", "the machine heard how it ended");
        world.AtRest(server);
        var workflow = Workflows.Named(kind);
        var writing = workflow.Steps.Any(s => s.PointOfNoReturn) && workflow.IndexOf(step) > workflow.IndexOf(Workflows.Steps.BeginWriting);
        var stage = writing ? "inventory" : kind switch { Workflows.Inspect => "racked", Workflows.Release => "baremetal", _ => "spare" };
        Assert.Equal(stage, world.State(server.Id).Stage);
        Assert.Contains(writing ? Holds.Dirty : kind, world.HoldsOf(server));
        Assert.Equal(stage == "baremetal" ? PowerState.On : PowerState.Off, server.Bmc.Power);
    }
}
