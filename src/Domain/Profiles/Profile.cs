using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Profiles;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Profiles;

public abstract record ProfileEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record ProfileVersionCreated(string Profile, int Version, ProfileSpec Spec) : ProfileEvent;

/// <summary>All versions of one profile, the first first.</summary>
public sealed record ProfileState(ImmutableArray<(ProfileVersion Version, DateTimeOffset CreatedAt)> Versions);

/// <summary>The hardware that was ordered. A version never changes; a change is a new version.</summary>
public static class Profile
{
    public static readonly ProfileState Initial = new([]);

    public static Decision<ProfileEvent> Decide(ProfileState state, ProfileCommand command) => command switch
    {
        CreateProfileVersion c when !state.Versions.IsEmpty && Same(state.Versions[^1].Version.Spec, Filled(c.Spec)) =>
            No(ProblemCodes.ProfileUnchanged, $"That is what {state.Versions[^1].Version.Id} says already: there is nothing to add."),
        CreateProfileVersion c => new ProfileVersionCreated(c.Profile, state.Versions.Length + 1, Filled(c.Spec)) { At = c.At },
        _ => throw new UnreachableException(command.GetType().Name),
    };

    public static ProfileState Evolve(ProfileState state, ProfileEvent @event) => @event switch
    {
        ProfileVersionCreated e when e.Version == state.Versions.Length + 1 => new(state.Versions.Add((new(e.Profile, e.Version, e.Spec), e.At))),
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    /// <summary>A list left out is an empty one; a default immutable array cannot even be written as JSON.</summary>
    static ProfileSpec Filled(ProfileSpec s) => s with { Dimms = OrEmpty(s.Dimms), Disks = OrEmpty(s.Disks), Nics = OrEmpty(s.Nics), Firmware = OrEmpty(s.Firmware) };

    static ImmutableArray<T> OrEmpty<T>(ImmutableArray<T> array) => array.IsDefault ? [] : array;

    /// <summary>By content: immutable arrays compare by reference.</summary>
    static bool Same(ProfileSpec a, ProfileSpec b) => JsonSerializer.Serialize(a) == JsonSerializer.Serialize(b);
}
