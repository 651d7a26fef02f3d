using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Xunit;
using static Ppec.Domain.Tests.Samples;
using Steps = Ppec.Domain.Machines.Workflows.Steps;

namespace Ppec.Domain.Tests.Operations;

/// <summary>The engine's rules, one by one.</summary>
public static class OperationTests
{
    static Run Provision() => new(Lives.Provisioning);

    static void Changes(Run run, OperationCommand command, params OperationEvent[] expected)
    {
        var at = run.Now;
        var decision = run.Tell(command);
        Assert.Null(decision.Problem);
        Assert.Equal(string.Join('\n', expected.Select(e => Facts.Text(e with { At = at }))), string.Join('\n', decision.Events.Select(Facts.Text)));
    }

    static void Refused(Run run, OperationCommand command, string code)
    {
        var before = Facts.Text(run.State);
        Assert.Equal(code, run.Tell(command).Problem?.Code);
        Assert.Equal(before, Facts.Text(run.State));
    }

    [Theory]
    [InlineData("inspect", "spare"), InlineData("provision", "baremetal"), InlineData("reimage", "baremetal"), InlineData("release", "spare"), InlineData("retire", "retired")]
    public static void Every_workflow_reaches_its_goal(string kind, string stage)
    {
        var run = new Run(Tables.WorkflowTables.Starts.First(s => s.Life.About.Operation!.Kind == kind).Life).ToEnd();
        Assert.Equal(Ending.Succeeded, Assert.IsType<OperationState.Ended>(run.State).Ending.Result);
        Assert.Equal((stage, null), (run.Machine.State.Stage, run.Machine.About.Operation));
        Assert.Empty(run.Compensated);
    }

    [Fact]
    public static void A_step_begins_with_the_next_generation_and_a_deadline()
    {
        var run = Provision();
        Changes(run, new BeginStep(run.Id, Steps.VerifyImage), new StepStarted(Steps.VerifyImage, 1, run.Now.AddMinutes(5)));
        Changes(run, new BeginStep(run.Id, Steps.VerifyImage));
        Refused(run, new BeginStep(run.Id, Steps.Install), ProblemCodes.OperationStale);
    }

    [Fact]
    public static void A_failed_attempt_waits_and_the_wait_doubles()
    {
        var run = new Run(Lives.Provisioning) { Fates = (s, n) => s == Steps.BootPious && n < 4 ? Fate.Fails : Fate.Done }.ToEnd();
        var waits = run.Past.OfType<StepFailed>().Select(f => (f.RetryAt!.Value - f.At).TotalSeconds);
        Assert.Equal([5, 10, 20], waits);
    }

    [Fact]
    public static void A_wait_to_try_again_can_be_cut_short()
    {
        var run = new Run(Lives.Provisioning) { Fates = (s, n) => s == Steps.BootPious && n == 1 ? Fate.Fails : Fate.Done }.Until(Steps.BootPious, begun: true);
        run.Act();
        Changes(run, new RetryOperation(run.Id), new StepRetried(Steps.BootPious));
        Changes(run, new RetryOperation(run.Id));
        Assert.IsType<Next.Begin>(Operation.Resume(run.State, run.Now));
    }

    [Fact]
    public static void A_step_that_PIOUS_failed_is_tried_again_from_its_boot()
    {
        var run = new Run(Lives.Provisioning) { Fates = (s, n) => s == Steps.Install && n == 1 ? Fate.Fails : Fate.Done }.ToEnd();
        Assert.Equal(2, run.Past.OfType<StepStarted>().Count(s => s.Step == Steps.BootPious));
        Assert.Equal(Ending.Succeeded, ((OperationState.Ended)run.State).Ending.Result);
    }

    [Fact]
    public static void An_older_generation_takes_no_effect()
    {
        var run = new Run(Lives.Provisioning) { Fates = (s, n) => s == Steps.Install && n == 1 ? Fate.Silent : Fate.Done }.Until(Steps.Install, begun: true);
        var old = ((OperationState.Active)run.State).Attempt.Generation;
        run.Act();
        run.Act();
        run.Until(Steps.Install, begun: true);
        Refused(run, new CompleteStep(run.Id, Steps.Install, old, null), ProblemCodes.OperationStale);
        Refused(run, new FailStep(run.Id, Steps.Install, old, "late", true), ProblemCodes.OperationStale);
        Refused(run, new ReportTask(run.Id, Steps.Install, old, run.Answer(Steps.Install)), ProblemCodes.OperationStale);
    }

    [Fact]
    public static void A_cancel_during_an_erase_waits_and_its_proof_is_recorded()
    {
        var run = new Run(Lives.Releasing).Until(Steps.Wipe, begun: true);
        Changes(run, new CancelOperation(run.Id, "stop"), new CancelRequested("stop"));
        Changes(run, new CancelOperation(run.Id, "stop!"));
        run.ToEnd();
        Assert.Equal(Ending.Cancelled, ((OperationState.Ended)run.State).Ending.Result);
        Assert.Equal(["NVME-1", "SATA-1"], run.Machine.About.Wipes.Select(w => w.Serial));
        Assert.Equal("inventory", run.Machine.State.Stage);
    }

    [Fact]
    public static void A_cancel_between_an_erase_and_its_record_waits_for_the_record()
    {
        var run = new Run(Lives.Releasing).Until(Steps.RecordWipes, begun: false);
        Changes(run, new CancelOperation(run.Id, "stop"), new CancelRequested("stop"));
        run.ToEnd();
        Assert.Equal(2, run.Machine.About.Wipes.Length);
        Assert.Equal(Ending.Cancelled, ((OperationState.Ended)run.State).Ending.Result);
    }

