using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>Holds, waivers, and the way back from Inventory by hand.</summary>
public static class HoldTests
{
    static readonly ProvisionMachine Provision = new(Id, Spec, Debian) { Operation = "op-next" };

    [Fact]
    public static void Holds_are_a_set_by_source()
    {
        var held = Given(Lives.SpareHeld).When(new HoldMachine(Id, "security", "CVE", null, "machine.unhold-security"))
            .Then(new MachineHeld("security", "CVE", null, "machine.unhold-security"));
        Assert.Equal(["operator", "security"], held.About.Holds.Keys);
        Given(held.Do(new UnholdMachine(Id, "operator"))).When(Provision).ThenRefused(ProblemCodes.MachineHeld, "security");
        Given(held.Do(new UnholdMachine(Id, "operator")).Do(new UnholdMachine(Id, "security"))).When(Provision).ThenStage("spare");
    }

    [Fact]
    public static void The_same_source_again_replaces_its_hold()
    {
        var held = Given(Lives.SpareHeld).When(Lives.Suspicion with { Why = "fire" }).Then(new MachineHeld("operator", "fire", null, null));
        Assert.Equal("fire", Assert.Single(held.About.Holds).Value.Why);
    }

    [Fact] public static void The_same_hold_again_writes_nothing() => Given(Lives.SpareHeld).When(Lives.Suspicion).ThenNothing();
    [Fact] public static void A_hold_that_is_not_there_is_lifted_already() => Given(Lives.Spare).When(new UnholdMachine(Id, "operator")).ThenNothing();

    [Fact]
    public static void A_hold_expires_by_itself()
    {
        var held = Lives.Spare.Do(Lives.Suspicion with { ExpiresAt = Lives.Spare.Now.AddHours(1) });
        Given(held).When(Provision).ThenRefused(ProblemCodes.MachineHeld);
        Given(held.Later(60)).When(Provision).ThenStage("spare");
    }

    [Theory]
    [InlineData(0), InlineData(5), InlineData(10), InlineData(15), InlineData(20), InlineData(25), InlineData(30), InlineData(33)]
    public static void Notes_tags_and_holds_are_accepted_at_any_time(int index)
    {
        var life = Lives.All[index].Life;
        if (life.State is MachineState.Unknown) return;
        life.Do(new SetMachine(Id, null, "a note", null, null, null)).Do(Lives.Suspicion with { Source = "any" })
            .Do(new TagMachine(Id, System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("k", "v"), []));
    }

    // ── Dirty ─────────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_cancel_after_the_first_write_lands_at_inventory_held_dirty()
    {
        Given(Lives.ProvisioningWriting).When(new AbandonOperation(Id, Lives.Now, "cancelled", false)).Then(
            new OperationAbandoned(Lives.Now, "cancelled", false, true),
            new MachineHeld(Holds.Dirty, "provision ended after it began to write disks: cancelled", null, null));
        Assert.Equal("inventory", Lives.Dirty.State.Stage);
    }

    [Fact] public static void Dirty_is_not_waved_through() => Given(Lives.Dirty).When(new UnholdMachine(Id, Holds.Dirty)).ThenRefused(ProblemCodes.MachineHeld);

    [Fact]
    public static void Dirty_cannot_be_given_an_expiry() =>
        Given(Lives.Dirty).When(new HoldMachine(Id, Holds.Dirty, "it is fine", Start.AddHours(2), null)).ThenRefused(ProblemCodes.MachineHeld);

