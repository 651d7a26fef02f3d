using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using static Ppec.Contracts.Gate.ProblemCodes;
using static Ppec.Domain.Changes.ChangeState;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Changes;

public abstract record ChangeEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record ChangeOpened(ChangeFacts Facts) : ChangeEvent;
public sealed record ChangeApproved(string By, string Person, string Credential, int Turn, ImmutableArray<string> CountsFor, string Hash, string? Comment) : ChangeEvent;

/// <summary>The last quorum is reached.</summary>
public sealed record QuorumReached(DateTimeOffset ExecuteUntil) : ChangeEvent;
public sealed record ChangeRejected(string By, string Why) : ChangeEvent;
public sealed record ChangeWithdrawn(string By) : ChangeEvent;
public sealed record ChangeExpired(string Why) : ChangeEvent;
public sealed record ChangeRecorded(string Result, string? Why, string? Operation, ImmutableArray<string> Moved) : ChangeEvent;
public sealed record ChangeReviewed(string By, bool Justified, string Comment) : ChangeEvent;

/// <summary>An agreement, to one plan.</summary>
public sealed record Approval(string By, string Person, int Turn, ImmutableArray<string> CountsFor, string Hash, string? Comment, DateTimeOffset At);

public abstract record ChangeState
{
    public sealed record Absent : ChangeState;

    public abstract record Known(ChangeFacts Facts, ImmutableArray<Approval> Approvals) : ChangeState;

    public sealed record Waiting(ChangeFacts Facts, ImmutableArray<Approval> Approvals) : Known(Facts, Approvals);

    /// <summary>To be carried out.</summary>
    public sealed record Approved(ChangeFacts Facts, ImmutableArray<Approval> Approvals, DateTimeOffset ExecuteUntil) : Known(Facts, Approvals);

    public sealed record Ended(ChangeFacts Facts, ImmutableArray<Approval> Approvals, string Result, DateTimeOffset At, string By, string? Why, string? Operation, ImmutableArray<string> Moved) : Known(Facts, Approvals)
    {
        public ChangeReviewed? Review { get; init; }
    }
}

/// <summary>The rules of the second person. Any one refusal ends a change; no one's word counts twice, and the maker's never.</summary>
public static class Change
{
    /// <summary>How fresh a sign-in must be where a policy is severe.</summary>
    public static readonly TimeSpan FreshSignIn = TimeSpan.FromMinutes(5);

    /// <summary>By when somebody else has looked at what was done without approval.</summary>
    public static readonly TimeSpan ReviewWithin = TimeSpan.FromHours(24);

    public static readonly ChangeState Initial = new Absent();

    public static Decision<ChangeEvent> Decide(ChangeState state, ChangeCommand command)
    {
        var decided = Rules(state, command);
        return decided.Problem is null ? decided with { Events = [.. decided.Events.Select(e => e with { At = command.At })] } : decided;
    }

    static Decision<ChangeEvent> Rules(ChangeState state, ChangeCommand command) => (state, command) switch
    {
        (Absent, OpenChange { Facts.BreakGlass: true } c)              => Then<ChangeEvent>(new ChangeOpened(c.Facts), new QuorumReached(c.At + c.Facts.ExecuteWithin)),
        (Absent, OpenChange c)                                         => new ChangeOpened(c.Facts),
        (_, OpenChange)                                                => Nothing<ChangeEvent>(),
        (Absent, _)                                                    => No(ChangeUnknown, $"There is no change {command.Change}."),

        (Waiting s, ExpireChange c) when c.At >= s.Facts.ApproveUntil  => new ChangeExpired("It was not approved in time."),
        (Approved s, ExpireChange c) when c.At >= s.ExecuteUntil       => new ChangeExpired("It was approved, and could not be carried out in time."),
        (_, ExpireChange)                                              => Nothing<ChangeEvent>(),

        (Waiting s, ApproveChange c) when Barred(s, c.By, c.At) is { } barred => barred,
        (Waiting s, ApproveChange c) when c.Hash != s.Facts.Plan.Hash  => No(ChangePlanMoved, $"You approve plan {Short(c.Hash)}, and this change has plan {Short(s.Facts.Plan.Hash)}: look at it again."),
        (Waiting s, ApproveChange c)                                   => Approve(s, c),
        (Known s, ApproveChange c) when s.Approvals.Any(a => a.Person == c.By.Person && a.Hash == c.Hash) => Nothing<ChangeEvent>(),

        (Waiting s, RejectChange c) when Barred(s, c.By, c.At) is { } barred => barred,
        (Waiting, RejectChange c)                                      => new ChangeRejected(c.By.User, c.Why),
        (Ended { Result: "rejected" } s, RejectChange c) when s.By == c.By.User => Nothing<ChangeEvent>(),

        (Waiting s, WithdrawChange c) when c.By.Person != s.Facts.Person => No(ChangeNotYours, $"Only {s.Facts.Person}, who made it, withdraws it; a checker rejects."),
        (Waiting, WithdrawChange c)                                    => new ChangeWithdrawn(c.By.User),
        (Ended { Result: "withdrawn" }, WithdrawChange)                => Nothing<ChangeEvent>(),

        (Approved, RecordChange c)                                     => new ChangeRecorded(c.Result, c.Why, c.Operation, c.Moved),
        (Ended, RecordChange)                                          => Nothing<ChangeEvent>(),

        (Ended { Facts.BreakGlass: true, Review: not null }, ReviewChange) => No(ChangeEnded, "It was reviewed already."),
        (Ended { Facts.BreakGlass: true } s, ReviewChange c) when c.By.Person is null || c.By.Person == s.Facts.Person => No(ChangeOwn, "Somebody else reviews it, and a person."),
        (Ended { Facts.BreakGlass: true }, ReviewChange c)             => new ChangeReviewed(c.By.User, c.Justified, c.Comment),
        (Waiting, RecordChange)                                        => No(ChangeNotYours, "It is not approved, and nothing is recorded of it."),
        (_, ReviewChange)                                              => No(ChangeNotYours, "Only what was done without approval, and is done, is reviewed."),

        (Approved, _)                                                  => No(ChangeEnded, "It is approved, and being carried out."),
        (Ended s, _)                                                   => No(ChangeEnded, $"It has ended: {s.Result}."),
        _ => throw new UnreachableException($"{command.GetType().Name} in {state.GetType().Name}"),
    };

