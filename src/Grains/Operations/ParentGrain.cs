using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;

namespace Ppec.Grains.Operations;

/// <summary>
/// The door to one parent operation, and the place where its children are driven: ask <see cref="Parent.Resume"/>, write down who begins, begin them, look how far they are.
/// What a child does is repeatable, so that whoever takes over begins again all that is written as begun and not seen under way.
/// </summary>
public sealed class ParentGrain(Log log, ChildWork work, TimeProvider time, ILogger<ParentGrain> logger)
    : AggregateGrain<ParentState?, ParentEvent>("parent", null, Parent.Evolve, log, logger), IParentGrain
{
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    /// <summary>How often children that have operations of their own are looked at.</summary>
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>After so long others are heard: a cancel must not wait for ten thousand rows.</summary>
    static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    /// <summary>Children that this activation saw begin, by index and attempt.</summary>
    readonly HashSet<(int, int)> _begun = [];
    readonly HashSet<int> _cancelled = [];
    IGrainTimer? _timer;

    string Id => this.GetPrimaryKeyString();

    public async Task<Outcome> Execute(OperationCommand command, Caller caller)
    {
        var outcome = await Handle(state => Parent.Decide(state, command), caller, command.At, command.IfVersion);
        if (outcome.Accepted) Schedule(Soon);
        return outcome;
    }

    public Task<Outcome?> AnsweredBefore(Caller caller) => Task.FromResult(Answered(caller));

    public Task Wake()
    {
        if (_timer is null) Schedule(Soon);
        return Task.CompletedTask;
    }

    /// <summary>One turn: as much as can be done now, then a while of rest in which others are heard.</summary>
    async Task Drive()
    {
        var since = Stopwatch.GetTimestamp();
        try
        {
            while (await Act(Parent.Resume(State)))
                if (Stopwatch.GetElapsedTime(since) > Turn) { Schedule(Soon); return; }
        }
        catch (Exception e)
        {
            logger.DriveFailed(Id, e);
        }
        Schedule(Look);
    }

    void Schedule(TimeSpan after)
    {
        _timer?.Dispose();
        _timer = null;
        if (State is not { Ending: null }) return;
        DelayDeactivation(TimeSpan.FromMinutes(15));
        _timer = this.RegisterGrainTimer(_ => Drive(), new() { DueTime = after, Period = Timeout.InfiniteTimeSpan });
    }

    /// <summary>True when something was written, so that what comes next may be another thing.</summary>
    async Task<bool> Act(ParentNext next)
    {
        if (next.IsOver) return await Do(new ConcludeParent(Id), $"end-{Version}");
        if (!next.GiveBack.IsEmpty) return await GiveBack(next.GiveBack);
        if (next.Starts.IsEmpty) return await Ask(next.Running);

        ImmutableArray<ChildStart> starts = [.. next.Starts.Select(s => s with { Operation = ChildWork.HasOperation(State!.Children[s.Index].Verbs[s.Verb]) ? Log.MadeId(CommandId(s.Index, s.Attempt)) : null })];
        return await Do(new BeginChildren(Id, starts), $"begin-{Version}") && await Ended([.. starts.Select(s => Begin(s.Index))], true);
    }

    /// <summary>Looks at what is under way; what this activation did not itself begin, and nobody has, begins again.</summary>
    Task<bool> Ask(ImmutableArray<int> running) => Ended([.. running.Select(One)], false);

    async Task<ChildEnd?> One(int index)
    {
        var child = State!.Stand[index];
        if (child.Operation is not { } operation) return await Begin(index);
        var standing = await GrainFactory.GetGrain<IOperationGrain>(operation).Standing();
        if (standing.Result is { } result) return new(index, child.Attempt, result, standing.Why);
        if (State.Cancel is { } why && standing.Begun && _cancelled.Add(index))
            await GrainFactory.GetGrain<IOperationGrain>(operation).Execute(new CancelOperation(operation, why) { At = time.GetUtcNow() }, Caller($"{CommandId(index, child.Attempt)}/cancel"));
        return standing.Begun || _begun.Contains((index, child.Attempt)) ? null : await Begin(index);
    }

    async Task<ChildEnd?> Begin(int index)
    {
        var (child, verb) = (State!.Stand[index], State.VerbOf(index));
        var outcome = await work.Do(State.Children[index], child, verb, Caller(CommandId(index, child.Attempt)), time.GetUtcNow());
        switch (outcome.Problem)
        {
            case { Code: ProblemCodes.OutcomeUnknown or ProblemCodes.Unavailable }:
                return null; // asked again at the next look
            case { } problem:
                return new(index, child.Attempt, Parent.Refused, problem.Message);
            default:
                _begun.Add((index, child.Attempt));
                return child.Operation is null ? new(index, child.Attempt, Ending.Succeeded) : null;
        }
    }

    async Task<bool> GiveBack(ImmutableArray<int> children)
    {
        foreach (var some in children.Chunk(State!.MaxParallel))
            await Task.WhenAll(some.Select(i => work.GiveBack(State.Children[i], Caller($"{CommandId(i, State.Stand[i].Attempt)}/give-back"), time.GetUtcNow())));
        return await Ended([.. children.Select(i => Task.FromResult<ChildEnd?>(new(i, State.Stand[i].Attempt, Ending.Cancelled, "Another row could not be racked.")))], false);
    }

    /// <summary>Writes down those that ended; <paramref name="otherwise"/> when none did.</summary>
    async Task<bool> Ended(IReadOnlyList<Task<ChildEnd?>> asked, bool otherwise)
    {
        var ends = (await Task.WhenAll(asked)).OfType<ChildEnd>().ToImmutableArray();
        return ends.IsEmpty ? otherwise : await Do(new EndChildren(Id, ends), $"ends-{Version}");
    }

    /// <summary>A command of PPEC itself; false when nothing came of it.</summary>
    async Task<bool> Do(OperationCommand command, string what)
    {
        var (before, now) = (Version, time.GetUtcNow());
        await Handle(state => Parent.Decide(state, command with { At = now }), Contracts.Gate.Caller.ForOperation(Id, $"{Id}/{what}"), now);
        return Version > before;
    }

    string CommandId(int index, int attempt) => $"{Id}/{index}/{attempt}";

    /// <summary>Children are done in the name of whoever asked for them all.</summary>
    Caller Caller(string commandId) =>
        new(First!.Actor, First.Credential, First.Source, commandId, "", First.Reason, First.Ticket, Operation: Id, Change: First.Change, Cause: First.CommandId);
}
