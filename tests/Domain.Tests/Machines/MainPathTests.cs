using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>A machine's life from the loading bay to the shredder, row by row.</summary>
public static class MainPathTests
{
    static readonly EvaluationView Matches = new(true, "compute-v3", "Matches compute-v3.", []);

    [Fact]
    public static void A_machine_on_paper_is_racked() =>
        Given(Life.None).When(Lives.OnPaper).Then(new MachineRacked(Id, Serial, Place, Bmc, "compute", ["aa:00:00:00:00:01"], "web-1"));

    [Fact]
    public static void The_same_paper_again_writes_nothing() => Given(Lives.Racked).When(Lives.OnPaper).ThenNothing();

    [Fact]
    public static void Other_paper_for_a_known_machine_is_refused() =>
        Given(Lives.Racked).When(Lives.OnPaper with { Name = "web-2" }).ThenRefused(ProblemCodes.MachineExists);

    [Fact]
    public static void Other_MACs_on_the_paper_are_not_swallowed() =>
        Given(Lives.Racked).When(Lives.OnPaper with { Macs = ["aa:00:00:00:00:99"] }).ThenRefused(ProblemCodes.MachineExists);

    [Fact]
    public static void A_full_pass_promotes_by_itself() =>
        Given(Lives.Inspecting).When(Lives.Report(Hardware))
            .Then(new MachineInspected(Lives.First, Hardware, Healthy, Matches), new MachinePromoted("compute-v3"));

    [Fact]
    public static void A_spare_is_provisioned_as_planned()
    {
        var plan = MachinePlans.Of(Lives.Spare.State, new ProvisionMachine(Id, Spec, Debian)).Plan!;
        var install = new InstallPlan(Id, Debian.Ref, new DiskRef(Nvme.Serial, Nvme.Wwn), "pay-001", "payments",
            [new InterfacePlan("aa:00:00:00:00:01", "10.1.0.5/24", "10.1.0.1", ["10.1.0.2"])], ["ssh-ed25519 AAAA ops"], "#cloud-config");
        Given(Lives.Spare).When(new ProvisionMachine(Id, Spec, Debian) { Operation = "op", PlanHash = plan.Hash })
            .Then(new ProvisioningStarted("op", install, plan.Hash));
    }

    [Fact]
    public static void First_boot_seen_makes_it_baremetal()
    {
        var after = Given(Lives.ProvisioningWriting).When(new RecordProvisioned(Id, Lives.Now, Written, "10.1.0.5"))
            .Then(new MachineProvisioned(Lives.Now, Written, "10.1.0.5"));
        var machine = Assert.IsType<MachineState.Baremetal>(after.State);
        Assert.Equal(("pay-001", "payments", "compute-v3", true), (machine.Hostname, machine.About.Owner, machine.Type, machine.Verified));
        Assert.Null(machine.About.Operation);
    }

    [Fact]
    public static void Nothing_is_provisioned_that_never_began_to_write() =>
        Given(Lives.Provisioning).When(new RecordProvisioned(Id, Lives.Now, Written, "10.1.0.5")).ThenRefused(ProblemCodes.OperationStale);

    [Fact]
    public static void An_inspection_cannot_report_an_installation() =>
        Given(Lives.SpareInspecting).When(new RecordProvisioned(Id, Lives.Now, Written, "10.1.0.5")).ThenRefused(ProblemCodes.OperationStale);

    [Fact]
    public static void A_release_wipes_inspects_and_promotes()
    {
        var after = Given(Lives.ReleasingWriting.Do(new RecordWipes(Id, Lives.Again, [WipeOf(Nvme), WipeOf(Sata)])))
            .When(new RecordReleased(Id, Lives.Again, Hardware, Healthy, [Compute]))
            .Then(new MachineReleased(Lives.Again), new MachineInspected(Lives.Again, Hardware, Healthy, Matches), new MachinePromoted("compute-v3"));
        Assert.Null(after.About.Owner);
        Assert.Equal(["NVME-1", "SATA-1"], after.About.Wipes.Select(w => w.Serial));
    }

    [Fact]
    public static void A_release_that_finds_a_gap_lands_at_inventory_held()
    {
        var after = Given(Lives.ReleasingWriting).When(new RecordReleased(Id, Lives.Again, Lives.Without("A2"), Healthy, [Compute])).ThenStage("inventory");
        Assert.Equal([Holds.Inspection], after.About.Holds.Keys);
    }