    /// <summary>Why this word does not count; null when it does.</summary>
    static Problem? Barred(Waiting s, Checker by, DateTimeOffset at)
    {
        if (at >= s.Facts.ApproveUntil) return No(ChangeEnded, "Its time is over.");
        if (by.Person is null) return No(ChangeNotYours, "A service account decides nothing: a person does.");
        if (by.Person == s.Facts.Person) return No(ChangeOwn, "It is your own: somebody else must agree.");
        if (by.IssuedBy != by.User) return No(ChangeOwn, $"Your credential was made by {by.IssuedBy}: sign in yourself.");
        var turn = Turn(s);
        var mine = s.Facts.Stages.Where(x => x.Turn == turn && by.CountsFor.Contains(Key(x))).ToList();
        if (mine.Count == 0) return No(ChangeNotYours, $"Your word does not count here: {string.Join("; ", s.Facts.Stages.Where(x => x.Turn == turn).Select(Asks))}.");
        return mine.Any(x => x.Severe) && !(by.SignedInAt > at - FreshSignIn) ? No(SignInAgain, "This is severe: sign in again, and decide within five minutes.") : null;
    }

    static Decision<ChangeEvent> Approve(Waiting s, ApproveChange c)
    {
        var turn = Turn(s);
        if (s.Approvals.Any(a => a.Turn == turn && a.Person == c.By.Person)) return Nothing<ChangeEvent>();
        var approved = new ChangeApproved(c.By.User, c.By.Person!, c.By.Credential, turn, c.By.CountsFor, c.Hash, c.Comment);
        var after = s with { Approvals = s.Approvals.Add(Agreed(approved)) };
        return Missing(after).Any() ? approved : Then<ChangeEvent>(approved, new QuorumReached(c.At + s.Facts.ExecuteWithin));
    }

    public static ChangeState Evolve(ChangeState state, ChangeEvent @event) => (state, @event) switch
    {
        (Absent, ChangeOpened e)      => new Waiting(e.Facts, []),
        (Waiting s, ChangeApproved e) => s with { Approvals = s.Approvals.Add(Agreed(e)) },
        (Waiting s, QuorumReached e)  => new Approved(s.Facts, s.Approvals, e.ExecuteUntil),
        (Waiting s, ChangeRejected e) => End(s, "rejected", e.At, e.By, e.Why),
        (Waiting s, ChangeWithdrawn e) => End(s, "withdrawn", e.At, e.By, null),
        (Known s and not Ended, ChangeExpired e) => End(s, "expired", e.At, "system:changes", e.Why),
        (Approved s, ChangeRecorded e) => End(s, e.Result, e.At, "system:changes", e.Why) with { Operation = e.Operation, Moved = e.Moved },
        (Ended s, ChangeReviewed e)   => s with { Review = e },
        _ => throw new UnreachableException($"{@event.GetType().Name} after {state.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    static Ended End(Known s, string result, DateTimeOffset at, string by, string? why) => new(s.Facts, s.Approvals, result, at, by, why, null, []);

    static Approval Agreed(ChangeApproved e) => new(e.By, e.Person, e.Turn, e.CountsFor, e.Hash, e.Comment, e.At);

    /// <summary>The turn that approvals count for now: the second begins when the first is complete.</summary>
    public static int Turn(Known s) => Missing(s).Select(x => x.Turn).DefaultIfEmpty(0).Min();

    /// <summary>Stages whose quorum is not reached.</summary>
    public static IEnumerable<Stage> Missing(Known s) => s.Facts.Stages.Where(x => Agreeing(s, x).Count() < x.Quorum);

    /// <summary>Who agreed for a stage, as persons.</summary>
    public static IEnumerable<string> Agreeing(Known s, Stage stage) =>
        s.Approvals.Where(a => a.Turn == stage.Turn && a.CountsFor.Contains(Key(stage))).Select(a => a.Person).Distinct(StringComparer.Ordinal);

    public static string Key(Stage stage) => $"{stage.Policy}/{stage.Turn}";

    /// <summary>What differs between two plans, said for people.</summary>
    public static ImmutableArray<string> Moved(Plan seen, Plan now) =>
    [
        .. seen.Effects.Except(now.Effects).Select(e => $"no longer: {e.Kind} {e.Target}: {e.Detail}"),
        .. now.Effects.Except(seen.Effects).Select(e => $"now: {e.Kind} {e.Target}: {e.Detail}"),
        .. now.Inputs.Except(seen.Inputs).Select(i => $"{i.Name} was {seen.Inputs.FirstOrDefault(b => b.Name == i.Name)?.Value ?? "not there"}, is {i.Value}"),
    ];

    static string Asks(Stage s) => $"policy {s.Policy} asks for {s.Quorum} of {(s.Approvers.IsDefaultOrEmpty ? "those who have change.approve there" : string.Join(", ", s.Approvers))}, and not for whom the maker put there";

    static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;
}
