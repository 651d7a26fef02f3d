using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>What is not as the log has it is noted once, and cleared once; nothing else happens.</summary>
public static class DriftTests
{
    static readonly BmcReport Off = new(null, 0, Serial, Uuid, null, "off", Hardware.Dimms.Sum(d => d.SizeMiB), Hardware.Cpus.Length);
    static readonly BmcReport On = Off with { Power = "on" };
    static readonly Beacon Home = new("token", Id, "web-1", Debian.Id, Evidence, [.. Hardware.Disks.Select(d => d.Serial)], Hardware.MemoryMiB);

    static RecordLook Look(BmcReport? report) => new(Id, report);

    static BmcReport Silent(int tries) => new("it does not answer", tries, "", "", null, null, null, null);

    // ── Power ─────────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_spare_that_is_on_drifts_once_until_it_is_off()
    {
        var noted = Given(Lives.Spare).When(Look(On)).Then(new DriftNoted("power", "off", "on"));
        Given(noted.Later()).When(Look(On)).ThenNothing();
        var cleared = Given(noted.Later()).When(Look(Off)).Then(new DriftCleared("power"));
        Given(cleared.Later()).When(Look(Off)).ThenNothing();
    }

    [Fact] public static void A_machine_in_production_is_expected_on() => Given(Lives.Baremetal).When(Look(Off)).Then(new DriftNoted("power", "on", "off"));
    [Fact] public static void An_adopted_machine_is_expected_on() => Given(Lives.Adopted).When(Look(Off)).Then(new DriftNoted("power", "on", "off"));
    [Fact] public static void An_inspected_machine_is_expected_off() => Given(Lives.InventoryGap).When(Look(On with { MemoryMiB = null })).Then(new DriftNoted("power", "off", "on"));
    [Fact] public static void A_machine_on_paper_may_be_on_or_off() => Given(Lives.Racked).When(Look(On)).ThenNothing();
    [Fact] public static void A_power_that_changes_right_now_is_no_drift() => Given(Lives.Spare).When(Look(Off with { Power = null })).ThenNothing();
    [Fact] public static void While_an_operation_works_on_it_nothing_drifts() => Given(Lives.SpareInspecting).When(Look(On)).ThenNothing();
    [Fact] public static void In_maintenance_nothing_drifts() => Given(Lives.Maintained).When(Look(Off)).ThenNothing();
    [Fact] public static void A_spare_that_asks_what_to_boot_is_on() => Given(Lives.Spare).When(new RecordBootRequest(Id)).Then(new DriftNoted("power", "off", "on"));
    [Fact] public static void A_machine_in_production_that_asks_what_to_boot_is_no_drift() => Given(Lives.Baremetal).When(new RecordBootRequest(Id)).ThenNothing();
    [Fact] public static void What_was_noted_by_hand_is_cleared_by_hand() => Given(Lives.Spare.Do(new NoteDrift(Id, "label", "A", "B"))).When(new ClearDrift(Id, "label")).Then(new DriftCleared("label")).When(new ClearDrift(Id, "label")).ThenNothing();

    // ── The BMC itself ────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void A_BMC_that_does_not_answer_is_drift_after_three_looks()
    {
        Given(Lives.Spare).When(Look(Silent(2))).ThenNothing();
        var noted = Given(Lives.Spare).When(Look(Silent(3))).Then(new DriftNoted("bmc-unreachable", "it answers", "it does not answer"));
        Given(noted.Later()).When(Look(Silent(4))).ThenNothing();
        Given(noted.Later()).When(Look(Off)).Then(new DriftCleared("bmc-unreachable"));
    }

    [Fact]
    public static void A_BMC_that_speaks_for_another_machine_names_both_and_says_nothing_of_this_one()
    {
        var other = On with { Serial = "S-2", Uuid = "", Owner = "s-2" };
        var noted = Given(Lives.Spare).When(Look(other)).Then(new DriftNoted("bmc", $"serial {Serial}, UUID {Uuid}", "serial S-2, UUID unknown: that is s-2"));
        Given(noted.Later()).When(Look(Off)).Then(new DriftCleared("bmc"));
    }

