using System.Collections.Immutable;
using CsCheck;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Operations;

/// <summary>Work on many: never too much at once, nothing begun twice, and a list is racked whole or not at all.</summary>
public sealed class ParentTests
{
    const string Id = "b0000000000000000000000000";

    static StartParent Many(int children, int parallel = 2, int stopAfter = 0, string[]? substitutes = null, params string[] verbs) =>
        new(Id, "provision", [.. Enumerable.Range(1, children).Select(i => new Child($"m{i}", verbs.Length == 0 ? ["provision"] : [.. verbs], Row: i))], [.. substitutes ?? []], parallel, stopAfter, verbs.Contains(ChildVerbs.Claim), "hash") { At = Start };

    static ParentState Given(StartParent start) => Apply(null, start)!;

    static ParentState? Apply(ParentState? state, OperationCommand command)
    {
        var decision = Parent.Decide(state, command with { At = Start });
        Assert.Null(decision.Problem);
        return decision.Events.Aggregate(state, Parent.Evolve);
    }

    static ParentState Begin(ParentState s) => Apply(s, new BeginChildren(Id, Parent.Resume(s).Starts))!;

    static ParentState End(ParentState s, int index, string result, string? why = null) => Apply(s, new EndChildren(Id, [new(index, s.Stand[index].Attempt, result, why)]))!;

    static ParentState Conclude(ParentState s) => Apply(s, new ConcludeParent(Id))!;

    [Fact]
    public void As_many_begin_as_may_be_under_way()
    {
        var s = Begin(Given(Many(5)));
        Assert.Equal([0, 1], Parent.Resume(s).Running);
        Assert.Empty(Parent.Resume(s).Starts);
        s = End(s, 1, Ending.Succeeded);
        Assert.Equal([2], Parent.Resume(s).Starts.Select(b => b.Index));
    }

    [Fact]
    public void All_done_is_success()
    {
        var s = Begin(Given(Many(2)));
        s = Conclude(End(End(s, 0, Ending.Succeeded), 1, Ending.Succeeded));
        Assert.Equal(Ending.Succeeded, s.Ending?.Result);
        Assert.Equal(100, ParentViews.Of(s, 1, "admin", null, null)!.Percent);
    }

    [Fact]
    public void After_so_many_failures_none_begins_and_those_under_way_finish()
    {
        var s = Begin(Given(Many(5, stopAfter: 1)));
        s = End(s, 0, Ending.Failed, "disk");
        Assert.Empty(Parent.Resume(s).Starts);
        Assert.False(Parent.Resume(s).IsOver);
        s = Conclude(End(s, 1, Ending.Succeeded));
        Assert.Equal((Ending.Failed, "1 of 5 failed. 3 were not begun. First: m1: disk"), (s.Ending!.Result, s.Ending.Why));
    }

    [Fact]
    public void A_substitute_takes_the_place_of_a_refused_machine_and_that_is_no_failure()
    {
        var s = Begin(Given(Many(1, stopAfter: 1, substitutes: ["x1"])));
        s = End(s, 0, Parent.Refused, "taken");
        Assert.Equal(0, s.Failures);
        Assert.Equal(new ChildStart(0, "x1", 0, 2), Assert.Single(Parent.Resume(s).Starts));
        s = Conclude(End(Begin(s), 0, Ending.Succeeded));
        Assert.Equal(Ending.Succeeded, s.Ending?.Result);
    }

    [Fact]
    public void A_failed_machine_has_a_substitute_too_and_counts()
    {
        var s = Begin(Given(Many(1, substitutes: ["x1"])));
        s = End(s, 0, Ending.Failed, "no boot");
        Assert.Equal((1, "x1", ChildStage.Pending), (s.Failures, s.Stand[0].Target, s.Stand[0].State));
    }