    [Fact] public static void A_dirty_machine_is_not_inspected_into_the_pool() => Given(Lives.Dirty).When(new InspectMachine(Id) { Operation = "op" }).ThenRefused(ProblemCodes.MachineHeld);
    [Fact] public static void A_dirty_machine_is_not_promoted() => Given(Lives.Dirty).When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineHeld);

    [Fact]
    public static void A_release_wipes_the_dirt_away() =>
        Assert.Empty(Given(Lives.DirtyReleasingWriting).When(new RecordReleased(Id, Lives.Again, Hardware, Healthy, [Compute])).ThenStage("spare").About.Holds);

    [Fact]
    public static void A_release_that_never_wrote_leaves_the_dirt() =>
        Given(Lives.DirtyReleasing).When(new RecordReleased(Id, Lives.Again, Hardware, Healthy, [Compute])).ThenRefused(ProblemCodes.OperationStale);

    [Fact]
    public static void A_release_answered_by_another_machine_leaves_the_dirt()
    {
        var stranger = Hardware with { System = Hardware.System with { Uuid = "ffffffff-0000-0000-0000-000000000000" } };
        var after = Given(Lives.DirtyReleasingWriting).When(new RecordReleased(Id, Lives.Again, stranger, Healthy, [Compute])).ThenStage("inventory");
        Assert.Equal([Holds.Dirty, Holds.Identity], after.About.Holds.Keys);
        Assert.Null(after.About.Operation);
    }

    [Fact]
    public static void A_release_from_production_answered_by_another_machine_lands_dirty()
    {
        var stranger = Hardware with { System = Hardware.System with { Uuid = "ffffffff-0000-0000-0000-000000000000" } };
        var after = Given(Lives.ReleasingWriting).When(new RecordReleased(Id, Lives.Again, stranger, Healthy, [Compute])).ThenStage("inventory");
        Assert.Equal([Holds.Dirty, Holds.Identity], after.About.Holds.Keys);
    }

    // ── What failed is held ───────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_failure_before_the_first_write_keeps_the_stage_and_holds()
    {
        var after = Given(Lives.Provisioning).When(new AbandonOperation(Id, Lives.Now, "no PIOUS", true)).Then(
            new OperationAbandoned(Lives.Now, "no PIOUS", true, false), new MachineHeld(Workflows.Provision, "no PIOUS", null, null));
        Assert.Equal(("spare", 1), (after.State.Stage, after.About.Failures));
    }

    [Fact]
    public static void A_cancel_before_the_first_write_holds_nothing() =>
        Given(Lives.Provisioning).When(new AbandonOperation(Id, Lives.Now, "changed my mind", false)).Then(new OperationAbandoned(Lives.Now, "changed my mind", false, false));

    [Fact]
    public static void The_next_passing_inspection_lifts_what_an_inspection_held()
    {
        var failed = Lives.InventoryInspecting.Do(new AbandonOperation(Id, Lives.Now, "no PIOUS", true));
        Assert.Equal([Workflows.Inspect, Holds.Inspection], failed.About.Holds.Keys);
        Assert.Empty(failed.Do(new InspectMachine(Id) { Operation = Lives.Again }).When(Lives.Report(Hardware, Lives.Again)).ThenStage("spare").About.Holds);
    }

    // ── Waivers ───────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_waived_gap_lets_it_through_by_hand_until_the_waiver_ends()
    {
        var waived = Given(Lives.InventoryGap).When(new WaiveGap(Id, "dimm:A2", Start.AddDays(1), "on order")).Then(new GapWaived("dimm:A2", Start.AddDays(1), "on order"));
        Given(waived).When(new PromoteMachine(Id)).Then(new MachineUnheld(Holds.Inspection), new MachinePromoted("compute-v3"));
        Given(waived.Later(TimeSpan.FromDays(1))).When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineEvaluationFailed, "DIMM A2: expected 16384 MiB, found nothing.");
    }

    [Fact]
    public static void A_waiver_counts_at_the_next_inspection()
    {
        var inspecting = Lives.InventoryGap.Do(new WaiveGap(Id, "dimm:A2", Start.AddDays(1), "on order")).Do(new InspectMachine(Id) { Operation = Lives.Now });
        Given(inspecting).When(Lives.Report(Lives.Without("A2"), Lives.Now)).ThenStage("spare");
        Given(inspecting.Later(TimeSpan.FromDays(2))).When(Lives.Report(Lives.Without("A2"), Lives.Now)).ThenStage("inventory");
    }

    [Fact]
    public static void Only_a_gap_of_the_last_report_is_waived() => Given(Lives.InventoryGap).When(new WaiveGap(Id, "tpm", Start.AddDays(1), "")).ThenRefused(ProblemCodes.MachineGapUnknown);

    [Fact]
    public static void A_waiver_covers_its_gap_and_no_other() =>
        Given(Lives.Inspecting.Do(Lives.Report(Lives.Without("A2") with { BootMode = "bios" })).Do(new WaiveGap(Id, "dimm:A2", Start.AddDays(1), "")))
            .When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineEvaluationFailed, "boot mode");

    // ── Promotion by hand ─────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_held_machine_that_passed_stays_at_inventory_until_it_is_promoted()
    {
        Given(Lives.InventoryHeld).When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineHeld, "operator");
        Given(Lives.InventoryReady).When(new PromoteMachine(Id)).Then(new MachinePromoted("compute-v3"));
    }

    [Fact]
    public static void A_report_older_than_a_lifted_hold_does_not_promote()
    {
        var suspected = Lives.InventoryReady.Later().Do(Lives.Suspicion).Later().Do(new UnholdMachine(Id, "operator")).Later();
        Given(suspected).When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineReportTooOld);
        Given(suspected.Do(new InspectMachine(Id) { Operation = Lives.Now })).When(Lives.Report(Hardware, Lives.Now)).ThenStage("spare");
    }

    [Fact]
    public static void A_report_older_than_an_expired_hold_does_not_promote() =>
        Given(Lives.InventoryReady.Do(Lives.Suspicion with { ExpiresAt = Lives.InventoryReady.Now.AddMinutes(5) }).Later(10))
            .When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineReportTooOld);

    [Fact] public static void A_spare_is_promoted_already() => Given(Lives.Spare).When(new PromoteMachine(Id)).ThenNothing();
    [Fact] public static void A_machine_that_fell_short_is_not_promoted() => Given(Lives.InventoryGap).When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineEvaluationFailed);
}
