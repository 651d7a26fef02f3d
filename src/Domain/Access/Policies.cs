using System.Collections.Immutable;
using System.Globalization;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;

namespace Ppec.Domain.Access;

/// <summary>What a command touches, as far as policies look.</summary>
/// <param name="Permission">Its own.</param>
/// <param name="On">Each thing, as it is and as it would be.</param>
/// <param name="Moves">Things that come to belong elsewhere, to others, or to be tagged otherwise.</param>
/// <param name="Count">How many things.</param>
/// <param name="Disks">How many disks are wiped or overwritten.</param>
public sealed record Reaching(string Permission, ImmutableArray<Resource> On, ImmutableArray<(Resource From, Resource To)> Moves, int Count, int Disks);

/// <summary>Which commands need a second person, and whose word counts.</summary>
public static class Policies
{
    /// <summary>Every policy that a command falls under.</summary>
    public static ImmutableArray<PolicyView> Matching(Rights rights, Reaching command, DateTimeOffset now) =>
        [.. rights.Naming(command.Permission).Concat(command.Moves.SelectMany(m => rights.Around(m.From))).DistinctBy(p => p.Id).Where(p => Matches(rights, p, command, now)).OrderBy(p => p.Id, StringComparer.Ordinal)];

    static bool Matches(Rights rights, PolicyView policy, Reaching command, DateTimeOffset now) =>
        Leaves(policy, command) && Within(policy.Window, now) || policy.Permissions.Any(p => Permissions.Gives(p, command.Permission))
        && command.Count >= policy.MinCount && command.Disks >= policy.MinDisks
        && Scope.Parse(policy.Scope) is { } scope && (scope.Kind == "global" || command.On.Any(scope.Covers))
        && Within(policy.Window, now)
        && (!policy.BuiltIn || Awake(rights, policy, now));

    /// <summary>Whether a thing would come out from under the policy: nobody gets round one alone by moving what it guards.</summary>
    static bool Leaves(PolicyView policy, Reaching command) =>
        Scope.Parse(policy.Scope) is { Kind: not "global" } scope && command.Moves.Any(m => scope.Covers(m.From) && !scope.Covers(m.To));

    /// <summary>PPEC's own rules sleep until two people can approve: the first administrator, alone, could not make a second one.</summary>
    public static bool Awake(Rights rights, PolicyView policy, DateTimeOffset now) => Approvers(rights, policy, policy.Approvers, now).Count > policy.Quorum;

    /// <summary>Whether a change to who may do what is of a kind that could give anybody more than was meant: the others need no second person.</summary>
    public static bool IsPowerful(Directory d, AccessCommand command)
    {
        return command switch
        {
            CreateUser or SetMail or SetOwner { Add.IsEmpty: true, Remove.IsEmpty: true } => false,
            SetPassword c   => c.By != c.User && Strong($"user:{c.User}"),
            SetUser c       => Strong($"user:{c.User}"),
            SetGroup c      => Strong($"group:{c.Group}") || Approves($"group:{c.Group}"),
            DeleteGroup c   => Strong($"group:{c.Group}") || Approves($"group:{c.Group}"),
            SetOwner c      => Strong($"owner:{c.Owner}"),
            DeleteOwner c   => Strong($"owner:{c.Owner}"),
            CreateGrant c   => StrongRole(c.Role) || Approves($"role:{c.Role}"),
            RevokeGrant c   => d.Grants.GetValueOrDefault(c.Grant) is { } g && (StrongRole(g.Role) || Approves($"role:{g.Role}")),
            _               => true, // roles and policies
        };

        bool Strong(string subject)
        {
            var rights = new Rights(d);
            return subject.StartsWith("user:", StringComparison.Ordinal)
                ? rights.Powers(subject[5..]).Any(p => StrongRole(p.Role.Id)) || rights.Names(subject[5..]).Any(Approves)
                : d.Grants.Values.Any(g => g.Subject == subject && StrongRole(g.Role));
        }
        bool StrongRole(string role) => d.Roles.GetValueOrDefault(role) is { } r && BuiltIn.Powers.Any(p => r.Permissions.Any(given => Permissions.Gives(given, p)));
        bool Approves(string name) => d.Policies.Values.Any(p => p.Approvers.Contains(name) || p.SecondStage?.Approvers.Contains(name) == true);
    }

    /// <summary>The quorums of a policy, in turn.</summary>
    public static IEnumerable<(int Quorum, ImmutableArray<string> Approvers)> Stages(PolicyView policy)
    {
        yield return (policy.Quorum, policy.Approvers);
        if (policy.SecondStage is { } second) yield return (second.Quorum, second.Approvers);
    }

    /// <summary>Every enabled person whose word counts for a stage of a policy.</summary>
    public static ImmutableHashSet<string> Approvers(Rights rights, PolicyView policy, ImmutableArray<string> named, DateTimeOffset now) =>
        [.. rights.Directory.Users.Values.Where(u => u is { Kind: "person", Disabled: false } && Counts(rights, policy, named, u.Id, now)).Select(u => u.Id)];

    /// <summary>Whether a person's word counts: with <c>change.approve</c> where the policy holds, and, where it names approvers, as one of them.</summary>
    public static bool Counts(Rights rights, PolicyView policy, ImmutableArray<string> named, string person, DateTimeOffset now)
    {
        if (Scope.Parse(policy.Scope) is not { } scope || rights.Lacks(person, Limits.None, ["change.approve"], scope, now) is not null) return false;
        if (named.IsDefaultOrEmpty) return true;
        var names = rights.Names(person);
        return named.Any(n => names.Contains(n) || (n.StartsWith("role:", StringComparison.Ordinal) && rights.Powers(person).Any(p => p.Role.Id == n[5..] && !(p.Grant.ExpiresAt <= now) && p.Scope.Contains(scope))));
    }

    /// <summary>Whether now, UTC, is inside <c>mon-fri 08:00-18:00</c>; days or hours may be left out; hours may run over midnight.</summary>
    public static bool Within(string? window, DateTimeOffset now) => string.IsNullOrEmpty(window) || (Window(window) is { } w && w(now.UtcDateTime));

    /// <summary>Null for what is no window.</summary>
    public static Func<DateTime, bool>? Window(string text)
    {
        var (days, hours) = (default((int From, int To)?), default((TimeOnly From, TimeOnly To)?));
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (ends.Length is < 1 or > 2) return null;
            if (Day(ends[0]) is var first and >= 0 && Day(ends[^1]) is var last and >= 0 && days is null) days = (first, last);
            else if (ends.Length == 2 && Hour(ends[0]) is { } from && Hour(ends[1]) is { } to && hours is null) hours = (from, to);
            else return null;
        }
        return days is null && hours is null ? null : at => InDays((int)at.DayOfWeek) && InHours(TimeOnly.FromDateTime(at));

        bool InDays(int day) => days is not { } d || (d.From <= d.To ? day >= d.From && day <= d.To : day >= d.From || day <= d.To);
        bool InHours(TimeOnly at) => hours is not { } h || at.IsBetween(h.From, h.To);
        static int Day(string name) => Array.IndexOf(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], name);
        static TimeOnly? Hour(string text) => TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
    }
}