    [Fact]
    public static void Wipes_told_twice_are_recorded_once() =>
        Given(Lives.RetiringWriting.Do(new RecordWipes(Id, Lives.Now, [WipeOf(Nvme)])))
            .When(new RecordWipes(Id, Lives.Now, [WipeOf(Nvme), WipeOf(Sata)])).Then(new DiskWiped(Lives.Now, WipeOf(Sata)));

    [Fact]
    public static void Two_operations_never_run_at_once() =>
        Given(Lives.Provisioning).When(new RetireMachine(Id) { Operation = "op-next" }).ThenRefused(ProblemCodes.MachineBusy, Lives.Now);

    [Fact]
    public static void An_older_operation_takes_no_effect() =>
        Given(Lives.Provisioning).When(new AbandonOperation(Id, "op-older", "late", true)).ThenRefused(ProblemCodes.OperationStale);

    [Fact]
    public static void The_last_report_repeated_writes_nothing() => Given(Lives.Spare).When(Lives.Report(Hardware)).ThenNothing();

    // ── Enlisted ──────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void An_enlisted_machine_is_accepted_and_keeps_its_evidence()
    {
        var after = Given(Lives.Enlisted).When(new AcceptMachine(Id, Place, Bmc, "compute", "web-1") { KeepPassword = true }).Then(new MachineAccepted(Place, Bmc, "compute", "web-1"));
        Assert.IsType<MachineState.Racked>(after.State);
        Assert.Equal(Text(Evidence), Text(after.About.Evidence!));
    }

    [Fact]
    public static void An_enlisted_machine_that_is_not_ours_is_forgotten() =>
        Given(Lives.Enlisted).When(new RejectMachine(Id, "another tenant's")).Then(new MachineRejected("another tenant's")).When(new RejectMachine(Id, "again")).ThenNothing();

    [Fact]
    public static void An_enlisted_machine_may_be_one_that_is_on_paper_already() =>
        Assert.IsType<MachineState.Unknown>(Given(Lives.Enlisted).When(new MergeMachine(Id, "sn-paper")).Then(new MachineMerged("sn-paper")).State);

    [Fact]
    public static void Nothing_is_booted_on_a_machine_that_waits_to_be_accepted() =>
        Given(Lives.Enlisted).When(new InspectMachine(Id) { Operation = "op" }).ThenRefused(ProblemCodes.MachineNotAccepted);

    [Fact]
    public static void Enlisting_a_known_machine_writes_nothing() => Given(Lives.Baremetal).When(new EnlistMachine(Id, Evidence)).ThenNothing();

    // ── Classification ────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void Without_an_order_the_one_profile_it_matches_is_its_type()
    {
        var after = Lives.RackedUnordered.Do(new InspectMachine(Id) { Operation = Lives.First }).Do(Lives.Report(Hardware) with { Profiles = [Storage, Compute] });
        Assert.Equal("compute-v3", Assert.IsType<MachineState.Spare>(after.State).Type);
    }

    [Fact]
    public static void Two_profiles_it_matches_leave_it_unclassified()
    {
        Assert.Equal([Holds.Unclassified], Lives.InventoryUnclassified.About.Holds.Keys);
        Assert.Contains("compute-v3, anything-v1", Lives.InventoryUnclassified.About.Holds[Holds.Unclassified].Why, StringComparison.Ordinal);
    }

    [Fact]
    public static void No_profile_it_matches_leaves_it_unclassified()
    {
        var after = Lives.RackedUnordered.Do(new InspectMachine(Id) { Operation = Lives.First }).Do(Lives.Report(Hardware) with { Profiles = [Storage, Storage with { Version = 2 }] });
        Assert.Equal([Holds.Unclassified], after.About.Holds.Keys);
    }

    [Fact]
    public static void An_unclassified_machine_is_promoted_once_its_profile_is_known()
    {
        Given(Lives.InventoryUnclassified).When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineEvaluationFailed, "set its profile");
        Lives.InventoryUnclassified.Do(new SetMachine(Id, null, null, null, "compute", null)).Do(new InspectMachine(Id) { Operation = Lives.Now })
            .When(Lives.Report(Hardware, Lives.Now)).ThenStage("spare");
    }

    [Fact]
    public static void Failed_health_holds_whatever_the_hardware()
    {
        Assert.Equal("inventory", Lives.InventorySick.State.Stage);
        Assert.Equal("smart SATA-1: 12 reallocated sectors.", Lives.InventorySick.About.Holds[Holds.Inspection].Why);
        Given(Lives.InventorySick).When(new PromoteMachine(Id)).ThenRefused(ProblemCodes.MachineEvaluationFailed);
    }
}
