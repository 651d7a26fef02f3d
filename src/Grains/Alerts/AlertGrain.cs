using Microsoft.Extensions.Logging;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Gate;
using Ppec.Domain.Alerts;

namespace Ppec.Grains.Alerts;

public sealed class AlertGrain(Log log, ILogger<AlertGrain> logger)
    : AggregateGrain<AlertState?, AlertEvent>("alert", null, Alert.Evolve, log, logger), IAlertGrain
{
    public Task<Outcome> Execute(AlertCommand command, Caller caller)
    {
        var whose = By(command, caller.Actor);
        return Handle(state => Alert.Decide(state, whose), caller, command.At, command.IfVersion);
    }

    public Task<AlertView?> Read() => Task.FromResult(Alert.View(State, this.GetPrimaryKeyString(), Version));

    /// <summary>Whoever sends it is who did it; what a fact resolved, nobody did.</summary>
    static AlertCommand By(AlertCommand command, string actor) => command switch
    {
        AckAlert c                      => c with { By = actor },
        SilenceAlert c                  => c with { By = actor },
        ResolveAlert { Fact: null } c   => c with { By = actor },
        _                               => command,
    };
}
