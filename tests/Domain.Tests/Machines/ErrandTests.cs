using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>Errands: what a BMC does beside the machine's life. And the two ways in for a machine that came by itself.</summary>
public static class ErrandTests
{
    // ── Rotation ──────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void An_accepted_machine_gets_another_password_at_once()
    {
        var accept = new AcceptMachine(Id, Place, Bmc, "compute", "web-1") { Operation = "op" };
        Given(Lives.Enlisted).When(accept).Then(new MachineAccepted(Place, Bmc, "compute", "web-1"), new ErrandStarted("op", Workflows.RotateBmc)).When(accept).ThenNothing();
        Given(Lives.Enlisted).When(accept with { KeepPassword = true }).Then(new MachineAccepted(Place, Bmc, "compute", "web-1"));
        Given(Lives.Enlisted).When(accept with { Bmc = null }).Then(new MachineAccepted(Place, null, "compute", "web-1"));
    }

    [Fact]
    public static void A_password_is_pending_before_it_is_the_only_one()
    {
        var pending = Given(Lives.SpareRotating).When(new RecordPendingPassword(Id, Lives.Now, NewSecret)).Then(new PasswordPending(Lives.Now, NewSecret));
        Assert.Equal(Bmc with { Pending = NewSecret }, pending.About.Bmc);
        var done = Given(pending).When(new RecordErrand(Id, Lives.Now)).Then(new ErrandDone(Lives.Now));
        Assert.Equal((Bmc with { Secret = NewSecret }, null), (done.About.Bmc, done.About.Operation));
        Assert.Equal("spare", done.State.Stage);
    }

    [Fact] public static void Nothing_rotates_to_nothing() => Given(Lives.SpareRotating).When(new RecordErrand(Id, Lives.Now)).ThenRefused(ProblemCodes.OperationStale);

    [Fact]
    public static void A_rotation_that_failed_leaves_both_passwords_and_holds_and_the_next_one_lifts_it()
    {
        var failed = Given(Lives.SpareRotatingPending).When(new AbandonOperation(Id, Lives.Now, "no answer", true))
            .Then(new OperationAbandoned(Lives.Now, "no answer", true, false), new MachineHeld(Workflows.RotateBmc, "no answer", null, null));
        Assert.Equal(Bmc with { Pending = NewSecret }, failed.About.Bmc);
        var again = failed.Do(new RotateBmc(Id) { Operation = Lives.Again });
        Given(again).When(new RecordPendingPassword(Id, Lives.Again, NewSecret)).ThenNothing();
        Given(again).When(new RecordPendingPassword(Id, Lives.Again, NewSecret with { Version = 3 })).ThenRefused(ProblemCodes.OperationStale);
        var done = again.Do(new RecordErrand(Id, Lives.Again));
        Assert.Equal(Bmc with { Secret = NewSecret }, done.About.Bmc);
        Assert.Empty(done.About.Holds);
    }

    [Fact]
    public static void A_BMC_that_is_set_anew_during_a_rotation_is_what_was_set()
    {
        var set = Lives.SpareRotatingPending.Do(new SetMachineBmc(Id, OtherBmc));
        Given(set).When(new RecordErrand(Id, Lives.Now)).ThenRefused(ProblemCodes.OperationStale);
        Assert.Equal(OtherBmc, set.About.Bmc);
    }

    // ── Power and light ───────────────────────────────────────────────────────────────────────────────────
    [Fact] public static void A_machine_in_production_is_switched_on() => Given(Lives.Baremetal).When(new PowerMachine(Id, true) { Operation = "op" }).Then(new ErrandStarted("op", Workflows.PowerOn));
    [Fact] public static void It_is_switched_off_only_in_maintenance() => Given(Lives.Baremetal).When(new PowerMachine(Id, false) { Operation = "op" }).ThenRefused(ProblemCodes.MachineNotInMaintenance);
    [Fact] public static void In_maintenance_it_is_switched_off() => Given(Lives.Maintained).When(new PowerMachine(Id, false) { Operation = "op" }).Then(new ErrandStarted("op", Workflows.PowerOff));
    [Fact] public static void Maintenance_that_is_over_is_none() => Given(Lives.Maintained.Later(TimeSpan.FromDays(2))).When(new PowerMachine(Id, false) { Operation = "op" }).ThenRefused(ProblemCodes.MachineNotInMaintenance);
    [Fact] public static void A_spare_stays_off() => Given(Lives.Spare).When(new PowerMachine(Id, true) { Operation = "op" }).ThenRefused(ProblemCodes.MachineWrongStage);
    [Fact] public static void Without_a_BMC_there_is_no_errand() => Given(Lives.RackedWithoutBmc).When(new LocateMachine(Id, true) { Operation = "op" }).ThenRefused(ProblemCodes.MachineNoBmc);
    [Fact] public static void A_light_that_does_not_shine_holds_nothing() => Given(Lives.Lighting).When(new AbandonOperation(Id, Lives.Again, "no light", true)).Then(new OperationAbandoned(Lives.Again, "no light", true, false));
    [Fact] public static void An_errand_writes_no_disk() => Given(Lives.Lighting).When(new RecordWriting(Id, Lives.Again)).ThenRefused(ProblemCodes.OperationStale);

    // ── Accepted as another ───────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void Evidence_moves_to_the_machine_on_paper_once()
    {
        var seen = Evidence with { Serial = "7C4KZ" };
        var take = new TakeEvidence(Id, seen, "sn-7c4kz");
        var merged = Given(Lives.Racked).When(take).Then(new MachineRekeyed(seen, "It enlisted itself as sn-7c4kz."));
        Given(merged).When(take).ThenNothing();
        Given(merged).When(take with { Evidence = Evidence }).ThenRefused(ProblemCodes.MachineExists);
    }

    [Fact] public static void A_machine_that_was_seen_takes_no_others_evidence() => Given(Lives.Spare).When(new TakeEvidence(Id, Evidence with { Serial = "7C4KZ" }, "sn-7c4kz")).ThenRefused(ProblemCodes.MachineExists, "rekey");
    [Fact] public static void An_enlisted_machine_is_moved_by_nobody() => Given(Lives.Enlisted).When(new SetMachine(Id, null, null, null, null, Place)).ThenRefused(ProblemCodes.MachineNotAccepted);

    // ── What was adopted was never seen ───────────────────────────────────────────────────────────────────
    [Fact] public static void An_adopted_machine_is_not_released_and_hears_what_to_do() => Given(Lives.Adopted).When(new ReleaseMachine(Id) { Operation = "op" }).ThenRefused(ProblemCodes.MachineDisksUnseen, "adopted");
    [Fact] public static void An_adopted_machine_is_not_reimaged_and_hears_what_to_do() => Given(Lives.Adopted).When(new ReimageMachine(Id, Spec, Debian) { Operation = "op" }).ThenRefused(ProblemCodes.MachineDisksUnseen, "adopted");
}
