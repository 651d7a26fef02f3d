using CsCheck;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Xunit;
using static Ppec.Domain.Tests.Samples;
using Steps = Ppec.Domain.Machines.Workflows.Steps;

namespace Ppec.Domain.Tests.Operations;

/// <summary>What holds of every operation, whoever speaks to it and when: it ends, undoes once, and no older generation takes effect.</summary>
public static class OperationProperties
{
    /// <summary>One interruption: which, with which generation and step, and how the attempt after it goes.</summary>
    sealed record Knock(int Kind, int A, int B, Fate Fate);

    sealed record Story(int Start, Knock[] Knocks, bool[] Undoes);

    static readonly Gen<Knock> AnyKnock = Gen.Select(Gen.Int[0, 39], Gen.Int[0, 30], Gen.Int[0, 9], Gen.Int[0, 11], (k, a, b, f) => new Knock(k, a, b, f switch { 0 => Fate.Silent, 1 => Fate.Fails, 2 => Fate.FailsForGood, _ => Fate.Done }));
    static readonly Gen<Story> Stories = Gen.Select(Gen.Int[0, Tables.WorkflowTables.Starts.Count - 1], AnyKnock.Array[0, 60], Gen.Bool.Array[6], (s, k, u) => new Story(s, k, u));

    [Fact]
    public static void Any_interleaving_ends_within_bounds() => Sampled.Each(Stories, 3000, Live, s => $"{Tables.WorkflowTables.Starts[s.Start].Name}: {string.Join("; ", s.Knocks.Select(k => k.ToString()))}");

    static void Live(Story story)
    {
        var at = 0;
        var run = new Run(Tables.WorkflowTables.Starts[story.Start].Life)
        {
            Fates = (_, _) => at < story.Knocks.Length ? story.Knocks[at].Fate : Fate.Done,
            Undoes = n => story.Undoes[n % story.Undoes.Length],
        };
        for (; at < story.Knocks.Length && !run.Ended; at++)
        {
            Interrupt(run, story.Knocks[at]);
            if (!run.Ended) run.Act();
        }
        Rested(run.ToEnd(400));
        Landed(run, Tables.WorkflowTables.Starts[story.Start].Life);
    }

    static void Interrupt(Run run, Knock knock)
    {
        var step = run.Workflow.Steps[knock.B % run.Workflow.Steps.Length].Name;
        var active = run.State as OperationState.Active;
        var stale = active is null || knock.A != active.Attempt.Generation || step != Operation.StepOf(active).Name;
        switch (knock.Kind)
        {
            case 0: run.Tell(new CancelOperation(run.Id, "stop")); break;
            case 1: run.Tell(new RetryOperation(run.Id)); break;
            case 2: run.Tell(new PauseOperation(run.Id, "held")); break;
            case 3: run.Tell(new ResumeOperation(run.Id)); break;
            case 4: run.TellMachine(Lives.Suspicion); break;
            case 5: run.TellMachine(new UnholdMachine(Id, "operator")); break;
            case 6: run.Tell(new ConnectAgent(run.Id, $"token-{knock.A}", run.Now.AddMinutes(knock.A), "sha", run.Now, Evidence)); break;
            case 7: run.Tell(new ReportBeacon(run.Id, "t", knock.A % 2 == 0 ? Run.Beacon : Run.Beacon with { Image = "x" }, "1")); break;
            case 8: run.Tell(new BeginStep(run.Id, step)); break;
            case 9: run.Tell(new CompleteCompensation(run.Id, step, knock.A % 2 == 0 ? null : "no")); break;
            case 10 when run.State is not OperationState.Concluding: run.Tell(new ConcludeOperation(run.Id)); break;
            case 11: run.Tell(new StartOperation(run.Id, "retire", Id, new OperationInput())); break;
            case < 20: Stale(run, new CompleteStep(run.Id, step, knock.A, null), stale); break;
            case < 25: Stale(run, new FailStep(run.Id, step, knock.A, "late", knock.A % 2 == 0), stale); break;
            case < 30: Stale(run, new ReportTask(run.Id, step, knock.A, knock.A % 2 == 0 ? new TaskResult("late") : run.Answer(step)), stale); break;
        }
    }

    /// <summary>What comes from an older attempt, or from another step, changes nothing; a live one is left to the runner.</summary>
    static void Stale(Run run, OperationCommand command, bool stale)
    {
        if (!stale) return;
        var before = Facts.Text(run.State);
        Assert.Empty(run.Tell(command).Events);
        Assert.Equal(before, Facts.Text(run.State));
    }

