using Microsoft.Extensions.Logging;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain;
using Ppec.Grains.Snapshots;

namespace Ppec.Grains;

/// <summary>
/// The one place that loads, decides, appends and folds. State changes only after the write is durable.
/// Two activations may coexist for a while: the expected version decides, and the loser reloads.
/// An aggregate whose stream grows long gives <c>snapshots</c>, and is then loaded from the last of them.
/// </summary>
public abstract class AggregateGrain<TState, TEvent>(
    string category, TState initial, Func<TState, TEvent, TState> evolve, Log log, ILogger logger, Snapshots<TState>? snapshots = null) : Grain
    where TEvent : class, IDomainEvent
{
    const int Decisions = 3;
    static readonly TimeSpan Remembered = TimeSpan.FromHours(24);

    readonly Dictionary<string, (string BodyHash, Outcome Outcome, DateTimeOffset At)> _answered = [];
    ReadOnlyMemory<byte> _hash = EventChain.Genesis;

    readonly TState _initial = initial;

    protected TState State { get; private set; } = initial;
    protected long Version { get; private set; }
    protected EventMetadata? First { get; private set; }
    protected LogPosition LastPosition { get; private set; }
    string Stream => $"{category}-{this.GetPrimaryKeyString()}";

    public override Task OnActivateAsync(CancellationToken cancellationToken) => Load();

    /// <summary>Decides at most three times (another activation may write in between) and answers what is durable; a repeated command id is answered as the first time.</summary>
    protected async Task<Outcome> Handle(Func<TState, Decision<TEvent>> decide, Caller caller, DateTimeOffset at, long? ifVersion = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (Answered(caller) is { } before) return before;
            if (ifVersion is { } wanted && wanted != Version)
                return new(Version, LogPosition.Start, new(ProblemCodes.VersionStale, $"It is at version {Version}, not {wanted}: read it again, and decide again."));
            var (events, problem) = decide(State);
            if (problem is not null || events.IsEmpty) return new(Version, LogPosition.Start, problem);

            var metadata = Log.Stamp(caller, at);
            try
            {
                var (result, hash) = await log.Append(Stream, Version, _hash, events, metadata);
                if (result.Appended)
                {
                    foreach (var e in events) Remember(e, metadata);
                    _hash = hash;
                    LastPosition = result.Position;
                    var outcome = new Outcome(Version, result.Position, null);
                    _answered[caller.CommandId] = (caller.BodyHash, outcome, at);
                    Happened(events);
                    Keep();
                    return outcome;
                }
                if (attempt == Decisions) return new(Version, LogPosition.Start, new(ProblemCodes.Unavailable, "Others are changing it at the same time: send it again."));
                await Load();
            }
            catch (EventStoreUnavailableException e)
            {
                return await LookUp(caller, e);
            }
        }
    }

    /// <summary>Called after facts became durable, before the caller hears.</summary>
    protected virtual void Happened(IReadOnlyList<TEvent> events) { }

    /// <summary>Whether the write landed is unknown: forget everything, re-read, and look for the command.</summary>
    async Task<Outcome> LookUp(Caller caller, EventStoreUnavailableException failure)
    {
        logger.AppendFailed(Stream, failure);
        DeactivateOnIdle();
        try
        {
            await Load();
            if (Answered(caller) is { } landed) return landed;
        }
        catch (EventStoreUnavailableException) { /* still away: the answer below says so */ }
        return new(Version, LogPosition.Start, new(ProblemCodes.OutcomeUnknown, $"The event store does not answer, so whether this happened is unknown: send it again with the same Idempotency-Key. ({failure.Message})"));
    }

    /// <summary>What this command was answered before; null when it is new here.</summary>
    protected Outcome? Answered(Caller caller) => _answered.TryGetValue(caller.CommandId, out var before)
        ? before.BodyHash == caller.BodyHash
            ? before.Outcome
            : new Outcome(Version, LogPosition.Start, new(ProblemCodes.KeyReused, "This Idempotency-Key was used for another request: use a new one."))
        : null;

    async Task Load()
    {
        if (snapshots is null || !await Resume(snapshots))
        {
            Reset();
            await foreach (var entry in log.Read(Stream, 0)) Recall(entry);
        }
        ForgetOldAnswers();
        Keep();
    }

    /// <summary>
    /// From the snapshot on, if the log has at its place the very event it was folded from: that event's hash stands for all before it.
    /// Whatever else is wrong with a snapshot costs the whole read and no more.
    /// </summary>
    async Task<bool> Resume(Snapshots<TState> snapshots)
    {
        Reset();
        if (await snapshots.Load(Stream) is not { } snapshot) return false;
        try
        {
            await foreach (var entry in log.Read(Stream, snapshot.Version - 1))
                if (Version > 0) Recall(entry);
                else if (entry.Hash.Span.SequenceEqual(snapshot.Hash.Span) && entry.Position == snapshot.Position) Recall(snapshot);
                else break;
            if (Version > 0) return true;
            throw new InvalidDataException($"The log has another event at version {snapshot.Version - 1}, or none.");
        }
        catch (Exception e) when (e is not EventStoreUnavailableException)
        {
            snapshots.Ignore(Stream, e);
            return false;
        }
    }

    void Reset()
    {
        State = _initial;
        Version = 0;
        First = null;
        LastPosition = LogPosition.Start;
        _hash = EventChain.Genesis;
        _answered.Clear();
    }

    void Recall(Log.Entry entry)
    {
        Remember((TEvent)entry.Event, entry.Metadata);
        _hash = entry.Hash;
        LastPosition = entry.Position;
        _answered[entry.Metadata.CommandId] = (entry.Metadata.BodyHash, new(Version, entry.Position, null), entry.Metadata.Time);
    }

    void Recall(Snapshot<TState> snapshot)
    {
        (State, Version, First, _hash, LastPosition) = (snapshot.State, snapshot.Version, snapshot.First, snapshot.Hash, snapshot.Position);
        foreach (var a in snapshot.Answers)
            _answered[a.Command] = (a.BodyHash, new(a.Version, LogPosition.TryParse(a.Position, out var position) ? position : throw new FormatException(a.Position), null), a.At);
    }

    /// <summary>Saves a snapshot when one is due. Nobody waits for it.</summary>
    void Keep()
    {
        if (snapshots?.IsDue(Version) != true) return;
        ForgetOldAnswers();
        snapshots.Save(new(Stream, Version, LastPosition, _hash, First!,
            [.. _answered.Select(a => new Answer(a.Key, a.Value.BodyHash, a.Value.Outcome.Version, a.Value.Outcome.Position.ToString(), a.Value.At))], State));
    }

    void ForgetOldAnswers()
    {
        if (_answered.Count == 0) return;
        var horizon = _answered.Values.Max(a => a.At) - Remembered;
        foreach (var old in _answered.Where(a => a.Value.At < horizon).Select(a => a.Key).ToList()) _answered.Remove(old);
    }

    void Remember(TEvent @event, EventMetadata metadata)
    {
        State = evolve(State, @event);
        Version++;
        First ??= metadata;
    }
}