    // ── Hardware ──────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void Memory_or_a_CPU_that_the_BMC_no_longer_counts_is_drift()
    {
        var (memory, cpus) = (Off.MemoryMiB!.Value, Hardware.Cpus.Length);
        var noted = Given(Lives.Spare).When(Look(Off with { MemoryMiB = memory - 16384, Sockets = cpus + 1 }))
            .Then(new DriftNoted("hardware", $"{memory} MiB of memory, {cpus} CPUs", $"{memory - 16384} MiB of memory, {cpus + 1} CPUs"));
        Given(noted.Later()).When(Look(Off)).Then(new DriftCleared("hardware"));
        Given(Lives.Spare).When(Look(Off with { MemoryMiB = memory - 1000 })).ThenNothing(); // it rounds
        Given(Lives.Spare).When(Look(Off with { MemoryMiB = null, Sockets = null })).ThenNothing(); // it does not count
    }

    static readonly Inventory Swapped = Hardware with { Dimms = [.. Hardware.Dimms.Select(d => d.Slot == "A2" ? d with { Serial = "D-9" } : d)] };

    [Fact]
    public static void An_inspection_that_finds_another_part_names_slot_old_and_new()
    {
        var drift = Lives.SpareInspecting.Do(Lives.Report(Swapped, Lives.Now)).About.Drift[Drifts.HardwareInspected];
        Assert.Equal("DIMM A2: expected 16384 MiB HMA82 D-2, found 16384 MiB HMA82 D-9", drift.Found);
    }

    [Fact]
    public static void A_repair_that_was_announced_is_no_surprise_and_another_part_than_announced_is()
    {
        var repaired = Lives.Spare.Do(new RepairMachine(Id, "A2", "D-9", "RMA-1")).Do(new InspectMachine(Id) { Operation = Lives.Now }).Later();
        Assert.Empty(repaired.Do(Lives.Report(Swapped, Lives.Now)).About.Drift);
        var third = Swapped with { Dimms = [.. Swapped.Dimms.Select(d => d.Slot == "A2" ? d with { Serial = "D-7" } : d)] };
        Assert.Contains(Drifts.HardwareInspected, repaired.Do(Lives.Report(third, Lives.Now)).About.Drift.Keys);
        Assert.Contains(Drifts.HardwareInspected, repaired.Do(Lives.Report(Hardware with { Dimms = [Hardware.Dimms[0] with { Serial = "D-8" }, .. Hardware.Dimms[1..]] }, Lives.Now)).About.Drift.Keys);
    }

    // ── Later boots ───────────────────────────────────────────────────────────────────────────────────────
    static RecordBoot Boot(Beacon beacon, string operation = Lives.Now) => new(Id, operation, beacon);

    [Fact] public static void A_later_boot_of_what_was_installed_is_no_drift() => Given(Lives.Baremetal).When(Boot(Home)).ThenNothing();

    [Fact]
    public static void Another_image_is_drift_until_the_right_one_calls_home()
    {
        var noted = Given(Lives.Baremetal).When(Boot(Home with { Image = "other@7" })).Then(new DriftNoted("image", Debian.Id, "other@7"));
        Given(noted.Later()).When(Boot(Home)).Then(new DriftCleared("image"));
    }

    [Fact]
    public static void A_disk_or_memory_that_is_gone_at_a_later_boot_is_drift() =>
        Given(Lives.Baremetal).When(Boot(Home with { DiskSerials = [Nvme.Serial], MemoryMiB = 1024 }))
            .Then(new DriftNoted("hardware-at-boot", "the hardware that was provisioned", $"disk {Sata.Slot}: expected {Sata.Serial}, found nothing; memory: expected {Hardware.MemoryMiB} MiB, found 1024 MiB"));

    [Fact]
    public static void A_disk_that_boots_in_another_chassis_is_drift() =>
        Given(Lives.Baremetal).When(Boot(Home with { Evidence = Evidence with { Serial = "S-2" } }))
            .Then(new DriftNoted("hardware-at-boot", "the hardware that was provisioned", $"serial: expected {Serial}, found S-2"));

