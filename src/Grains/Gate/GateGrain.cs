using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Logs;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Access;
using Ppec.Grains.Access;
using Ppec.Grains.Changes;
using Ppec.Grains.Operations;

namespace Ppec.Grains.Gate;

/// <summary>
/// Authenticates, validates the shape, authorises, stamps, and hands the command on: to its aggregate, or, where a policy says so, to a second person. It decides nothing about the domain.
/// Stateless and reentrant: many callers at once; the ban on reentrancy is for aggregates.
/// </summary>
[StatelessWorker(256), Reentrant]
public sealed class GateGrain(Identity identity, Vouching vouching, Undoing undoing, Uses uses, Reaches reaches, Carrier carrier, Guarding guarding, Deciding deciding, ChangeRunner changes, MachinePower power, Tickets tickets, PpecOptions options, TimeProvider time, IAttempts attempts, ILogger<GateGrain> logger) : Grain, IGateGrain
{
    public async Task<GateAnswer> Execute(GateRequest request)
    {
        var (visitor, at) = (await identity.Of(request.Credential, request.SourceAddress), time.GetUtcNow());
        var commandId = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{visitor.Who.User}\n{request.IdempotencyKey ?? Guid.NewGuid().ToString()}")))[..32];
        var answer = visitor.Stranger is { } stranger ? new(stranger) : await Execute(request, visitor.Who, visitor.Rights, commandId, at);
        if (answer.Problem is { } problem)
            Note(visitor, problem, request.SourceAddress, request.Command.Permission, at, new(request.Command.Target, request.Reason, request.Ticket, commandId, () => CommandText.Write(CommandText.Unstamped(request.Command))));
        return answer;
    }

    async Task<GateAnswer> Execute(GateRequest request, Principal who, Rights rights, string commandId, DateTimeOffset at)
    {
        if (request.Command is AskAgain again)
        {
            var change = GrainFactory.GetGrain<IChangeGrain>(again.Change);
            var facts = await change.Facts();
            var (same, wrong) = ChangeRunner.Again(again.Change, facts, await change.HasEnded(), who.User);
            if (wrong is not null) return new(wrong, again.Target);
            request = request with { Command = same!, Reason = request.Reason ?? facts!.Reason, Ticket = request.Ticket ?? facts!.Ticket };
        }
        if (request.Command is UndoChange wish)
        {
            var (wished, wrong, reason) = await undoing.Of(wish, who, rights, commandId, at);
            if (wrong is not null) return new(wrong, wish.Target);
            request = request with { Command = wished! with { PlanHash = wish.PlanHash }, Reason = request.Reason ?? reason };
        }
        if (!Validation.Accepts(request.Command)) return new(new(ProblemCodes.Forbidden, $"{request.Command.Permission} is PPEC's own."));
        var command = CommandText.Stamped(request.Command with { At = at, IfVersion = request.IfMatch, ForChange = null }, who, commandId);
        if (Permitted.Nowhere(rights, who, command, at) is { } nowhere) return new(nowhere);
        if (Validation.Check(command, request.Secret) is { } misshapen) return new(misshapen);
        if (Credential.TooLong(command, options.LongestCredential) is { } tooLong) return new(tooLong);
        if (Permitted.MustChangePassword(rights, who, command) is { } first) return new(first);
        bool May(string permission, Resource on) => rights.May(who, permission, on, at).Allowed;

        try
        {
            if (command is ChangeCommand decision && !request.PlanOnly) command = await deciding.By(decision, who, rights, at);
            // What one may do everywhere, and no policy asks about, is not looked up.
            var on = rights.Everywhere(who, command.Permission, at) && !Guarding.MayFallUnder(rights, command) ? [] : await reaches.Of(command);
            if (command is RotateCredential or RevokeCredential && Permitted.Credential(rights, who, (CredentialCommand)command, await GrainFactory.GetGrain<ICredentialGrain>(((CredentialCommand)command).Credential).Issued(), at) is { } notMine) return new(notMine, command.Target);
            if (Permitted.Refuses(rights, who, command, on, at) is { } denied) return new(denied, command.Target);
            if (options.Observe && !request.PlanOnly && Observing.Refuses(command)) return new(Observing.Refusal, command.Target);
            var caller = new Caller(who.User, who.Credential, request.SourceAddress, commandId, BodyHash(request.Command), request.Reason, request.Ticket, Permission: command.Permission);
            if (request.PlanOnly) return await carrier.Plan(command, May);
            return await guarding.Opened(new(command, on, who, rights, caller, request.Secret, request.BreakGlass), May) ?? await carrier.Carry(command, request.Secret, caller, May);
        }
        catch (Exception e) when (e is TimeoutException or Contracts.Events.EventStoreUnavailableException or OrleansException)
        {
            logger.GateFailed(command.GetType().Name, command.Target, e);
            return new(new(ProblemCodes.OutcomeUnknown, "Whether this happened is unknown: send it again with the same Idempotency-Key."));
        }
    }

