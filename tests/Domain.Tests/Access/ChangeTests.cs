using System.Collections.Immutable;
using CsCheck;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Domain.Changes;
using Xunit;

namespace Ppec.Domain.Tests.Access;

/// <summary>A model of the second person: whatever is sent in whatever order, nothing is carried out under its quorum, and no change ends twice.</summary>
public static class ChangeTests
{
    static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    static readonly string Hash = new('a', 64);

    static ChangeFacts Facts(bool severe, int quorum, int second, bool glass = false) => new(
        "HoldMachine", "{}", "machine.hold", "machine-m1", new Plan("machine.hold", ["m1"], [], [], Hash), "maker", "maker", "c", "10.0.0.1", null, null,
        [new Stage("p", 0, quorum, [], severe), .. second > 0 ? new[] { new Stage("p", 1, second, [], false) } : []], Start, Start.AddHours(1), TimeSpan.FromMinutes(30), null, glass);

    static Checker By(string who, ImmutableArray<string> counts, string? issuedBy = null) => new(who, who == "service" ? null : who, "c", issuedBy ?? who, Start, counts);

    [Fact]
    public static void Nothing_is_carried_out_under_its_quorum()
    {
        var who = Gen.OneOf("maker", "ana", "bob", "cat", "service");
        ImmutableArray<string> both = ["p/0", "p/1"];
        var checker = Gen.Select(who, Gen.OneOf<ImmutableArray<string>>(both, ["p/0"], []), Gen.Int[0, 9]).Select((w, c, i) => By(w, c, i == 0 ? "maker" : w));
        Gen<Func<DateTimeOffset, ChangeCommand>> command = Gen.OneOf(
            Gen.Select(checker, Gen.Int[0, 9]).Select<Checker, int, Func<DateTimeOffset, ChangeCommand>>((c, h) => at => new ApproveChange("x", h == 0 ? new string('b', 64) : Hash, null) { By = c, At = at }),
            checker.Select<Checker, Func<DateTimeOffset, ChangeCommand>>(c => at => new WithdrawChange("x") { By = c, At = at }),
            checker.Select<Checker, Func<DateTimeOffset, ChangeCommand>>(c => at => new ReviewChange("x", true, "seen") { By = c, At = at }),
            Gen.Const<Func<DateTimeOffset, ChangeCommand>>(at => new ExpireChange("x") { At = at }),
            Gen.Const<Func<DateTimeOffset, ChangeCommand>>(at => new RemindChange("x") { At = at }),
            Gen.Const<Func<DateTimeOffset, ChangeCommand>>(at => new RecordChange("x", "executed", null, null, []) { At = at }));
        Gen.Select(command.Array[1, 30], Gen.Int[1, 3], Gen.Int[0, 2], Gen.Int[0, 5]).Sample((commands, quorum, second, minutes) =>
        {
            var (state, ends) = (Evolve(Change.Initial, new OpenChange("x", Facts(false, quorum, second)) { At = Start }), 0);
            var at = Start;
            foreach (var make in commands)
            {
                at = at.AddMinutes(minutes);
                var before = state;
                state = Evolve(state, make(at));
                if (before is not ChangeState.Ended && state is ChangeState.Ended) ends++;
                if (before is ChangeState.Ended && state is ChangeState.Ended a && ((ChangeState.Ended)before).Result != a.Result) return false;
                if (state is ChangeState.Approved or ChangeState.Ended { Result: "executed" })
                {
                    var s = (ChangeState.Known)state;
                    if (s.Approvals.Any(x => x.Person == "maker" || x.Person == "service" || x.Hash != Hash)) return false;
                    if (s.Facts.Stages.Any(stage => Change.Agreeing(s, stage).Count() < stage.Quorum)) return false;
                    if (s.Approvals.GroupBy(x => (x.Turn, x.Person)).Any(g => g.Count() > 1)) return false;
                    if (s.Approvals.Any(x => x.At >= s.Facts.ApproveUntil)) return false;
                }
            }
            return ends <= 1;
        }, iter: 10_000);
    }

    [Fact]
    public static void When_its_time_is_nearly_over_that_is_said_once()
    {
        var open = Evolve(Change.Initial, new OpenChange("x", Facts(false, 1, 0)) { At = Start });
        Assert.Empty(Change.Decide(open, new RemindChange("x") { At = Start.AddMinutes(44) }).Events);
        var remind = new RemindChange("x") { At = Start.AddMinutes(45) };
        Assert.IsType<ChangeNearsExpiry>(Assert.Single(Change.Decide(open, remind).Events));
        var reminded = Evolve(open, remind);
        Assert.Empty(Change.Decide(reminded, remind).Events);
        var decided = Evolve(reminded, new ApproveChange("x", Hash, null) { By = By("ana", ["p/0"]), At = Start.AddMinutes(50) });
        Assert.IsType<ChangeState.Approved>(decided);
        Assert.Empty(Change.Decide(decided, remind).Events);
        Assert.IsType<ChangeState.Approved>(Evolve(Evolve(open, new ApproveChange("x", Hash, null) { By = By("ana", ["p/0"]), At = Start }), remind));
    }

