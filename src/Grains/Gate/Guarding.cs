using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Access;

namespace Ppec.Grains.Gate;

/// <summary>Finds the policies that a command falls under; and where there are any, opens a change in its place, with the plan that its checkers will see.</summary>
public sealed class Guarding(IGrainFactory grains, Carrier carrier, Reaches reaches, ISecretStore secrets, IReadModel readModel)
{
    /// <summary>What the caller wishes, as it came in.</summary>
    public sealed record Wish(Command Command, ImmutableArray<Resource> On, Principal Who, Rights Rights, Caller Caller, SecretText? Secret, bool BreakGlass);

    /// <summary>The change that was opened, or why none could be; null when nobody else need agree.</summary>
    public async Task<GateAnswer?> Opened(Wish wish, Func<string, Resource, bool> may)
    {
        var (command, at) = (wish.Command, wish.Command.At);
        if (!MayFallUnder(wish.Rights, command)) return null;
        var id = Log.MadeId(wish.Caller.CommandId);
        // What none of them is about, however much it were to do, is not planned; nor is a change looked for that nobody can see.
        if (!wish.On.IsEmpty && Policies.Matching(wish.Rights, new(command.Permission, wish.On, Moves(command, wish.On), int.MaxValue, int.MaxValue), at).IsEmpty && readModel.Find("change", id) is null) return null;
        var change = grains.GetGrain<IChangeGrain>(id);
        if (await change.Facts() is not null) return new(null, $"change-{id}", Change: id); // asked before
        if (await carrier.Did(command, wish.Caller)) return null; // done before without anybody's word: who decides answers it as the first time

        var planned = await carrier.Plan(command, may);
        if (planned.Plan is not { } plan) return planned;
        var reaching = await Reaching(command, wish.On, plan);
        var policies = Policies.Matching(wish.Rights, reaching, at).Where(p => !p.BuiltIn || command is not AccessCommand access || Policies.IsPowerful(wish.Rights.Directory, access)).ToImmutableArray();
        if (policies.IsEmpty) return null;
        if (wish.Rights.Person(wish.Who.User) is not { } person) return new(new(ProblemCodes.Forbidden, $"Nobody answers for {wish.Who.User}: it takes a person."));
        if (command.PlanHash is { } seen && seen != plan.Hash) return new(new(ProblemCodes.PlanStale, "What this would do has changed since you planned it. Plan again, look, and apply the new plan."));
        if (wish.BreakGlass && Refused(wish, reaching, at) is { } refused) return new(refused);

        var reserved = new List<string>();
        var until = at + Shortest(policies, p => p.ApproveWithinMinutes);
        var within = Shortest(policies, p => p.ExecuteWithinMinutes);
        foreach (var machine in plan.Machines)
        {
            var outcome = await grains.GetGrain<IMachineGrain>(machine).Execute(new ReserveMachine(machine, id, until + within) { At = at }, wish.Caller with { CommandId = $"{id}/reserve", BodyHash = "" });
            if (outcome.Problem is { Code: not ProblemCodes.MachineUnknown } taken)
            {
                await Free(reserved, id, at, wish.Caller);
                return new(taken, command.Target);
            }
            reserved.Add(machine);
        }
        var kept = wish.Secret is { } secret ? await secrets.Put($"change/{id}", secret.Value, CancellationToken.None) : null;
        var facts = new ChangeFacts(
            CommandText.Name(command), CommandText.Write(CommandText.Unstamped(command)), command.Permission, command is AccessCommand a ? $"{a.Noun}-{a.Subject}" : command is BulkCommand ? command.Permission : command.Target, plan,
            wish.Who.User, person, wish.Who.Credential, wish.Caller.SourceAddress, wish.Caller.Reason, wish.Caller.Ticket,
            [.. policies.SelectMany(p => Policies.Stages(p).Select((s, turn) => new Stage(p.Id, turn, s.Quorum, s.Approvers.IsDefault ? [] : s.Approvers, p.Severe)))],
            at, until, within, kept, wish.BreakGlass, Common(reaching.On));
        var opened = await change.Execute(new OpenChange(id, facts) { At = at }, wish.Caller with { Change = id });
        if (opened.Problem is { Code: not ProblemCodes.OutcomeUnknown }) await Free(reserved, id, at, wish.Caller);
        return new(opened.Problem, $"change-{id}", opened.Version, opened.Position, Change: id);
    }