    [Fact]
    public void A_retry_is_of_the_failed_and_the_unbegun_alone()
    {
        var s = Begin(Given(Many(4, stopAfter: 1)));
        s = Conclude(End(End(s, 0, Ending.Failed, "x"), 1, Ending.Succeeded));
        s = Apply(s, new RetryOperation(Id))!;
        Assert.Null(s.Ending);
        Assert.Equal([0, 2], Parent.Resume(s).Starts.Select(b => b.Index));
        Assert.Equal(ChildStage.Succeeded, s.Stand[1].State);
        Assert.Equal(2, Parent.Resume(s).Starts[0].Attempt);
    }

    [Fact]
    public void A_cancel_lets_what_is_under_way_land_and_begins_no_more()
    {
        var s = Begin(Given(Many(3)));
        s = Apply(s, new CancelOperation(Id, "wrong rack"))!;
        Assert.Empty(Parent.Resume(s).Starts);
        s = Conclude(End(End(s, 0, Ending.Cancelled), 1, Ending.Succeeded));
        Assert.Equal((Ending.Cancelled, "wrong rack"), (s.Ending!.Result, s.Ending.Why));
        Assert.Equal(ProblemCodes.OperationNotFailed, Parent.Decide(s, new RetryOperation(Id)).Problem?.Code);
        Assert.Equal(ProblemCodes.OperationEnded, Parent.Decide(s, new CancelOperation(Id, "again")).Problem?.Code);
    }

    [Fact]
    public void Verbs_of_a_child_follow_each_other()
    {
        var s = Begin(Given(Many(1, verbs: ["release", "retire"])));
        s = End(s, 0, Ending.Succeeded);
        Assert.Equal(new ChildStart(0, "m1", 1, 2), Assert.Single(Parent.Resume(s).Starts));
        s = End(Begin(s), 0, Ending.Succeeded);
        Assert.Equal(ChildStage.Succeeded, s.Stand[0].State);
    }

    [Fact]
    public void Nothing_is_racked_before_everything_has_its_place()
    {
        var s = Begin(Given(Many(3, parallel: 2, verbs: [ChildVerbs.Claim, ChildVerbs.Rack])));
        s = End(s, 0, Ending.Succeeded);
        Assert.Equal([2], Parent.Resume(s).Starts.Select(b => b.Index)); // the third claim, not the first racking
        s = End(End(Begin(s), 1, Ending.Succeeded), 2, Ending.Succeeded);
        Assert.All(Parent.Resume(s).Starts, b => Assert.Equal(1, b.Verb));
    }

    [Fact]
    public void One_row_without_its_place_gives_all_claims_back()
    {
        var s = Begin(Given(Many(3, parallel: 3, verbs: [ChildVerbs.Claim, ChildVerbs.Rack])));
        s = End(s, 0, Ending.Succeeded);
        s = End(s, 1, Parent.Refused, "unit 4 is taken");
        Assert.Empty(Parent.Resume(s).GiveBack); // the third may be taking its own this moment
        s = End(s, 2, Ending.Succeeded);
        Assert.Equal([0, 2], Parent.Resume(s).GiveBack);
        s = Conclude(End(End(s, 0, Ending.Cancelled), 2, Ending.Cancelled));
        Assert.Equal("1 of 3 failed. Nothing was racked. First: m2: unit 4 is taken", s.Ending!.Why);
        s = Apply(s, new RetryOperation(Id))!;
        Assert.Equal(3, Parent.Resume(s).Starts.Length);
        Assert.All(Parent.Resume(s).Starts, b => Assert.Equal(0, b.Verb));
    }

    [Fact]
    public void A_long_list_is_several_events_of_one_append()
    {
        var events = Parent.Decide(null, Many(450)).Events;
        Assert.Equal([200, 200, 50], events.OfType<ChildrenPlanned>().Select(e => e.Children.Length));
        Assert.Equal(450, Given(Many(450)).Stand.Length);
    }