    public Task<GateAnswer> ExecuteMany(GateRequest request) => Execute(request);

    public async Task<SightAnswer> Sight(ReadRequest request)
    {
        var visitor = await identity.Of(request.Credential, request.SourceAddress);
        var answer = visitor.Stranger is { } stranger ? new(null, stranger) : Sight(request, visitor.Who, visitor.Rights);
        if (answer.Problem is { } problem) Note(visitor, problem, request.SourceAddress, request.Permission, time.GetUtcNow());
        return answer;
    }

    SightAnswer Sight(ReadRequest request, Principal who, Rights rights)
    {
        if (request.Permission.Length == 0) return new(new(who.User, [], who.Limits), null); // it asks only whether somebody is known
        return rights.Reach(who, request.Permission, time.GetUtcNow()) switch
        {
            null                  => new(new(who.User, default, who.Limits), null),
            { IsEmpty: true }     => new(null, new(ProblemCodes.Forbidden, $"You lack the permission {request.Permission}.")),
            { } scopes            => new(new(who.User, [.. scopes.Select(s => s.ToString())], who.Limits), null),
        };
    }

    public async Task<SignInAnswer> SignIn(SignInRequest request)
    {
        if (await GrainFactory.GetGrain<ISignInGrain>(request.User).Check(request.Password) is { } wrong)
        {
            var visitor = await identity.Of("", request.SourceAddress);
            // Who mistakes the field types a password there: only a name that is one is written down.
            var known = visitor.Rights?.Directory.Users.ContainsKey(request.User) == true;
            Note(visitor, wrong, request.SourceAddress, "sign-in", time.GetUtcNow(), known ? new($"user-{request.User}") : null);
            return new(wrong);
        }
        return await Session(request.User, request.SourceAddress);
    }

    public async Task<SignInAnswer> SignInByToken(TokenSignInRequest request)
    {
        var (user, problem, why) = await vouching.Admit(request);
        if (problem is not { } refused) return await Session(user!, request.SourceAddress);
        Note(await identity.Of("", request.SourceAddress), why is null ? refused : refused with { Message = $"{refused.Message} ({why})" }, request.SourceAddress, "sign-in", time.GetUtcNow());
        return new(refused);
    }

    public Task<IdentityProviderView?> IdentityProvider() => Task.FromResult(vouching.Provider);

    async Task<SignInAnswer> Session(string user, string source)
    {
        var (at, id) = (time.GetUtcNow(), Guid.NewGuid().ToString("n"));
        var token = tickets.Credential("pat", id, Guid.NewGuid().ToString());
        var issue = new IssueCredential(id, user, Tokens.Hash(token), "session", "signed in", null, at + Credential.Session, user) { At = at };
        var outcome = await GrainFactory.Carry(issue, new Caller(user, id, source, id, ""));
        var mustChange = (await identity.Of(token, source)) is { Stranger: null, Rights: var rights } && rights.Directory.Users[user].Password == "must-change";
        return outcome.Problem is { } problem ? new(problem) : new(null, new(token), id, at + Credential.Session, mustChange, user);
    }

    public async Task<WhoAmI?> WhoAmI(ReadRequest request)
    {
        var (who, rights, stranger) = await identity.Of(request.Credential, request.SourceAddress);
        var now = time.GetUtcNow();
        return stranger is not null ? null : new(who.User, who.Credential, who.Limits, who.SignedInAt, [.. Permissions.All.Where(p => rights.Reach(who, p, now) is not { IsEmpty: true })],
            rights.Directory.Users[who.User].Password == "must-change");
    }

