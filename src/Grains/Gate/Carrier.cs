using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Access;
using Ppec.Domain.Machines;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>Takes a command that is allowed to where it is decided, with what it needs from elsewhere. Whether it is allowed, and whether by one person alone, was asked before.</summary>
public sealed class Carrier(IGrainFactory grains, Preparation preparation, Bulk bulk, AccessBook book, Credentials credentials)
{
    /// <param name="command">Stamped, and of a shape that is right.</param>
    /// <param name="secret">What goes with it and must not be seen.</param>
    /// <param name="caller">Who.</param>
    /// <param name="may">Whether the caller may do this, besides the command's own permission.</param>
    public async Task<GateAnswer> Carry(Command command, SecretText? secret, Caller caller, Func<string, Resource, bool> may)
    {
        if (command is BulkCommand many) return await Many(many, caller, may);
        // What has a plan of its own compares it where it decides.
        if (command is { PlanHash: { } seen } and not IPlanned && await Plan(command, may) is { Plan: { } now } && now.Hash != seen && !await Did(command, caller))
            return new(new(ProblemCodes.PlanStale, "What this would do has changed since you planned it. Plan again, look, and apply the new plan."), command.Target);
        var prepared = await preparation.Of(command, secret, caller);
        if (prepared.Problem is { } problem) return new(problem, command.Target);
        if (prepared.AlsoNeeds is { } also && !may(also.Permission, also.On))
        {
            await prepared.Undo();
            return new(new(ProblemCodes.Forbidden, $"You lack the permission {also.Permission}."), command.Target);
        }
        var outcome = await grains.Carry(prepared.Command, caller);
        // An unknown outcome may have happened: its claims stay, and the sweep looks at them.
        if (outcome.Problem is { Code: not ProblemCodes.OutcomeUnknown }) await prepared.Undo();
        if (outcome is { Problem: null, Version: 0 }) return new(new(ProblemCodes.NotFound, $"There is no {Spoken(prepared.Command.Target)}."));
        if (outcome.Accepted)
        {
            if (prepared.Command is AccessCommand) book.Told();
            if (prepared.Command is CredentialCommand) credentials.Told();
            await prepared.Finish();
        }
        var target = prepared.Command switch
        {
            RegisterImage image => $"image-{await grains.GetGrain<IImageGrain>(image.Name).Find(image.Content)}",
            AccessCommand access => $"{access.Noun}-{access.Subject}",
            var other => other.Target,
        };
        return new(outcome.Problem, target, outcome.Version, outcome.Position,
            (prepared.Command as IStartsOperation)?.Operation ?? (prepared.Command as OperationCommand)?.Operation, Token: outcome.Accepted ? prepared.Token : null);
    }

    /// <summary>Whether this very command was carried out before: then it is what moved its plan, and it is answered as the first time.</summary>
    public Task<bool> Did(Command command, Caller caller) => command switch
    {
        MachineCommand c => grains.GetGrain<IMachineGrain>(c.Machine).Did(caller),
        AccessCommand    => grains.GetGrain<IAccessGrain>(AccessCommand.Directory).Did(caller),
        _                => Task.FromResult(false), // its plan is what it says, which does not move
    };

    /// <summary>What it would do: worked out for what has a plan of its own, and for the rest what it says, where it would not be refused.</summary>
    public async Task<GateAnswer> Plan(Command command, Func<string, Resource, bool> may)
    {
        if (command is BulkCommand many)
        {
            var worked = await bulk.Of(many, keep: false, may);
            return new(worked.Problem, command.Target, Plan: worked.Plan);
        }
        var text = CommandText.Write(CommandText.Unstamped(command));
        if (command is AccessCommand access)
        {
            var (known, wrong) = AccessPlans.Of((await book.Now()).Directory, access, text);
            return new(wrong, command.Target, Plan: known);
        }
        if (command is not MachineCommand) return new(null, command.Target, Plan: MachinePlans.Plan(command.Permission, [], [new(command.Permission.Split('.')[1], Spoken(command.Target), text)], []));
        if (command is not IPlanned)
        {
            if (await preparation.Foreseen((MachineCommand)command) is { } foreseen) return new(foreseen, command.Target);
            var simple = await grains.GetGrain<IMachineGrain>(((MachineCommand)command).Machine).Plain((MachineCommand)command, text);
            return new(simple.Problem, command.Target, Plan: simple.Plan);
        }
        var prepared = await preparation.Of(command, null, null);
        if (prepared.Problem is { } problem) return new(problem);
        var planned = await grains.GetGrain<IMachineGrain>(((MachineCommand)command).Machine).Plan((MachineCommand)prepared.Command);
        return new(planned.Problem, command.Target, Plan: planned.Plan);
    }

    /// <summary>Which machines and what each would suffer is worked out here; what is then written is exactly that.</summary>
    async Task<GateAnswer> Many(BulkCommand command, Caller caller, Func<string, Resource, bool> may)
    {
        var parent = grains.GetGrain<IParentGrain>(command.Operation);
        if (await parent.AnsweredBefore(caller) is { } before)
            return new(before.Problem, command.Target, before.Version, before.Position, command.Operation);
        var worked = await bulk.Of(command, keep: true, may);
        if (worked.Problem is { } problem) return new(problem);
        var stale = command.PlanHash is { } seen && seen != worked.Plan!.Hash
            ? new Problem(ProblemCodes.PlanStale, "What this would do has changed since you planned it. Plan again, look, and apply the new plan.")
            : null;
        var outcome = stale is null ? await parent.Execute(worked.Start! with { At = command.At }, caller) : null;
        if ((stale ?? outcome!.Problem) is { Code: not ProblemCodes.OutcomeUnknown }) await worked.Undo();
        return stale is not null ? new(stale) : new(outcome!.Problem, command.Target, outcome.Version, outcome.Position, command.Operation);
    }

    /// <summary>A stream's name as people say it: of a thing that never was, nothing is "so already".</summary>
    static string Spoken(string target) => string.Join(' ', target.Split('-', 2));
}
