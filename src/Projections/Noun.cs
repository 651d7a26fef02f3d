using System.Collections.Immutable;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>One document of the read model: what the API answers, and by what it can be found. Attributes are folded as filters are (<see cref="Domain.Filters.FilterKeys.Fold"/>).</summary>
public sealed record Document(string Id, object View, DateTimeOffset Time, ImmutableArray<(string Key, string Value)> Attributes)
{
    public ImmutableArray<(string Key, string Value)> Tags { get; init; } = [];

    public ImmutableArray<(string Key, long Value)> Numbers { get; init; } = [];

    /// <summary>Where free text is looked for; lines of it.</summary>
    public string Text { get; init; } = Id;
}

/// <summary>A kind of thing that can be read: how its stream folds, and what documents follow from its state. Pure. Several may be folded from streams of one <paramref name="Category"/>.</summary>
public abstract record Noun(string Name, string Category)
{
    /// <summary>The noun that its documents are shown as.</summary>
    public string Shown { get; init; } = Name;

    /// <summary>The stream that holds the thing with this id.</summary>
    public abstract string StreamOf(string id);

    /// <summary>Its stream tells of many things, and most of them stay the same objects from event to event.</summary>
    public virtual bool IsShared => false;

    public abstract object? Initial { get; }

    public abstract object? Apply(object? state, IDomainEvent @event);

    /// <summary>None when the thing is not there (any more).</summary>
    public abstract ImmutableArray<Document> View(object? state, long version, string streamId, EventMetadata first);
}

/// <summary>A noun whose stream is <c>category-id</c>; the category is its name unless said.</summary>
public sealed record Noun<TState, TEvent>(
    string Name, TState Start, Func<TState, TEvent, TState> Evolve,
    Func<TState, long, string, EventMetadata, ImmutableArray<Document>> Documents, Func<string, string>? StreamId = null, string? Of = null) : Noun(Name, Of ?? Name)
    where TEvent : class, IDomainEvent
{
    /// <summary>The one stream that holds all of them; null when each thing has its own.</summary>
    public string? Stream { get; init; }

    public override string StreamOf(string id) => Stream ?? $"{Name}-{(StreamId is null ? id : StreamId(id))}";

    public override bool IsShared => Stream is not null;

    public override object? Initial => Start;

    public override object? Apply(object? state, IDomainEvent @event) => Evolve((TState)state!, (TEvent)@event);

    public override ImmutableArray<Document> View(object? state, long version, string streamId, EventMetadata first) => Documents((TState)state!, version, streamId, first);
}
