using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Access;
using Ppec.Domain.Changes;
using Ppec.Grains.Access;
using Ppec.Grains.Gate;

namespace Ppec.Grains.Changes;

/// <summary>
/// Carries an approved change out, as its maker. Before that everything is asked again: whether the maker may, whether the checkers still count, whether no policy asks for more,
/// and whether it would do exactly what they saw.
/// </summary>
public sealed class ChangeRunner(AccessBook book, Reaches reaches, Carrier carrier, Guarding guarding, ISecretStore secrets)
{
    /// <exception cref="TimeoutException">Whether it happened is unknown: it is tried again.</exception>
    public async Task<RecordChange> Run(string id, ChangeState.Approved s, DateTimeOffset at)
    {
        var (facts, rights) = (s.Facts, await book.Now());
        var who = Principal.Of(facts.Maker);
        var commandId = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"change\n{id}")))[..32];
        if (CommandText.TryRead(facts.Command, facts.Body) is not { } read) return new(id, "failed", $"This program does not know the command {facts.Command} as it was written: ask again.", null, []);
        var command = CommandText.Stamped(read with { At = at, ForChange = id }, who, commandId);
        bool May(string permission, Resource on) => rights.May(who, permission, on, at).Allowed;
        var caller = new Caller(facts.Maker, facts.Credential, facts.Source, commandId, "", facts.Reason, facts.Ticket, Change: id, Permission: facts.Permission);

        var on = await reaches.Of(command);
        if (rights.Directory.Users.GetValueOrDefault(facts.Maker) is not { Disabled: false }) return Superseded(id, $"{facts.Maker}, who made it, is no longer there.");
        if (Permitted.Refuses(rights, who, command, on, at) is { } refused) return Superseded(id, $"{facts.Maker}, who made it, may not any more: {refused.Message}");
        if (!facts.BreakGlass && Uncounted(rights, s, at) is { } uncounted) return Superseded(id, uncounted);

        var planned = await carrier.Plan(command, May);
        if (planned.Plan is not { } plan)
            // It may have been done before a crash: then the answer is what it was.
            return await Carried(id, command, facts, caller, May) is { Result: "executed" } before ? before : new(id, "failed", $"{planned.Problem!.Code}: {planned.Problem.Message}", null, []);
        if (plan.Hash != facts.Plan.Hash)
            return await Happened(command, caller) ? await Carried(id, command, facts, caller, May) : Superseded(id, "It would do something else now than what was approved.") with { Moved = Change.Moved(facts.Plan, plan) };
        if (!facts.BreakGlass && await Unforeseen(rights, command, on, plan, facts, at) is { } more) return Superseded(id, more);
        return await Carried(id, command is IPlanned ? command with { PlanHash = plan.Hash } : command, facts, caller, May);
    }

    /// <summary>What it would do now, for its checkers to look at.</summary>
    public async Task<ChangeNow> Now(string id, ChangeFacts facts, DateTimeOffset at)
    {
        var (who, rights) = (Principal.Of(facts.Maker), await book.Now());
        if (CommandText.TryRead(facts.Command, facts.Body) is not { } read) return new(false, null, [], $"This program does not know the command {facts.Command} as it was written.", at);
        var command = CommandText.Stamped(read with { At = at, ForChange = id }, who, id);
        if (Permitted.Refuses(rights, who, command, await reaches.Of(command), at) is { } refused) return new(false, null, [], $"{facts.Maker}, who made it, may not any more: {refused.Message}", at);
        var planned = await carrier.Plan(command, (permission, on) => rights.May(who, permission, on, at).Allowed);
        return planned.Plan is { } plan
            ? new(plan.Hash == facts.Plan.Hash, plan, plan.Hash == facts.Plan.Hash ? [] : Change.Moved(facts.Plan, plan), null, at)
            : new(false, null, [], planned.Problem!.Message, at);
    }

    /// <summary>The command of a change that has ended, to be wished again by who made it; or why not.</summary>
    public static (Command? Command, Problem? Problem) Again(string id, ChangeFacts? facts, bool ended, string user) => facts switch
    {
        null => (null, new(ProblemCodes.ChangeUnknown, $"There is no change {id}.")),
        { Maker: var maker } when maker != user => (null, new(ProblemCodes.ChangeNotYours, $"Only {maker}, who made it, asks for it again.")),
        _ when !ended => (null, new(ProblemCodes.ChangeNotYours, "It is still open: nothing needs to be asked again.")),
        { Secret: not null } => (null, new(ProblemCodes.ChangeNotYours, "A secret went with it, which was not kept: send the command itself again.")),
        _ => CommandText.TryRead(facts.Command, facts.Body) is { } command ? (command, null) : (null, new(ProblemCodes.ChangeNotYours, $"This program does not know the command {facts.Command} as it was written: send it anew.")),
    };

    /// <summary>Gives back what was kept for it. Again is the same.</summary>
    public async Task Close(string id, ChangeState.Ended s, DateTimeOffset at)
    {
        await guarding.Free(s.Facts.Plan.Machines, id, at, new("system:changes", "internal", "internal", $"{id}/close", "", Change: id));
        if (s.Facts.Secret is { } secret) await secrets.Destroy(secret, CancellationToken.None);
    }

    async Task<RecordChange> Carried(string id, Command command, ChangeFacts facts, Caller caller, Func<string, Resource, bool> may)
    {
        var secret = facts.Secret is { } kept && await secrets.Get(kept, CancellationToken.None) is { } text ? new SecretText(text) : null;
        var answer = await carrier.Carry(command, secret, caller, may);
        if (answer.Problem is { Code: ProblemCodes.OutcomeUnknown or ProblemCodes.Unavailable } unknown) throw new TimeoutException(unknown.Message);
        return answer.Problem is { } problem ? new(id, "failed", $"{problem.Code}: {problem.Message}", null, []) : new(id, "executed", null, answer.Operation, []);
    }

    /// <summary>After a crash: the work itself may be what made the plan move.</summary>
    async Task<bool> Happened(Command command, Caller caller) => command is MachineCommand machine && await reaches.Answered(machine, caller);

    /// <summary>Why the quorum does not stand any more; null when it does.</summary>
    static string? Uncounted(Rights rights, ChangeState.Approved s, DateTimeOffset at)
    {
        foreach (var stage in s.Facts.Stages)
        {
            if (rights.Directory.Policies.GetValueOrDefault(stage.Policy) is not { } policy) continue; // nobody asks any more
            var standing = Change.Agreeing(s, stage).Count(p => Checkers.Counts(rights, policy, stage.Approvers, p, s.Facts, at));
            if (standing < stage.Quorum) return $"Policy {stage.Policy} asks for {stage.Quorum}, and of those who agreed {standing} still count.";
        }
        return null;
    }

    async Task<string?> Unforeseen(Rights rights, Command command, ImmutableArray<Resource> on, Plan plan, ChangeFacts facts, DateTimeOffset at)
    {
        var reaching = await guarding.Reaching(command, on, plan);
        return Policies.Matching(rights, reaching, at).Where(p => !p.BuiltIn || command is not AccessCommand access || Policies.IsPowerful(rights.Directory, access))
            .FirstOrDefault(p => Policies.Stages(p).Where((stage, turn) => !facts.Stages.Any(f => f.Policy == p.Id && f.Turn == turn && f.Quorum >= stage.Quorum)).Any()) is { } policy
            ? $"Policy {policy.Id} asks for more now than it did when this was opened." : null;
    }

    static RecordChange Superseded(string id, string why) => new(id, "superseded", why, null, []);
}
