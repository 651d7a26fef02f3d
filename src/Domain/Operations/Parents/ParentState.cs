using System.Collections.Immutable;
using Ppec.Contracts.Operations;

namespace Ppec.Domain.Operations.Parents;

/// <summary>A parent operation: what its children are to do, and where each stands.</summary>
public sealed record ParentState(
    string Id, string Kind, int Planned, int MaxParallel, int StopAfterFailures, bool AllOrNothing, string PlanHash, DateTimeOffset StartedAt)
{
    public ImmutableArray<Child> Children { get; init; } = [];

    /// <summary>Beside <see cref="Children"/>: how far each is.</summary>
    public ImmutableArray<ChildState> Stand { get; init; } = [];

    /// <summary>Machines that may still take the place of another.</summary>
    public ImmutableArray<string> Substitutes { get; init; } = [];

    /// <summary>Since it began, or was last retried.</summary>
    public int Failures { get; init; }

    /// <summary>Why a cancel was asked for; null = none was.</summary>
    public string? Cancel { get; init; }

    public Ending? Ending { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Nothing more begins.</summary>
    public bool Stopping =>
        Cancel is not null
        || (StopAfterFailures > 0 && Failures >= StopAfterFailures)
        || (AllOrNothing && Failures > 0 && !RackedAny);

    /// <summary>From the first machine that is racked on, a list that goes whole or not at all goes on to its end.</summary>
    public bool RackedAny => Stand.Any(c => c is { State: ChildStage.Succeeded, Verb: > 0 });

    public string VerbOf(int index) => Children[index].Verbs[Math.Min(Stand[index].Verb, Children[index].Verbs.Length - 1)];
}

/// <summary>One child: <paramref name="Verb"/> is the number of the verb it is at, <paramref name="Attempt"/> counts how often it began anything.</summary>
public sealed record ChildState(string Target, int Verb, ChildStage State, int Attempt, string? Operation, string? Message);

public enum ChildStage { Pending, Running, Succeeded, Failed, Cancelled }
