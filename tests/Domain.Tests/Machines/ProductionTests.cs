using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>Baremetal: reimage, maintenance, adoption, drift; and the ways to the end.</summary>
public static class ProductionTests
{
    static readonly ReimageMachine Reimage = new(Id, new ProvisionSpec("debian-12-hardened", "other-name", "other-team", Address: "10.9.9.9/24", Gateway: "10.9.9.1"), Debian) { Operation = "op" };

    [Fact]
    public static void A_reimage_keeps_name_owner_and_address_whatever_is_asked()
    {
        var started = Assert.IsType<ReimagingStarted>(Assert.Single(Given(Lives.Baremetal).When(Reimage).Events));
        var port = Assert.Single(started.Plan.Interfaces);
        Assert.Equal(("pay-001", "payments", "10.1.0.5/24", "10.1.0.1"), (started.Plan.Hostname, started.Plan.Owner, port.Address, port.Gateway));
        Assert.Equal(["10.1.0.2"], port.Dns);
    }

    [Fact]
    public static void A_reimaged_machine_is_baremetal_again_under_its_name()
    {
        var after = Given(Lives.ReimagingWriting).When(new RecordProvisioned(Id, Lives.Again, Written, "10.1.0.5")).ThenStage("baremetal");
        Assert.Equal("pay-001", Assert.IsType<MachineState.Baremetal>(after.State).Hostname);
    }

    [Fact] public static void A_held_machine_is_not_reimaged() => Given(Lives.BaremetalHeld).When(Reimage).ThenRefused(ProblemCodes.MachineHeld);
    [Fact] public static void A_machine_in_production_is_never_inspected() => Given(Lives.Baremetal).When(new InspectMachine(Id) { Operation = "op" }).ThenRefused(ProblemCodes.MachineWrongStage);
    [Fact] public static void A_machine_in_production_is_not_provisioned_again() => Given(Lives.Baremetal).When(new ProvisionMachine(Id, Spec, Debian) { Operation = "op" }).ThenRefused(ProblemCodes.MachineWrongStage);
    [Fact] public static void A_machine_in_production_is_released_before_it_is_retired() => Given(Lives.Baremetal).When(new RetireMachine(Id) { Operation = "op" }).ThenRefused(ProblemCodes.MachineWrongStage);

    // ── Maintenance ───────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void Maintenance_starts_once()
    {
        var start = new StartMaintenance(Id, "fan", Start.AddDays(1));
        var maintained = Given(Lives.Baremetal).When(start).Then(new MaintenanceStarted("fan", Start.AddDays(1)));
        Given(maintained).When(start).ThenNothing();
        Given(maintained).When(start with { Why = "disk" }).ThenRefused(ProblemCodes.MachineInMaintenance);
    }

    [Fact] public static void Maintenance_ends_as_it_began() => Given(Lives.Maintained).When(new EndMaintenance(Id, Hardware)).Then(new MaintenanceEnded(null)).When(new EndMaintenance(Id, Hardware)).ThenNothing();

    [Fact]
    public static void Maintenance_that_changed_the_hardware_holds()
    {
        var after = Given(Lives.Maintained).When(new EndMaintenance(Id, Lives.Without("A2"))).Then(
            new MaintenanceEnded(Lives.Without("A2")),
            new MachineHeld(Holds.Baseline, "Maintenance changed the hardware: DIMM A2: expected 16384 MiB HMA82 D-2, found nothing. Lift this hold to accept it.", null, null));
        Assert.Null(Assert.IsType<MachineState.Baremetal>(after.State).Maintenance);
    }

    [Fact] public static void Maintenance_pauses_drift() => Given(Lives.Maintained).When(new NoteDrift(Id, "power", "on", "off")).ThenNothing();
    [Fact] public static void Drift_counts_again_once_maintenance_expired() => Given(Lives.Maintained.Later(TimeSpan.FromDays(2))).When(new NoteDrift(Id, "power", "on", "off")).Then(new DriftNoted("power", "on", "off"));

    [Fact]
    public static void Maintenance_that_expired_can_be_started_anew() =>
        Given(Lives.Maintained.Later(TimeSpan.FromDays(2))).When(new StartMaintenance(Id, "fan", Start.AddDays(4))).Then(new MaintenanceStarted("fan", Start.AddDays(4)));

    [Fact]
    public static void Drift_is_noted_once_and_forgotten_at_the_next_inspection()
    {
        var noted = Given(Lives.Spare).When(new NoteDrift(Id, "power", "off", "on")).Then(new DriftNoted("power", "off", "on"));
        Given(noted).When(new NoteDrift(Id, "power", "off", "on")).ThenNothing();
        Assert.Empty(noted.Do(new InspectMachine(Id) { Operation = Lives.Now }).Do(Lives.Report(Hardware, Lives.Now)).About.Drift);
    }

    // ── Adoption ──────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void An_adopted_machine_is_in_production_unverified()
    {
        var after = Given(Lives.Racked).When(new AdoptMachine(Id, Evidence, "old-db", "databases")).Then(new MachineAdopted(Evidence, "old-db", "databases"));
        var machine = Assert.IsType<MachineState.Baremetal>(after.State);
        Assert.Equal(("old-db", "databases", false), (machine.Hostname, machine.About.Owner, machine.Verified));
        Given(after).When(new AdoptMachine(Id, Evidence, "old-db", "databases")).ThenNothing();
    }

    [Fact] public static void A_stranger_is_not_adopted() => Given(Lives.Racked).When(new AdoptMachine(Id, Evidence with { Serial = "S-2" }, "old-db", "databases")).ThenRefused(ProblemCodes.MachineIdentityMismatch);
    [Fact] public static void Only_a_racked_machine_is_adopted() => Given(Lives.InventoryGap).When(new AdoptMachine(Id, Evidence, "old-db", "databases")).ThenRefused(ProblemCodes.MachineWrongStage);
    [Fact] public static void A_dirty_machine_is_not_adopted_into_production() => Given(Lives.Dirty).When(new AdoptMachine(Id, Evidence, "old-db", "databases")).ThenRefused(ProblemCodes.MachineWrongStage);
}