    /// <summary>Gives back what a change reserved.</summary>
    public async Task Free(IEnumerable<string> machines, string change, DateTimeOffset at, Caller caller)
    {
        foreach (var machine in machines)
            await grains.GetGrain<IMachineGrain>(machine).Execute(new FreeMachine(machine, change) { At = at }, caller with { CommandId = $"{change}/free", BodyHash = "" });
    }

    /// <summary>What all of these have in common.</summary>
    static Resource? Common(ImmutableArray<Resource> on)
    {
        if (on.IsEmpty) return null;
        string? Same(Func<Resource, string?> part) => on.All(r => part(r) == part(on[0])) ? part(on[0]) : null;
        var tags = (on[0].Tags ?? ImmutableDictionary<string, string>.Empty).Where(t => on.All(r => r.Tags?.GetValueOrDefault(t.Key) == t.Value)).ToImmutableDictionary();
        return new("change", "", Same(r => r.Region), Same(r => r.Rack), Same(r => r.Owner), Same(r => r.Pool), tags);
    }

    /// <summary>What a command touches, its plan known.</summary>
    public async Task<Reaching> Reaching(Command command, ImmutableArray<Resource> on, Plan plan)
    {
        var moves = ImmutableArray.CreateBuilder<(Resource From, Resource To)>();
        if (on.IsEmpty)
        {
            var machines = ImmutableArray.CreateBuilder<Resource>(plan.Machines.Length);
            foreach (var id in plan.Machines)
            {
                var machine = await reaches.Machine(id);
                machines.Add(command is ProvisionMany many ? machine with { Owner = many.Wish.Owner } : machine);
                if (command is ManyMachines { Tag: { } tag }) moves.Add((machine, Reaches.Tagged(machine, tag.Set ?? ImmutableDictionary<string, string>.Empty, tag.Remove.IsDefault ? [] : tag.Remove)));
            }
            on = machines.ToImmutable();
        }
        else moves.AddRange(Moves(command, on));
        return new(command.Permission, on, moves.ToImmutable(), Math.Max(plan.Machines.Length, 1), plan.Effects.Count(e => e.Kind is "disk-wipe" or "disk-write"));
    }

    static ImmutableArray<(Resource From, Resource To)> Moves(Command command, ImmutableArray<Resource> on) =>
        command is TagMachine or SetMachine && on is [var now, var then] ? [(now, then)] : [];

    /// <summary>
    /// Whether any policy is about such commands at all: a command that no policy names pays nothing. What answers with a token cannot wait, and a change is not guarded by a change.
    /// </summary>
    public static bool MayFallUnder(Rights rights, Command command) =>
        command is not (CredentialCommand or ChangeCommand or FilterCommand) && !(command is SetPassword own && own.By == own.User)
        && (rights.AnyPolicy(command.Permission) || (command is TagMachine or SetMachine or ManyMachines { Tag: not null } && rights.AnyScopedPolicy));

    static Problem? Refused(Wish wish, Reaching reaching, DateTimeOffset at) =>
        string.IsNullOrWhiteSpace(wish.Caller.Reason) ? Problem.Invalid("Ppec-Reason", "Say why it cannot wait: breaking the glass takes a reason.")
        : reaching.On.FirstOrDefault(r => !wish.Rights.May(wish.Who, "change.break-glass", r, at).Allowed) is { } where ? new(ProblemCodes.Forbidden, $"You lack the permission change.break-glass on {where}.")
        : null;

    static TimeSpan Shortest(ImmutableArray<PolicyView> policies, Func<PolicyView, int> minutes) => TimeSpan.FromMinutes(policies.Min(minutes));
}