    [Fact]
    public static void A_system_of_an_installation_that_no_longer_counts_says_only_that_the_machine_is_on()
    {
        Given(Lives.Baremetal).When(Boot(Home with { Image = "other@7" }, "op-old")).ThenNothing();
        Given(Lives.Spare).When(Boot(Home, "op-old")).Then(new DriftNoted("power", "off", "on"));
    }

    // ── Time ──────────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void Maintenance_whose_time_is_over_is_noted_once_and_drift_counts_again()
    {
        var late = Lives.Maintained.Later(TimeSpan.FromDays(2));
        var noted = Given(late).When(Look(Off)).Then(new DriftNoted("maintenance-expired", "ended by 2026-01-06 08:00:00Z", "still open: new DIMM"), new DriftNoted("power", "on", "off"));
        Given(noted.Later()).When(Look(Off)).ThenNothing();
        Assert.True(MachineViews.Of(noted.State, 1)!.Maintenance!.Expired);
        Assert.DoesNotContain(Drifts.MaintenanceExpired, noted.Do(new EndMaintenance(Id, null)).About.Drift.Keys);
        Assert.DoesNotContain(Drifts.MaintenanceExpired, noted.Do(new StartMaintenance(Id, "again", Start.AddDays(9))).About.Drift.Keys);
    }

    [Fact]
    public static void A_hold_whose_time_is_over_is_lifted()
    {
        var held = Lives.Spare.Do(new HoldMachine(Id, "operator", "a look at it", Start.AddDays(1), null));
        Given(held).When(Look(null)).ThenNothing();
        Given(held.Later(TimeSpan.FromDays(2))).When(Look(null)).Then(new MachineUnheld("operator")).When(Look(null)).ThenNothing();
    }

    [Fact]
    public static void A_spare_whose_waiver_ended_is_held_for_the_gap_and_nothing_is_held_before()
    {
        var waived = Lives.InventoryGap.Do(new WaiveGap(Id, "dimm:A2", Start.AddDays(30), "ordered")).Do(new PromoteMachine(Id)).Later();
        Assert.Equal("spare", waived.State.Stage);
        Given(waived).When(Look(null)).ThenNothing();
        Given(waived.Later(TimeSpan.FromDays(31))).When(Look(null))
            .Then(new MachineHeld(Holds.Inspection, "The waiver of dimm:A2 ended: DIMM A2: expected 16384 MiB, found nothing.", null, null))
            .When(Look(null)).ThenNothing();
    }

    // ── Flapping ──────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public static void What_flaps_is_noted_three_times_and_then_as_flapping_and_an_hour_later_counts_again()
    {
        var life = Lives.Spare;
        for (var i = 0; i < 40; i++)
            life = life.Do(Look(i % 2 == 0 ? On : Off)).Later();
        var facts = life.Past.Skip(Lives.Spare.Past.Length).Select(e => e switch { DriftNoted n => n.Kind, DriftCleared c => $"-{c.Kind}", _ => "?" });
        Assert.Equal(["power", "-power", "power", "-power", "power", "-power", "power-flapping"], facts);

        var quiet = life.Later(TimeSpan.FromHours(1));
        Given(quiet).When(Look(Off)).Then(new DriftCleared("power-flapping"));
        Given(quiet).When(Look(On)).Then(new DriftCleared("power-flapping"), new DriftNoted("power", "off", "on"));
    }

    [Fact]
    public static void Drift_that_comes_back_now_and_then_does_not_flap()
    {
        var life = Lives.Spare;
        for (var i = 0; i < 8; i++)
            life = life.Do(Look(i % 2 == 0 ? On : Off)).Later(TimeSpan.FromMinutes(30));
        Assert.Equal(4, life.Past.Count(e => e is DriftNoted { Kind: "power" }));
        Assert.DoesNotContain(life.Past, e => e is DriftNoted { Kind: "power-flapping" });
    }
}
