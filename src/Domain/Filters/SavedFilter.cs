using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Queries;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Filters;

public abstract record SavedFilterEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record FilterSaved(string Name, string Expression, string Owner) : SavedFilterEvent;
public sealed record FilterDeleted : SavedFilterEvent;

public sealed record SavedFilterState(string Expression, string Owner, DateTimeOffset SavedAt);

/// <summary>An expression under a name. It belongs to who saved it; deleted, the name is free.</summary>
public static class SavedFilter
{
    public static Decision<SavedFilterEvent> Decide(SavedFilterState? state, FilterCommand command) => (state, command) switch
    {
        (_, SaveFilter c) when Wrong(c.Expression) is { } why                                   => No(ProblemCodes.Invalid, why),
        ({ } s, SaveFilter c) when s.Owner != c.Owner                                           => No(ProblemCodes.NameTaken, $"@{c.Name} is {s.Owner}'s: take another name."),
        ({ } s, SaveFilter c) when s.Expression == c.Expression                                 => Nothing<SavedFilterEvent>(),
        (_, SaveFilter c)                                                                       => new FilterSaved(c.Name, c.Expression, c.Owner) { At = c.At },
        (null, DeleteFilter c)                                                                  => No(ProblemCodes.NotFound, $"There is no saved filter {c.Name}."),
        ({ } s, DeleteFilter c) when s.Owner != c.By                                            => No(ProblemCodes.Forbidden, $"@{c.Name} is {s.Owner}'s."),
        (_, DeleteFilter c)                                                                     => new FilterDeleted { At = c.At },
        _                                                                                       => throw new UnreachableException(command.GetType().Name),
    };

    public static SavedFilterState? Evolve(SavedFilterState? state, SavedFilterEvent @event) => (state, @event) switch
    {
        (_, FilterSaved e)     => new(e.Expression, e.Owner, e.At),
        (not null, FilterDeleted) => null,
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    /// <summary>Why it cannot be saved. One that named another would change its meaning with it, or name itself.</summary>
    static string? Wrong(string expression)
    {
        try
        {
            var terms = Filter.Parse(expression);
            return terms.IsEmpty ? "An empty filter matches everything: save one that says something."
                : terms.OfType<Term.Saved>().FirstOrDefault() is { } other ? $"A saved filter names no other (@{other.Name}): write out what it says."
                : null;
        }
        catch (QueryException e)
        {
            return e.Message;
        }
    }
}