    [Fact]
    public static void A_notice_names_what_is_to_be_decided_and_its_maker_hears_only_how()
    {
        var (rights, now) = (new Ppec.Domain.Access.Rights(Ppec.Domain.Access.Directory.Initial), Start);
        var facts = Facts(false, 1, 0) with { Reason = "because", Ticket = "OPS-1" };
        var opened = Notices.Of("x", facts, new ChangeOpened(facts), rights, now)!;
        Assert.Equal(("opened", "PPEC: maker asks for machine.hold on machine-m1"), (opened.What, Notices.Subject(opened)));
        Assert.Contains(Hash, Notices.Text(opened), StringComparison.Ordinal);
        Assert.Contains("2026-11-24 10:00 UTC", Notices.Text(opened), StringComparison.Ordinal);
        var checkers = opened with { Checkers = ["ana", "bob"] };
        Assert.Equal(["ana", "bob"], Notices.Readers(checkers, "maker"));
        var rejected = Notices.Of("x", facts, new ChangeRejected("ana", "not today"), rights, now)! with { Checkers = ["ana", "bob"] };
        Assert.Equal(["ana", "bob", "maker"], Notices.Readers(rejected, "maker"));
        Assert.Contains("It is rejected: not today", Notices.Text(rejected), StringComparison.Ordinal);
        Assert.Equal("nears-expiry", Notices.Of("x", facts, new ChangeNearsExpiry(), rights, now)!.What);
        Assert.Null(Notices.Of("x", facts, new ChangeApproved("ana", "ana", "c", 0, [], Hash, null), rights, now));
        var glass = Facts(false, 1, 0, glass: true);
        Assert.Contains("broke the glass", Notices.Subject(Notices.Of("x", glass, new ChangeOpened(glass), rights, now)!), StringComparison.Ordinal);
    }

    static ChangeState Evolve(ChangeState state, ChangeCommand command) => Change.Decide(state, command) is { Problem: null } decided ? decided.Events.Aggregate(state, Change.Evolve) : state;

    static string? Refusal(ChangeState state, ChangeCommand command) => Change.Decide(state, command).Problem?.Code;

    [Fact]
    public static void Severe_takes_a_fresh_sign_in_for_yes_and_no()
    {
        var open = Evolve(Change.Initial, new OpenChange("x", Facts(true, 1, 0)) { At = Start });
        var late = new ApproveChange("x", Hash, null) { By = By("ana", ["p/0"]), At = Start.AddMinutes(6) };
        Assert.Equal(ProblemCodes.SignInAgain, Refusal(open, late));
        Assert.Equal(ProblemCodes.SignInAgain, Refusal(open, late with { By = late.By with { SignedInAt = null }, At = Start }));
        Assert.Null(Refusal(open, late with { At = Start.AddMinutes(4) }));
    }

    [Fact]
    public static void A_second_stage_begins_when_the_first_is_complete_and_may_be_the_same_person_once_more()
    {
        var open = Evolve(Change.Initial, new OpenChange("x", Facts(false, 2, 1)) { At = Start });
        ChangeState Agree(ChangeState s, string who) => Evolve(s, new ApproveChange("x", Hash, null) { By = By(who, ["p/0", "p/1"]), At = Start });
        var two = Agree(Agree(Agree(open, "ana"), "ana"), "bob");
        Assert.IsType<ChangeState.Waiting>(two);
        Assert.Equal(1, Change.Turn((ChangeState.Known)two));
        Assert.IsType<ChangeState.Approved>(Agree(two, "ana"));
    }

    [Fact]
    public static void Too_late_to_agree_and_too_late_to_begin_both_end_it()
    {
        var open = Evolve(Change.Initial, new OpenChange("x", Facts(false, 1, 0)) { At = Start });
        Assert.Equal(ProblemCodes.ChangeEnded, Refusal(open, new ApproveChange("x", Hash, null) { By = By("ana", ["p/0"]), At = Start.AddHours(1) }));
        Assert.Equal("expired", Assert.IsType<ChangeState.Ended>(Evolve(open, new ExpireChange("x") { At = Start.AddHours(1) })).Result);
        var agreed = Evolve(open, new ApproveChange("x", Hash, null) { By = By("ana", ["p/0"]), At = Start });
        Assert.IsType<ChangeState.Approved>(Evolve(agreed, new ExpireChange("x") { At = Start.AddMinutes(29) }));
        Assert.Equal("expired", Assert.IsType<ChangeState.Ended>(Evolve(agreed, new ExpireChange("x") { At = Start.AddMinutes(30) })).Result);
    }
}
