using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;

namespace Ppec.Grains.Machines;

/// <summary>The door to one machine. The rules are in <see cref="Machine"/>.</summary>
public sealed class MachineGrain(Log log, ILogger<MachineGrain> logger)
    : AggregateGrain<MachineState, MachineEvent>("machine", Machine.Initial, Machine.Evolve, log, logger), IMachineGrain
{
    public Task<Outcome> Execute(MachineCommand command, Caller caller) =>
        Handle(state => Machine.Decide(state, command), caller, command.At, command.IfVersion);

    public Task<Planned> Plan(MachineCommand command) => Task.FromResult(MachinePlans.Of(State, command));

    public Task<Planned> Plain(MachineCommand command, string text) => Task.FromResult(MachinePlans.Plain(State, command, text));

    public Task<bool> Did(Caller caller) => Task.FromResult(Answered(caller) is not null);

    public Task<MachineView?> Read() => Task.FromResult(MachineViews.Of(State, Version));

    public Task<MachineContext?> Context() => Task.FromResult(
        State is MachineState.Known s ? new MachineContext(MachineViews.Of(s, Version)!, s.About.Bmc, Begun(s)) : null);

    public Task<BootDecision> DecideBoot() => Task.FromResult(State switch
    {
        MachineState.Unknown => new BootDecision(BootSource.Unknown, null),
        MachineState.Known { About.Operation: { } o } => new BootDecision(BootSource.Pious, o.Id),
        _ => new BootDecision(BootSource.Disk, null),
    });

    /// <summary>An event that begins an operation wakes it. If this call is lost, the sweep of open operations makes it.</summary>
    protected override void Happened(IReadOnlyList<MachineEvent> events)
    {
        if (State is MachineState.Known { About.Operation: { Writing: false } o } s && events.Any(e => e is InspectionStarted or ProvisioningStarted or ReimagingStarted or ReleaseStarted or RetirementStarted or ErrandStarted))
            GrainFactory.GetGrain<IOperationGrain>(o.Id).Wake(s.About.Id).Ignore();
    }

    static StartOperation? Begun(MachineState.Known s) => s.About.Operation is { } o
        ? new StartOperation(o.Id, o.Kind, s.About.Id, new OperationInput(o.Plan, o.Disks, o.Kind == Workflows.Inspect || Workflows.IsErrand(o.Kind) ? null : s.About.Inspection?.Inventory))
        { On = new(s.About.Place?.Region, s.About.Place?.Rack, o.Plan?.Owner ?? s.About.Owner) }
        : null;
}