    static void Rested(Run run)
    {
        var ending = ((OperationState.Ended)run.State).Ending;
        var generations = run.Past.OfType<StepStarted>().Select(s => s.Generation).ToList();
        Assert.Equal(Enumerable.Range(1, generations.Count).Select(g => (long)g), generations);
        Assert.DoesNotContain(run.Past.OfType<StepUndone>().GroupBy(u => u.Step), g => g.Count() > 1);
        Assert.Single(run.Past.OfType<OperationEnded>());
        Assert.True(run.Past.OfType<OperationTurnedBack>().Count() <= 1);

        // Whoever follows the log may stop after any fact, in the middle of an append too: there is something to show at each.
        var state = Operation.Initial;
        for (var i = 0; i < run.Past.Count; i++)
        {
            state = Operation.Evolve(state, run.Past[i]);
            Assert.Equal(run.Id, OperationViews.Of(state, i + 1, "", null, null)!.Id);
        }

        // Folding the facts again, or any number of them, is the same operation.
        Assert.Equal(Facts.Text(run.State), Facts.Text(run.Past.Aggregate(Operation.Initial, Operation.Evolve)));

        if (ending.Result == Ending.Succeeded)
        {
            Assert.Empty(run.Compensated);
            return;
        }
        Assert.Equal(run.Facts.Steps.ContainsKey(Steps.BootPious), run.Past.Any(e => e is StepUndone or UndoFailed { RetryAt: null }));
        if (run.Past.OfType<StepUndone>().Any()) Assert.Equal(ending.Result, run.Past.OfType<OperationTurnedBack>().Single().Result);
    }

    /// <summary>The machine after any ending: resting, dirty just when disks may be half written, held when anything failed.</summary>
    static void Landed(Run run, Life before)
    {
        var about = run.Machine.About;
        Assert.Null(about.Operation);
        var ending = ((OperationState.Ended)run.State).Ending;
        if (ending.Result == Ending.Succeeded) return;
        var wrote = run.Machine.Past.Skip(before.Past.Length).Any(e => e is DiskWritingStarted);
        Assert.Equal(wrote ? "inventory" : before.State.Stage, run.Machine.State.Stage);
        Assert.Equal(wrote || before.About.Holds.ContainsKey(Holds.Dirty), about.Holds.ContainsKey(Holds.Dirty));
        if (ending.Result == Ending.Failed && Workflows.HoldsWhenFailed(run.Workflow.Kind)) Assert.Contains(about.Holds.Keys, k => k == Holds.Dirty || k == run.Workflow.Kind);
    }

    public static TheoryData<int> EveryStart => [.. Enumerable.Range(0, Tables.WorkflowTables.Starts.Count)];

    [Theory, MemberData(nameof(EveryStart))]
    public static void Every_step_failing_in_turn_rests(int start) => EachStep(start, (life, step) =>
    {
        foreach (var fate in (Fate[])[Fate.Fails, Fate.FailsForGood, Fate.Silent])
            for (var bad = 1; bad <= step.Attempts; bad++)
            {
                var run = new Run(life) { Fates = (s, n) => s == step.Name && n <= bad ? fate : Fate.Done }.ToEnd();
                var survives = fate != Fate.FailsForGood && bad < step.Attempts;
                Assert.Equal(survives ? Ending.Succeeded : Ending.Failed, ((OperationState.Ended)run.State).Ending.Result);
                Rested(run);
                Landed(run, life);
            }
    });

    [Theory, MemberData(nameof(EveryStart))]
    public static void Every_step_run_again_after_a_lost_answer_reaches_the_goal(int start) => EachStep(start, (life, step) =>
    {
        // The work was done and its answer lost: the deadline passes and the step is done again.
        var run = new Run(life).Until(step.Name, begun: true);
        var attempt = ((OperationState.Active)run.State).Attempt;
        if (step.Name == Steps.BeginWriting) run.TellMachine(new RecordWriting(Id, run.Id));
        run.Tell(new FailStep(run.Id, step.Name, attempt.Generation, "no answer", Final: false));
        run.ToEnd();
        Assert.Equal(Ending.Succeeded, ((OperationState.Ended)run.State).Ending.Result);
        Assert.Null(run.Machine.About.Operation);
    });

    [Theory, MemberData(nameof(EveryStart))]
    public static void A_cancel_at_every_step_rests(int start) => EachStep(start, (life, step) =>
    {
        foreach (var begun in (bool[])[false, true])
            foreach (var undoes in (bool[])[true, false])
            {
                var run = new Run(life) { Undoes = _ => undoes }.Until(step.Name, begun);
                run.Tell(new CancelOperation(run.Id, "stop"));
                run.ToEnd();
                var ending = ((OperationState.Ended)run.State).Ending.Result;
                // What waits and has nothing after it but its record is carried to the end.
                var last = run.Workflow.Steps[^1];
                var carriedOn = last.OnCancel == OnCancel.Waits && step.OnCancel == OnCancel.Waits && (begun || step == last);
                Assert.Equal(carriedOn || (begun && step.OnCancel == OnCancel.Refused) ? Ending.Succeeded : undoes || run.Compensated.Count == 0 ? Ending.Cancelled : Ending.Failed, ending);
                Rested(run);
                Landed(run, life);
            }
    });

    static void EachStep(int start, Action<Life, Step> check)
    {
        var life = Tables.WorkflowTables.Starts[start].Life;
        foreach (var step in Workflows.Named(life.About.Operation!.Kind).Steps) check(life, step);
    }
}
