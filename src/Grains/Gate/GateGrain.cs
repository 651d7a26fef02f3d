using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Grains.Operations;

namespace Ppec.Grains.Gate;

/// <summary>
/// Authenticates, validates the shape, authorises, stamps, and hands the command to its aggregate. It decides nothing about the domain.
/// Stateless and reentrant: many callers at once; the ban on reentrancy is for aggregates.
/// </summary>
[StatelessWorker(256), Reentrant]
public sealed class GateGrain(Credentials credentials, Preparation preparation, Bulk bulk, MachinePower power, PpecOptions options, TimeProvider time, ILogger<GateGrain> logger) : Grain, IGateGrain
{
    public async Task<GateAnswer> Execute(GateRequest request)
    {
        var (actor, stranger) = await Actor(request.Credential);
        if (actor is null) return new(stranger);
        var at = time.GetUtcNow();
        var command = request.Command with { At = at, IfVersion = request.IfMatch };
        if (!Validation.Accepts(command)) return new(new(ProblemCodes.Forbidden, $"{command.Permission} is PPEC's own."));
        if (Validation.Check(command, request.Secret) is { } wrong) return new(wrong);
        if (!Authorised(actor, command.Permission)) return new(new(ProblemCodes.Forbidden, $"You lack the permission {command.Permission}."));

        if (options.Observe && !request.PlanOnly && Observing.Refuses(command)) return new(Observing.Refusal, command.Target);

        var commandId = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{actor}\n{request.IdempotencyKey ?? Guid.NewGuid().ToString()}")))[..32];
        var caller = new Caller(actor, credentials.IdOf(request.Credential), request.SourceAddress, commandId, BodyHash(request.Command), request.Reason, request.Ticket);
        if (command is IStartsOperation work) command = work.WithOperation(Log.MadeId(commandId));

        try
        {
            return command is BulkCommand many ? await Many(many, request, caller)
                : request.PlanOnly ? await Plan(command) : await Carry(command, request, caller);
        }
        catch (Exception e) when (e is TimeoutException or Contracts.Events.EventStoreUnavailableException or OrleansException)
        {
            logger.GateFailed(command.GetType().Name, command.Target, e);
            return new(new(ProblemCodes.OutcomeUnknown, "Whether this happened is unknown: send it again with the same Idempotency-Key."));
        }
    }

    public Task<GateAnswer> ExecuteMany(GateRequest request) => Execute(request);

    public async Task<Problem?> MayRead(ReadRequest request) =>
        await Actor(request.Credential) switch
        {
            (null, var problem) => problem,
            ({ } actor, _) => Authorised(actor, request.Permission) ? null : new(ProblemCodes.Forbidden, $"You lack the permission {request.Permission}."),
        };

    async Task<(string? Actor, Problem? Problem)> Actor(string credential)
    {
        try
        {
            return await credentials.Principal(credential) is { } actor ? (actor, null) : (null, Unauthenticated);
        }
        catch (Contracts.Events.EventStoreUnavailableException e)
        {
            return (null, new(ProblemCodes.Unavailable, $"The event store does not answer, so your credential cannot be checked: send it again in a moment. ({e.Message})"));
        }
    }

    public async Task<OperationLog?> OperationLog(ReadRequest request, string operation, long after) =>
        await MayRead(request) is not null ? null
        : OperationIds.IsParent(operation) ? new OperationLog([], null) // its children have logs of their own
        : await GrainFactory.GetGrain<IOperationGrain>(operation).Log(after);

    public async Task<PowerAnswer> Power(ReadRequest request, string machine)
    {
        if (await MayRead(request) is { } denied) return new(null, denied);
        return await GrainFactory.GetGrain<IMachineGrain>(machine).Context() is { } context
            ? await power.Read(context, time.GetUtcNow())
            : new(null, new(ProblemCodes.MachineUnknown, $"There is no machine {machine}."));
    }

    static Problem Unauthenticated => new(ProblemCodes.Unauthenticated, "Send a credential that is valid here: Authorization: Bearer ppec_…");

    /// <summary>At this stage there is one role, the administrator's; roles and grants join here.</summary>
    static bool Authorised(string actor, string permission) => actor == Credentials.Administrator && permission.Length > 0;

    async Task<GateAnswer> Plan(Command command)
    {
        if (command is not IPlanned) return new(Problem.Invalid("plan", $"{command.Permission} has no plan: it does just what it says."));
        var prepared = await preparation.Of(command, null, null);
        if (prepared.Problem is { } problem) return new(problem);
        var planned = await GrainFactory.GetGrain<IMachineGrain>(((MachineCommand)command).Machine).Plan((MachineCommand)prepared.Command);
        return new(planned.Problem, command.Target, Plan: planned.Plan);
    }

    async Task<GateAnswer> Carry(Command command, GateRequest request, Caller caller)
    {
        var prepared = await preparation.Of(command, request.Secret, caller);
        if (prepared.Problem is { } problem) return new(problem, command.Target);
        if (prepared.AlsoNeeds is { } permission && !Authorised(caller.Actor, permission)) return new(new(ProblemCodes.Forbidden, $"You lack the permission {permission}."), command.Target);
        var outcome = await GrainFactory.Carry(prepared.Command, caller);
        // An unknown outcome may have happened: its claims stay, and the sweep looks at them.
        if (outcome.Problem is { Code: not ProblemCodes.OutcomeUnknown }) await prepared.Undo();
        if (outcome is { Problem: null, Version: 0 }) return new(new(ProblemCodes.NotFound, $"There is no {Spoken(prepared.Command.Target)}."));
        if (outcome.Accepted) await prepared.Finish();
        var target = prepared.Command is RegisterImage image ? $"image-{await GrainFactory.GetGrain<IImageGrain>(image.Name).Find(image.Content)}" : prepared.Command.Target;
        return new(outcome.Problem, target, outcome.Version, outcome.Position,
            (prepared.Command as IStartsOperation)?.Operation ?? (prepared.Command as OperationCommand)?.Operation);
    }

    /// <summary>A stream's name as people say it: of a thing that never was, nothing is "so already".</summary>
    static string Spoken(string target) => string.Join(' ', target.Split('-', 2));

    /// <summary>Which machines and what each would suffer is worked out here; what is then written is exactly that.</summary>
    async Task<GateAnswer> Many(BulkCommand command, GateRequest request, Caller caller)
    {
        var parent = GrainFactory.GetGrain<IParentGrain>(command.Operation);
        if (!request.PlanOnly && await parent.AnsweredBefore(caller) is { } before)
            return new(before.Problem, command.Target, before.Version, before.Position, command.Operation);
        var worked = await bulk.Of(command, keep: !request.PlanOnly);
        if (worked.Problem is { } problem) return new(problem);
        if (request.PlanOnly) return new(null, command.Target, Plan: worked.Plan);
        var stale = command.PlanHash is { } seen && seen != worked.Plan!.Hash
            ? new Problem(ProblemCodes.PlanStale, "What this would do has changed since you planned it. Plan again, look, and apply the new plan.")
            : null;
        var outcome = stale is null ? await parent.Execute(worked.Start! with { At = command.At }, caller) : null;
        if ((stale ?? outcome!.Problem) is { Code: not ProblemCodes.OutcomeUnknown }) await worked.Undo();
        return stale is not null ? new(stale) : new(outcome!.Problem, command.Target, outcome.Version, outcome.Position, command.Operation);
    }

    /// <summary>Of the request before stamping; secrets read *** here (<see cref="SecretTextConverter"/>).</summary>
    static string BodyHash(Command command) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(command, command.GetType(), PpecJson.Options)));
}
