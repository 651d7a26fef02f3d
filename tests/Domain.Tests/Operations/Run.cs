using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Operations;

/// <summary>How one attempt of a step goes.</summary>
public enum Fate { Done, Fails, FailsForGood, Silent }

/// <summary>
/// One operation and its machine, carried on as a runner does it: ask <see cref="Operation.Resume"/>, do that, tell the outcome. Time is virtual and
/// moves only to the next wait or deadline. Mutable, because a test steps it and looks.
/// </summary>
public sealed class Run
{
    public Run(Life machine)
    {
        Machine = machine;
        var ongoing = machine.About.Operation!;
        Now = machine.Now;
        Id = ongoing.Id;
        Workflow = Workflows.Named(ongoing.Kind);
        var disks = machine.Past.Select(e => e switch { ReleaseStarted r => r.Disks, RetirementStarted r => r.Disks, _ => default }).LastOrDefault(d => !d.IsDefault);
        Tell(new StartOperation(Id, ongoing.Kind, machine.About.Id, new OperationInput(ongoing.Plan, disks.IsDefault ? [] : disks, machine.About.Inspection?.Inventory)));
    }

    public Life Machine { get; private set; }
    public OperationState State { get; private set; } = Operation.Initial;
    public DateTimeOffset Now { get; private set; }
    public string Id { get; }
    public Workflow Workflow { get; }
    public List<OperationEvent> Past { get; } = [];
    public List<string> Compensated { get; } = [];

    /// <summary>What becomes of attempt n (from 1) of a step.</summary>
    public Func<string, int, Fate> Fates { get; init; } = (_, _) => Fate.Done;

    /// <summary>Whether compensation n (from 1) works.</summary>
    public Func<int, bool> Undoes { get; init; } = _ => true;

    public OperationFacts Facts => ((OperationState.Known)State).Facts;
    public Step? Current => State is OperationState.Ready or OperationState.Active or OperationState.Paused ? Operation.StepOf((OperationState.Known)State) : null;
    public bool Ended => State is OperationState.Ended;

    public Decision<OperationEvent> Tell(OperationCommand command)
    {
        var decision = Operation.Decide(State, command with { At = Now });
        if (decision.Problem is not null) return decision;
        foreach (var e in decision.Events)
        {
            State = Operation.Evolve(State, e);
            Past.Add(e);
            Assert.NotNull(OperationViews.Of(State, Past.Count, "", null, null)); // whoever folds the log may stop between any two facts
        }
        return decision;
    }

    public Decision<MachineEvent> TellMachine(MachineCommand command)
    {
        Machine = Machine with { Now = Now };
        var outcome = Machine.When(command);
        if (outcome.Problem is null) Machine = Machine.Do(command);
        return new([.. outcome.Events], outcome.Problem);
    }

    public Run ToEnd(int atMost = 2000)
    {
        for (var i = 0; !Ended; i++)
        {
            Assert.True(i < atMost, $"After {atMost} acts {Workflow.Kind} has not ended: {State.GetType().Name} {Current?.Name}.");
            Act();
        }
        return this;
    }

    /// <summary>Carries on until the step is the next one (<paramref name="begun"/> false) or under way.</summary>
    public Run Until(string step, bool begun)
    {
        for (var i = 0; i < 2000; i++)
        {
            if (Current?.Name == step && (begun ? State is OperationState.Active : State is OperationState.Ready)) return this;
            Act();
        }
        throw new InvalidOperationException($"{step} never came.");
    }

    public void Act()
    {
        switch (Operation.Resume(State, Now))
        {
            case Next.Wait w: Now = w.Until; break;
            case Next.Begin { Step: var step } when step.SafePoint && HeldSince(): Tell(new PauseOperation(Id, "held")); break;
            case Next.Begin b: Tell(new BeginStep(Id, b.Step.Name)); break;
            case Next.Run r: Try(r.Step, r.Attempt); break;
            case Next.Expire e: Tell(new FailStep(Id, e.Step.Name, e.Generation, "its time is over", Final: false)); break;
            case Next.CheckHold when !HeldSince(): Tell(new ResumeOperation(Id)); break;
            case Next.CheckHold c: Now = c.Until; break;
            case Next.Undo u: Undo(u); break;
            case Next.Conclude c:
                TellMachine(new AbandonOperation(Machine.About.Id, Id, c.Ending.Why, c.Ending.Result == Ending.Failed));
                Tell(new ConcludeOperation(Id));
                break;
            case Next.Rest: throw new InvalidOperationException("An ended operation has nothing to do.");
        }
    }