    /// <summary>Whatever children do and whenever it is asked: bounded, each at most once at a time, repeatable, and it ends.</summary>
    [Fact]
    public void Properties()
    {
        var gen = Gen.Select(Gen.Int[1, 12], Gen.Int[1, 5], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Bool, Gen.Int[0, 1000].Array[60]);
        Sampled.Each(gen, 1500, Check, g => g.ToString()!);

        static void Check((int Children, int Parallel, int StopAfter, int Substitutes, bool Paper, int[] Dice) g)
        {
            var start = Many(g.Children, g.Parallel, g.StopAfter, g.Paper ? [] : [.. Enumerable.Range(1, g.Substitutes).Select(i => $"x{i}")], g.Paper ? [ChildVerbs.Claim, ChildVerbs.Rack] : ["provision"]);
            var s = Given(start);
            var dice = 0;
            for (var turn = 0; ; turn++)
            {
                Assert.True(turn < 500, "It does not end.");
                var next = Parent.Resume(s);
                Assert.True(s.Stand.Count(c => c.State == ChildStage.Running) <= g.Parallel);
                Assert.Equal(s.Stand.Length, s.Stand.Select(c => c.Target).Distinct().Count());
                if (g.Paper && s.Stand.Any(c => c is { State: ChildStage.Failed, Verb: 0 })) Assert.DoesNotContain(s.Stand, c => c is { State: ChildStage.Running, Verb: 1 });
                if (next.IsOver) break;
                OperationCommand command = next switch
                {
                    { Starts.IsEmpty: false }   => new BeginChildren(Id, next.Starts),
                    { GiveBack.IsEmpty: false } => new EndChildren(Id, [.. next.GiveBack.Select(i => new ChildEnd(i, s.Stand[i].Attempt, Ending.Cancelled, "given back"))]),
                    _ => Ends(s, next.Running[g.Dice[dice % 60] % next.Running.Length], g.Paper ? [Ending.Succeeded, Ending.Succeeded, Ending.Succeeded, Parent.Refused] : [Ending.Succeeded, Ending.Failed, Parent.Refused, Ending.Cancelled], g.Dice[dice++ % 60]),
                };
                if (g.Dice[turn % 60] == 7) s = Apply(s, new CancelOperation(Id, "enough"))!;
                s = Apply(s, command)!;
                Assert.Empty(Parent.Decide(s, command).Events); // asked twice, done once
            }
            s = Conclude(s);
            Assert.NotNull(s.Ending);
            Assert.True(Parent.Resume(s) == ParentNext.Rest);
            if (g.Paper && s.Stand.Any(c => c.State == ChildStage.Failed && c.Verb == 0)) Assert.DoesNotContain(s.Stand, c => c is { State: ChildStage.Succeeded });
            Assert.Equal(s.Ending.Result == Ending.Succeeded, s.Stand.All(c => c.State == ChildStage.Succeeded));
            Assert.Equal(g.Children, ParentViews.Of(s, 1, "a", null, null)!.Children!.Total);
        }

        static EndChildren Ends(ParentState s, int index, string[] results, int die) => new(Id, [new(index, s.Stand[index].Attempt, results[die % results.Length], "why")]);
    }

    [Theory]
    [InlineData("pay-{n:000}", 7, "pay-007"), InlineData("pay-{n}", 12, "pay-12"), InlineData("{n:00}.db", 123, "123.db"), InlineData("plain", 1, "plain")]
    public void Host_names_are_numbered(string pattern, int n, string expected) => Assert.Equal(expected, Picking.Hostname(pattern, n));

    [Fact]
    public void Machines_are_spread_over_racks_whatever_order_they_come_in()
    {
        Picking.Candidate[] candidates = [new("a1", "r1"), new("a2", "r1"), new("a3", "r1"), new("b1", "r2"), new("c1", "r3"), new("c2", "r3")];
        ImmutableArray<string> expected = ["a1", "b1", "c1", "a2", "c2", "a3"];
        Assert.Equal(expected, Picking.Order(candidates, spread: true));
        Assert.Equal(expected, Picking.Order(candidates.Reverse(), spread: true));
        Assert.Equal(["a1", "a2", "a3", "b1", "c1", "c2"], Picking.Order(candidates, spread: false));
    }
}
