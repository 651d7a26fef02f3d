using Ppec.Contracts.Access;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Alerts;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Alerts;

/// <summary>What wants a person, from the first fact to the last.</summary>
public static class AlertTests
{
    static readonly AlertCause Cause = new("machine-held", Severities.Warning, "machine:sn-1", "held", "ops/runbooks/README.md#machine-held");

    static RaiseAlert Raise(ulong fact, AlertCause? cause = null) => new("a.b", new(fact), cause ?? Cause) { At = Start };

    static AlertState? Fold(AlertState? state, params AlertCommand[] commands) => commands.Aggregate(state, (s, c) => Alert.Decide(s, c).Events.Aggregate(s, Alert.Evolve));

    [Fact]
    public static void The_same_fact_and_the_same_trouble_are_one_alert()
    {
        var fired = Fold(null, Raise(5));
        Assert.Empty(Alert.Decide(fired, Raise(5)).Events);
        Assert.Empty(Alert.Decide(fired, Raise(9)).Events);
        Assert.Single(Alert.Decide(fired, Raise(9, Cause with { Summary = "worse" })).Events);
        Assert.Equal((Alert.Firing, 1), (fired!.State, fired.Times));
    }

    [Fact]
    public static void A_fact_that_was_taken_in_neither_fires_nor_ends_it_again()
    {
        var over = Fold(null, Raise(5), new ResolveAlert("a.b", new LogPosition(7)) { At = Start });
        Assert.Equal((Alert.Resolved, null), (over!.State, over.By));
        Assert.Empty(Alert.Decide(over, Raise(5)).Events);
        Assert.Empty(Alert.Decide(over, Raise(7)).Events);
        var again = Fold(over, Raise(8));
        Assert.Equal((Alert.Firing, 2), (again!.State, again.Times));
        Assert.Empty(Alert.Decide(again, new ResolveAlert("a.b", new LogPosition(7))).Events);
    }

    [Fact]
    public static void People_look_after_it_end_it_and_keep_it_quiet()
    {
        var fired = Fold(null, Raise(5));
        var acked = Fold(fired, new AckAlert("a.b", "ana") { At = Start });
        Assert.Equal((Alert.Acknowledged, "ana"), (acked!.State, acked.By));
        Assert.Empty(Alert.Decide(acked, new AckAlert("a.b", "ana")).Events);
        Assert.Equal("bo", Fold(acked, new AckAlert("a.b", "bo") { At = Start })!.By);
        var quiet = Fold(acked, new SilenceAlert("a.b", Start.AddHours(1), "ana") { At = Start });
        Assert.Equal(Start.AddHours(1), quiet!.SilencedUntil);
        var over = Fold(quiet, new ResolveAlert("a.b", By: "ana") { At = Start });
        Assert.Equal((Alert.Resolved, "ana"), (over!.State, over.By));
        Assert.Equal(ProblemCodes.AlertResolved, Alert.Decide(over, new AckAlert("a.b", "bo")).Problem?.Code);
        Assert.Equal(Alert.Firing, Fold(over, Raise(6))!.State);
    }

    [Fact]
    public static void What_never_fired_is_not_there_and_a_fact_ends_nothing_there()
    {
        Assert.Equal(ProblemCodes.NotFound, Alert.Decide(null, new AckAlert("a.b", "ana")).Problem?.Code);
        Assert.Equal(ProblemCodes.NotFound, Alert.Decide(null, new ResolveAlert("a.b")).Problem?.Code);
        Assert.Empty(Alert.Decide(null, new ResolveAlert("a.b", new LogPosition(3))).Events);
    }

    [Fact]
    public static void A_hold_that_an_operation_led_to_is_explained_by_its_failure()
    {
        var held = Assert.IsType<RaiseAlert>(Raising.From("machine-sn-1", new MachineHeld("provision", "no disk", null, null) { At = Start }, new(4), "op1"));
        var failed = Assert.IsType<RaiseAlert>(Raising.From("operation-op1", new OperationEnded("failed", "no disk") { At = Start }, new(5)));
        Assert.Equal(failed.Alert, held.Cause.Parent);
        Assert.Equal("machine-held.sn-1.provision", held.Alert);
        Assert.Equal(held.Alert, Assert.IsType<ResolveAlert>(Raising.From("machine-sn-1", new MachineUnheld("provision") { At = Start }, new(6))).Alert);
        Assert.Null(Raising.From("operation-op1", new OperationEnded("succeeded", "") { At = Start }, new(5)));
    }

    [Theory]
    [InlineData(30, 28, true), InlineData(30, 22, false), InlineData(365, 357, false), InlineData(365, 359, true), InlineData(1, 0, false), InlineData(30, 31, false)]
    public static void A_credential_is_spoken_of_in_its_last_week_and_last_fifth(int days, int after, bool spoken)
    {
        var c = new CredentialView("c1", "ana", "token", "ci", Limits.None, Start, "ana", Start.AddDays(days), null, null, 1);
        var raised = Raising.Expiring(c, Start.AddDays(after));
        Assert.Equal(spoken, raised is not null);
        Assert.Null(Raising.Expiring(c with { Kind = "session" }, Start.AddDays(after)));
        Assert.Null(Raising.Expiring(c with { RevokedAt = Start }, Start.AddDays(after)));
        if (raised is null) return;
        var alert = Alert.View(Fold(null, raised with { At = Start }), raised.Alert, 1)!;
        Assert.Null(Raising.Settled(alert, c));
        Assert.NotNull(Raising.Settled(alert, c with { RevokedAt = Start }));
        var settled = Assert.IsType<ResolveAlert>(Raising.Settled(alert, c with { ExpiresAt = Start.AddDays(days + 90) }));
        Assert.Equal(Alert.Resolved, Fold(null, raised with { At = Start }, settled with { At = Start })!.State);
        Assert.Equal(Alert.Resolved, Fold(null, raised with { At = Start }, settled with { At = Start }, raised with { At = Start })!.State); // an end is spoken of once
    }

    [Fact]
    public static void Each_kind_of_alert_has_its_section_in_the_runbook()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "PPEC.sln"))) at = at.Parent;
        var runbook = File.ReadAllLines(Path.Combine(at!.FullName, "ops", "runbooks", "README.md"));
        Assert.Equal(Raising.Sources.Order(), runbook.Where(l => l.StartsWith("## ", StringComparison.Ordinal)).Select(l => l[3..]).Order());
    }
}
