using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Domain;

/// <summary>What a decider answers: the events that become true, or the refusal. No events and no refusal: it is so already.</summary>
public readonly record struct Decision<TEvent>(ImmutableArray<TEvent> Events, Problem? Problem)
{
    public static implicit operator Decision<TEvent>(Problem refusal) => new([], refusal);
    public static implicit operator Decision<TEvent>(TEvent happened) => new([happened], null);
    public static implicit operator Decision<TEvent>(ImmutableArray<TEvent> happened) => new(happened, null);
}

/// <summary>Words for <c>Decide</c> switches.</summary>
public static class Decide
{
    public static Decision<TEvent> Then<TEvent>(params ReadOnlySpan<TEvent> events) => new([.. events], null);
    public static Decision<TEvent> Nothing<TEvent>() => new([], null);
    public static Problem No(string code, string message) => new(code, message);
}