    public async Task<ImmutableArray<CredentialUse>> LastUsed(ReadRequest request, ImmutableArray<string> credentials)
    {
        var (who, rights, stranger) = await identity.Of(request.Credential, request.SourceAddress);
        if (stranger is not null) return [];
        await uses.Tell();
        if (rights.Reach(who, "credential.read", time.GetUtcNow()) is { IsEmpty: true })
        {
            var own = await Task.WhenAll(credentials.Select(async c => await GrainFactory.GetGrain<ICredentialGrain>(c).Issued() is { User: var user } && user == who.User ? c : null));
            credentials = [.. own.OfType<string>()];
        }
        return await GrainFactory.GetGrain<ILastUsedGrain>(0).Of(credentials);
    }

    public async Task<ExplainAnswer> Explain(ReadRequest request, string user, string permission, string resource)
    {
        var (who, rights, stranger) = await identity.Of(request.Credential, request.SourceAddress);
        var now = time.GetUtcNow();
        if (stranger is not null) return new(null, stranger);
        if (user != who.User && rights.May(who, "grant.read", new("grant", ""), now) is { Allowed: false, Why: var why }) return new(null, new(ProblemCodes.Forbidden, $"You lack the permission grant.read. {why}"));
        if (!Permissions.All.Contains(permission)) return new(null, Problem.Invalid("permission", $"There is no permission {permission}."));
        return await reaches.Named(resource) is { } on
            ? new(Explaining.Of(rights, user, permission, on, now), null)
            : new(null, Problem.Invalid("resource", "A resource is NOUN:ID, such as machine:sn-7c4k2, region:blr1 or rack:blr1.r12."));
    }

    public async Task<ChangeNowAnswer> ChangeNow(ReadRequest request, string change)
    {
        if (await Sight(request) is { Problem: { } refused }) return new(null, refused);
        return await GrainFactory.GetGrain<IChangeGrain>(change).Facts() is { } facts ? new(await changes.Now(change, facts, time.GetUtcNow()), null) : new(null, new(ProblemCodes.ChangeUnknown, $"There is no change {change}."));
    }

    public async Task<OperationLog?> OperationLog(ReadRequest request, string operation, long after) =>
        await Sight(request) is { Problem: not null } ? null
        : OperationIds.IsParent(operation) ? new OperationLog([], null) // its children have logs of their own
        : await GrainFactory.GetGrain<IOperationGrain>(operation).Log(after);

    public async Task<LogAnswer> Logs(ReadRequest request, LogQuery query) =>
        await Sight(request) is { Problem: { } problem } ? new([], problem) : new(await GrainFactory.GetGrain<ILogBookGrain>(0).Search(query), null);

    public async Task<PowerAnswer> Power(ReadRequest request, string machine)
    {
        var (who, rights, stranger) = await identity.Of(request.Credential, request.SourceAddress);
        if (stranger is not null) return new(null, stranger);
        return await GrainFactory.GetGrain<IMachineGrain>(machine).Context() is { } context && rights.May(who, request.Permission, Reaches.Of(context.View), time.GetUtcNow()).Allowed
            ? await power.Read(context, time.GetUtcNow())
            : new(null, new(ProblemCodes.MachineUnknown, $"There is no machine {machine}."));
    }

    /// <summary>What more there is to say of a command that was refused.</summary>
    sealed record Tried(string Target, string? Reason = null, string? Ticket = null, string? Id = null, Func<string>? Text = null);

    /// <summary>Whoever is refused is written down, and waits for nothing. What a stranger says of itself is not believed.</summary>
    void Note(Visitor visitor, Problem problem, string source, string permission, DateTimeOffset at, Tried? tried = null)
    {
        var (known, who) = (visitor.Stranger is null && visitor.Who.User.Length > 0, visitor.Who);
        attempts.Note(new(at, known ? who.User : null, known ? who.Credential : null, source, permission, tried?.Target, problem.Code, problem.Message, tried?.Reason, tried?.Ticket, tried?.Id), tried?.Text);
    }

    /// <summary>Of the request before stamping; secrets read *** here (<see cref="SecretTextConverter"/>).</summary>
    static string BodyHash(Command command) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(command, command.GetType(), PpecJson.Options)));
}
