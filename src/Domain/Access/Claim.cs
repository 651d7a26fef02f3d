using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Access;

public abstract record ClaimEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record NameTaken(string Name, string Owner) : ClaimEvent;
public sealed record NameReleased(string Name, string Owner) : ClaimEvent;

/// <summary>A name with at most one owner at a time. <c>Owner</c> null = free.</summary>
public sealed record ClaimState(string? Owner);

public static class Claim
{
    public static readonly ClaimState Initial = new((string?)null);

    public static Decision<ClaimEvent> Take(ClaimState state, string name, string owner, DateTimeOffset at) => state switch
    {
        { Owner: null }                   => new NameTaken(name, owner) { At = at },
        { Owner: var o } when o == owner  => Nothing<ClaimEvent>(),
        { Owner: var o }                  => No(ProblemCodes.NameTaken, $"{name} belongs to {o} already."),
    };

    public static Decision<ClaimEvent> Release(ClaimState state, string name, string owner, DateTimeOffset at) =>
        state.Owner == owner ? new NameReleased(name, owner) { At = at } : Nothing<ClaimEvent>();

    public static ClaimState Evolve(ClaimState state, ClaimEvent @event) => @event switch
    {
        NameTaken e => new(e.Owner),
        NameReleased => new((string?)null),
        _ => throw new UnreachableException(@event.GetType().Name),
    };
}