    [Fact]
    public static void An_ended_operation_is_not_cancelled() => Refused(Provision().ToEnd(), new CancelOperation(Lives.Now, "late"), ProblemCodes.OperationEnded);

    [Fact]
    public static void A_compensation_that_fails_is_tried_again_a_few_times_and_then_the_machine_is_held()
    {
        var run = new Run(Lives.Provisioning) { Undoes = _ => false }.Until(Steps.AwaitPious, begun: true);
        run.Tell(new CancelOperation(run.Id, "stop"));
        run.ToEnd();
        Assert.Equal(Operation.UndoAttempts, run.Compensated.Count);
        Assert.Equal(Ending.Failed, ((OperationState.Ended)run.State).Ending.Result);
        Assert.Contains("the BMC does not answer", ((OperationState.Ended)run.State).Ending.Why, StringComparison.Ordinal);
        Assert.Equal([Workflows.Provision], run.Machine.About.Holds.Keys);
    }

    // ── Holds ─────────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_hold_pauses_at_the_next_safe_step_and_lifting_it_goes_on()
    {
        var run = Provision().Until(Steps.AwaitPious, begun: true);
        run.TellMachine(Lives.Suspicion);
        while (run.State is not OperationState.Paused) run.Act();
        Assert.Equal(Steps.BeginWriting, run.Current!.Name);
        run.TellMachine(new Contracts.Machines.UnholdMachine(Id, "operator"));
        Assert.Equal("baremetal", run.ToEnd().Machine.State.Stage);
    }

    [Fact]
    public static void A_hold_that_nobody_lifts_gives_the_operation_up_after_a_day()
    {
        var run = Provision().Until(Steps.AwaitPious, begun: true);
        run.TellMachine(Lives.Suspicion);
        run.ToEnd();
        Assert.Equal((Ending.Failed, "spare"), (((OperationState.Ended)run.State).Ending.Result, run.Machine.State.Stage));
        Assert.True(run.Now - Lives.Provisioning.Now >= Operation.PauseLimit);
    }

    [Fact]
    public static void Nothing_pauses_where_it_is_not_safe() =>
        Refused(Provision().Until(Steps.Install, begun: false), new PauseOperation(Lives.Now, "held"), ProblemCodes.OperationStale);

    [Fact]
    public static void A_late_failure_does_not_give_a_paused_operation_up()
    {
        var run = Provision().Until(Steps.BeginWriting, begun: false);
        run.Tell(new PauseOperation(run.Id, "held"));
        Refused(run, new FailStep(run.Id, Steps.CheckHardware, run.Facts.Generation, "late", true), ProblemCodes.OperationStale);
        Refused(run, new FailStep(run.Id, Steps.BeginWriting, run.Facts.Generation, "too early", true), ProblemCodes.OperationStale);
    }

    // ── Agents ────────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_boot_token_is_exchanged_once()
    {
        var run = Provision().Until(Steps.AwaitPious, begun: true);
        var connect = new ConnectAgent(run.Id, "token-a", run.Now.AddMinutes(30), "sha", run.Now.AddHours(1), Evidence);
        Changes(run, connect, new AgentConnected("token-a", connect.TokenExpiresAt, "sha", run.Now.AddHours(1), Evidence), new StepSucceeded(Steps.AwaitPious, run.Facts.Generation, null));
        run.Until(Steps.CheckHardware, begun: true);
        Refused(run, connect, ProblemCodes.BootTokenRefused);
        var later = connect with { TokenId = "token-b", TokenExpiresAt = connect.TokenExpiresAt.AddMilliseconds(1) };
        Changes(run, later, new AgentConnected("token-b", later.TokenExpiresAt, "sha", connect.ExpiresAt, Evidence));
    }

    /// <summary>A request of an earlier boot, late on its way, must not put out the agent that holds the machine now.</summary>
    [Fact]
    public static void A_boot_token_older_than_the_session_s_is_refused()
    {
        var run = Provision().Until(Steps.AwaitPious, begun: true);
        var connect = new ConnectAgent(run.Id, "token-b", run.Now.AddMinutes(30), "sha", run.Now.AddHours(1), Evidence);
        run.Tell(connect);
        run.Until(Steps.CheckHardware, begun: true);
        Refused(run, connect with { TokenId = "token-a", TokenExpiresAt = connect.TokenExpiresAt.AddMilliseconds(-1) }, ProblemCodes.BootTokenRefused);
        Assert.Equal(connect.TokenExpiresAt, run.Facts.Session!.TokenExpiresAt);
    }

    [Fact]
    public static void An_agent_that_nobody_waits_for_is_refused() =>
        Refused(Provision().Until(Steps.VerifyImage, begun: true), new ConnectAgent(Lives.Now, "t", Start, "sha", Start, Evidence), ProblemCodes.BootTokenRefused);

    [Fact]
    public static void An_agent_cannot_fail_a_step_that_is_not_its_own()
    {
        var run = Provision().Until(Steps.BootDisk, begun: true);
        Refused(run, new ReportTask(run.Id, Steps.BootDisk, run.Facts.Generation, new Contracts.Agents.TaskResult("no")), ProblemCodes.OperationStale);
    }

    [Fact]
    public static void A_result_and_a_beacon_told_twice_write_once()
    {
        var run = Provision().Until(Steps.Install, begun: true);
        var report = new ReportTask(run.Id, Steps.Install, run.Facts.Generation, run.Answer(Steps.Install));
        run.Tell(report);
        Changes(run, report);
        run.Until(Steps.AwaitFirstBoot, begun: true);
        run.Tell(new ReportBeacon(run.Id, "t", Run.Beacon, "10.1.0.5"));
        Changes(run, new ReportBeacon(run.Id, "t", Run.Beacon, "10.1.0.5"));
    }
}
