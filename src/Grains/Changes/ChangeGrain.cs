using Microsoft.Extensions.Logging;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Domain.Changes;

namespace Ppec.Grains.Changes;

/// <summary>
/// The door to one change. The rules are in <see cref="Change"/>. Approved, it carries itself out: at once, and again after a crash when it is woken, under one command id,
/// so that it happens once however often it is tried.
/// </summary>
public sealed class ChangeGrain(Log log, ChangeRunner runner, TimeProvider time, ILogger<ChangeGrain> logger)
    : AggregateGrain<ChangeState, ChangeEvent>("change", Change.Initial, Change.Evolve, log, logger), IChangeGrain
{
    public async Task<Outcome> Execute(ChangeCommand command, Caller caller)
    {
        var outcome = await Handle(state => Change.Decide(state, command), caller, command.At, command.IfVersion);
        await Go();
        return outcome;
    }

    public Task<ChangeFacts?> Facts() => Task.FromResult((State as ChangeState.Known)?.Facts);

    public Task<bool> HasEnded() => Task.FromResult(State is ChangeState.Ended);

    public Task Wake() => Go();

    async Task Go()
    {
        var (id, at) = (this.GetPrimaryKeyString(), time.GetUtcNow());
        if (State is ChangeState.Waiting or ChangeState.Approved)
            await Handle(state => Change.Decide(state, new ExpireChange(id) { At = at }), Caller("expire"), at);
        if (State is ChangeState.Approved approved)
            try
            {
                var record = await runner.Run(id, approved, at);
                await Handle(state => Change.Decide(state, record with { At = at }), Caller("record"), at);
            }
            catch (Exception e) when (e is TimeoutException or Contracts.Events.EventStoreUnavailableException or OrleansException)
            {
                logger.ChangeWaits(id, e); // tried again when it is woken
            }
        if (State is ChangeState.Ended ended) await runner.Close(id, ended, at);
    }

    Caller Caller(string act) => new("system:changes", "internal", "internal", $"{this.GetPrimaryKeyString()}/{act}", "", Change: this.GetPrimaryKeyString());
}
