using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Tags;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Tags;

public abstract record TagKeyEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record TagKeySet(string Key, ImmutableArray<string> Values, ImmutableArray<string> RequiredOn, bool Protected, string Description) : TagKeyEvent;
public sealed record TagKeyDeleted : TagKeyEvent;

public sealed record TagKeyState(ImmutableArray<string> Values, ImmutableArray<string> RequiredOn, bool Protected, string Description, DateTimeOffset SetAt);

/// <summary>What holds for a tag key; checked at the gate when a tag is set or removed.</summary>
public static class TagKey
{
    public const string Machine = "machine";

    public static Decision<TagKeyEvent> Decide(TagKeyState? state, TagCommand command) => (state, command) switch
    {
        ({ } s, SetTagKey c) when Same(s, c) => Nothing<TagKeyEvent>(),
        (_, SetTagKey c)                     => new TagKeySet(c.Key, c.Values, c.RequiredOn, c.Protected, c.Description) { At = c.At },
        (null, DeleteTagKey c)               => No(ProblemCodes.NotFound, $"Nothing was said of the tag key {c.Key}."),
        (_, DeleteTagKey c)                  => new TagKeyDeleted { At = c.At },
        _                                    => throw new UnreachableException(command.GetType().Name),
    };

    public static TagKeyState? Evolve(TagKeyState? state, TagKeyEvent @event) => (state, @event) switch
    {
        (_, TagKeySet e)          => new(e.Values.IsDefault ? [] : e.Values, e.RequiredOn.IsDefault ? [] : e.RequiredOn, e.Protected, e.Description, e.At),
        (not null, TagKeyDeleted) => null,
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    /// <summary>Why a thing of this kind may not get this value of the key (null: may not lose it); null when it may.</summary>
    public static Problem? Refusal(TagKeyState? schema, string noun, string key, string? value) => (schema, value) switch
    {
        (null, _)                                                     => null,
        ({ } s, null) when s.RequiredOn.Contains(noun)                => new(ProblemCodes.TagRequired, $"Every {noun} has the tag {key}: give it another value instead of removing it."),
        ({ Values.IsEmpty: false } s, { } v) when !s.Values.Contains(v) => new(ProblemCodes.TagValueRefused, $"The tag {key} is one of {string.Join(", ", s.Values)}, not '{v}'."),
        _                                                             => null,
    };

    static bool Same(TagKeyState s, SetTagKey c) =>
        s.Values.SequenceEqual(c.Values) && s.RequiredOn.SequenceEqual(c.RequiredOn) && s.Protected == c.Protected && s.Description == c.Description;
}
