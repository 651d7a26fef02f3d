using System.Collections.Immutable;
using Ppec.Contracts.Events;
using Ppec.Contracts.Operations;

namespace Ppec.Domain.Operations.Parents;

/// <summary>What can happen to a parent operation. <see cref="At"/> is when it was decided, UTC.</summary>
public abstract record ParentEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record ParentStarted(
    string Operation, string Kind, int Children, ImmutableArray<string> Substitutes, int MaxParallel, int StopAfterFailures, bool AllOrNothing, string PlanHash) : ParentEvent;

/// <summary>Some of the children, in order; a long list is several events of one append.</summary>
public sealed record ChildrenPlanned(ImmutableArray<Child> Children) : ParentEvent;
public sealed record ChildrenStarted(ImmutableArray<ChildStart> Starts) : ParentEvent;
public sealed record ChildrenEnded(ImmutableArray<ChildEnded> Ends) : ParentEvent;
public sealed record ParentCancelRequested(string Why) : ParentEvent;

/// <summary>These children are to be tried again; all others stay as they ended.</summary>
public sealed record ParentRetried(ImmutableArray<int> Children) : ParentEvent;
public sealed record ParentEnded(string Result, string Why) : ParentEvent;

/// <summary>How a child's verb ended; with <paramref name="Substitute"/>, that machine takes its place.</summary>
public sealed record ChildEnded(int Index, int Attempt, string Result, string? Why, string? Substitute);
