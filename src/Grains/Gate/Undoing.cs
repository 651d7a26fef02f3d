using System.Diagnostics;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Ppec.Domain.Filters;
using Ppec.Domain.Machines;
using Ppec.Domain.Tags;
using Ppec.Domain.Changes;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Grains.Gate;

/// <summary>Finds the fact that somebody wishes undone, in the one stream that it is of, and what takes it back. Whoever may not see the thing learns nothing of it.</summary>
public sealed class Undoing(Log log, Reaches reaches)
{
    static readonly string[] InDirectory = ["user", "group", "role", "grant", "owner", "policy"];

    /// <param name="wish">What is to be undone.</param>
    /// <param name="who">Who wishes it.</param>
    /// <param name="rights">What they may.</param>
    /// <param name="commandId">Of the command that undoes: where it has done so already, it is answered as the first time.</param>
    /// <param name="at">Now.</param>
    public async Task<(Command? Command, Problem? Problem, string? Reason)> Of(UndoChange wish, Principal who, Rights rights, string commandId, DateTimeOffset at)
    {
        var unknown = new Problem(ProblemCodes.NotFound, $"There is no version {wish.Version} of {wish.Of}: see ppec NOUN history ID.");
        if (wish.Of.Split(':', 2) is not [var noun, { Length: > 0 } id] || Fold(noun) is not var (initial, evolve)) return (null, unknown, null);
        if (await reaches.Named(wish.Of) is not { } thing || !rights.May(who, $"{noun}.read", thing, at).Allowed) return (null, unknown, null);

        var stream = InDirectory.Contains(noun) ? $"access-{AccessCommand.Directory}" : $"{noun}-{id}";
        var (before, after, now, fact) = (default(object), default(object), initial, default(IDomainEvent));
        await foreach (var entry in log.Read(stream, 0))
        {
            if (fact is not null && entry.Metadata.CommandId == commandId) break; // it is undone by this very command
            if (entry.Version + 1 == wish.Version) (before, fact) = (now, entry.Event);
            now = evolve(now, entry.Event);
            if (entry.Version + 1 == wish.Version) after = now;
        }
        // A stream may tell of many things: of another than this nothing is said.
        if (fact is null || (fact is AccessEvent access && !Concerns(access, noun, id))) return (null, unknown, null);
        var (command, problem) = Undo.Of(id, fact, before, after, now);
        return (command, problem, $"Undoes version {wish.Version} of {wish.Of}.");
    }

    static (object? Initial, Func<object?, IDomainEvent, object?> Evolve)? Fold(string noun) => noun switch
    {
        "machine" => (Machine.Initial, (s, e) => Machine.Evolve((MachineState)s!, (MachineEvent)e)),
        "filter"  => (null, (s, e) => SavedFilter.Evolve((SavedFilterState?)s, (SavedFilterEvent)e)),
        "tag"     => (null, (s, e) => TagKey.Evolve((TagKeyState?)s, (TagKeyEvent)e)),
        _ when InDirectory.Contains(noun) => (Directory.Initial, (s, e) => Directory.Evolve((Directory)s!, (AccessEvent)e)),
        _ => null,
    };

    static bool Concerns(AccessEvent fact, string noun, string id) => (noun, id) == fact switch
    {
        UserCreated e   => ("user", e.User),
        UserSet e       => ("user", e.User),
        MailSet e       => ("user", e.User),
        PasswordSet e   => ("user", e.User),
        Recovered e     => ("user", e.User),
        GroupSet e      => ("group", e.Group),
        GroupDeleted e  => ("group", e.Group),
        RoleSet e       => ("role", e.Role),
        RoleDeleted e   => ("role", e.Role),
        Granted e       => ("grant", e.Grant),
        GrantRevoked e  => ("grant", e.Grant),
        OwnerSet e      => ("owner", e.Owner),
        OwnerDeleted e  => ("owner", e.Owner),
        PolicySet e     => ("policy", e.Policy),
        PolicyDeleted e => ("policy", e.Policy),
        Founded         => ("", ""),
        _               => throw new UnreachableException(fact.GetType().Name),
    };
}