    /// <summary>A hold that was there when the operation began was no reason not to begin it.</summary>
    bool HeldSince() => Machine.About.HoldsAt(Now).Any(h => h.Since > Facts.StartedAt);

    void Undo(Next.Undo u)
    {
        Compensated.Add(u.Step);
        Tell(new CompleteCompensation(Id, u.Step, Undoes(Compensated.Count) ? null : "the BMC does not answer"));
    }

    void Try(Step step, Attempt attempt)
    {
        Now += TimeSpan.FromSeconds(1);
        switch (Fates(step.Name, Facts.Steps[step.Name].Attempts))
        {
            case Fate.Silent: Now = attempt.Deadline; return;
            case Fate.Done: Succeed(step, attempt); return;
            case var fate: Tell(new FailStep(Id, step.Name, attempt.Generation, "it went wrong", fate == Fate.FailsForGood)); return;
        }
    }

    void Succeed(Step step, Attempt attempt)
    {
        switch (step.Kind)
        {
            case StepKind.Agent: Tell(new ReportTask(Id, step.Name, attempt.Generation, Answer(step.Name))); break;
            case StepKind.Await when step.Name == Workflows.Steps.AwaitPious:
                // As a token is minted: newer than the session's, whatever the clock says.
                var expires = Facts.Session is { } session && session.TokenExpiresAt >= attempt.Deadline ? session.TokenExpiresAt.AddMilliseconds(1) : attempt.Deadline;
                Tell(new ConnectAgent(Id, $"token-{attempt.Generation}", expires, "sha", attempt.Deadline, Evidence)); break;
            case StepKind.Await: Tell(new ReportBeacon(Id, $"token-{attempt.Generation}", Beacon, "10.1.0.5")); break;
            default:
                var refused = Record(step.Name) is { } command ? TellMachine(command).Problem : null;
                Tell(refused is null ? new CompleteStep(Id, step.Name, attempt.Generation, null) : new FailStep(Id, step.Name, attempt.Generation, refused.Message, Final: true));
                break;
        }
    }

    public static readonly Beacon Beacon = new("t", Samples.Id, "pay-001", "debian-12-hardened@3", Evidence, [Nvme.Serial, Sata.Serial], 31900);

    public TaskResult Answer(string step) => step switch
    {
        Workflows.Steps.Health => new(null, Health: Healthy),
        Workflows.Steps.Install => new(null, Install: Written),
        Workflows.Steps.Wipe => new(null, Wipe: new WipeReport([.. Facts.Input.Disks.Select(d => WipeOf(Hardware.Disks.Single(h => h.Serial == d.Serial)))])),
        _ => new(null, Inventory: Hardware),
    };

    /// <summary>What the machine is told by an acting step; null for those that only move hardware.</summary>
    MachineCommand? Record(string step) => (step, Workflow.Kind) switch
    {
        (Workflows.Steps.BeginWriting, _) => new RecordWriting(Machine.About.Id, Id),
        (Workflows.Steps.RecordWipes, _) => new RecordWipes(Machine.About.Id, Id, Facts.Outputs[Workflows.Steps.Wipe].Wipe!.Disks),
        (Workflows.Steps.StorePassword, _) => new RecordPendingPassword(Machine.About.Id, Id, NewSecret),
        (Workflows.Steps.Record, var errand) when Workflows.IsErrand(errand) => new RecordErrand(Machine.About.Id, Id),
        (Workflows.Steps.Record, Workflows.Inspect) => new RecordInspection(Machine.About.Id, Id, Found, Healthy, [Compute]),
        (Workflows.Steps.Record, Workflows.Release) => new RecordReleased(Machine.About.Id, Id, Found, Healthy, [Compute]),
        (Workflows.Steps.Record, Workflows.Retire) => new RecordRetired(Machine.About.Id, Id),
        (Workflows.Steps.Record, _) => new RecordProvisioned(Machine.About.Id, Id, Facts.Outputs[Workflows.Steps.Install].Install!, Facts.Outputs[Workflows.Steps.AwaitFirstBoot].Note!),
        _ => null,
    };

    Contracts.Hardware.Inventory Found => Facts.Outputs[Workflows.Steps.Inventory].Inventory!;
}
