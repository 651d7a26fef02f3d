using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>Evidence of who a machine is: it contradicts, and it changes only by rekey.</summary>
public static class IdentityTests
{
    static readonly Life Inspecting = Lives.SpareInspecting;

    static void IsAStranger(Life inspecting, string operation, Contracts.Hardware.Inventory found, string why)
    {
        var after = Given(inspecting).When(Lives.Report(found, operation)).Then(
            new OperationAbandoned(operation, $"Another machine answered: {why}.", true, false),
            new MachineHeld(Holds.Identity, $"Another machine answered where this one should: {why}. Check the cabling; rekey it if its board was replaced.", null, null));
        Assert.Equal(inspecting.State.Stage, after.State.Stage);
        Assert.Null(after.About.Operation);
    }

    [Fact]
    public static void Another_UUID_is_another_machine() =>
        IsAStranger(Inspecting, Lives.Now, Hardware with { System = Hardware.System with { Uuid = "u-2" } }, $"SMBIOS UUID: expected {Uuid}, found u-2");

    [Fact]
    public static void Another_serial_is_another_machine() =>
        IsAStranger(Inspecting, Lives.Now, Hardware with { System = Hardware.System with { Serial = "S-2" } }, $"serial: expected {Serial}, found S-2");

    [Fact]
    public static void Another_board_is_another_machine() =>
        IsAStranger(Inspecting, Lives.Now, Hardware with { Board = Hardware.Board with { Serial = "B-2" } }, "board serial: expected BRD-1, found B-2");

    [Fact]
    public static void At_the_first_inspection_the_serial_on_paper_is_the_evidence() =>
        IsAStranger(Lives.Inspecting, Lives.First, Hardware with { System = Hardware.System with { Serial = "S-2" } }, $"serial: expected {Serial}, found S-2");

    [Fact]
    public static void Case_and_silence_contradict_nothing() =>
        Given(Inspecting).When(Lives.Report(Hardware with { System = Hardware.System with { Uuid = Uuid.ToUpperInvariant() }, Board = Hardware.Board with { Serial = "" } }, Lives.Now)).ThenStage("spare");

    [Fact]
    public static void The_first_inspection_takes_the_evidence_down() => Assert.Equal(Text(Evidence), Text(Lives.Spare.About.Evidence!));

    [Fact]
    public static void Later_inspections_do_not_change_it()
    {
        var nic = Hardware with { Nics = Hardware.Nics.SetItem(1, Hardware.Nics[1] with { Mac = "aa:00:00:00:00:77" }) };
        Assert.Equal(Text(Evidence), Text(Inspecting.Do(Lives.Report(nic, Lives.Now)).About.Evidence!));
    }

    [Fact]
    public static void A_new_board_is_rekeyed()
    {
        var board = Evidence with { BoardSerial = "BRD-2" };
        var rekeyed = Given(Lives.Spare).When(new RekeyMachine(Id, board, "RMA-7")).Then(new MachineRekeyed(board, "RMA-7"));
        Given(rekeyed).When(new RekeyMachine(Id, board with { Macs = [.. board.Macs] }, "RMA-7")).ThenNothing();
        Given(rekeyed.Do(new InspectMachine(Id) { Operation = Lives.Now })).When(Lives.Report(Hardware with { Board = Hardware.Board with { Serial = "BRD-2" } }, Lives.Now)).ThenStage("spare");
    }

    [Fact]
    public static void A_repair_records_the_part_before_and_after()
    {
        var repaired = Given(Lives.InventoryGap).When(new RepairMachine(Id, "A1", "D-9", "RMA-1")).Then(new PartReplaced("A1", "D-9", "RMA-1", "D-1"));
        Given(repaired).When(new RepairMachine(Id, "A1", "D-9", "RMA-1")).ThenNothing();
        var after = repaired.Do(new InspectMachine(Id) { Operation = Lives.Now })
            .Do(Lives.Report(Hardware with { Dimms = Hardware.Dimms.SetItem(0, Hardware.Dimms[0] with { Serial = "D-9" }) }, Lives.Now));
        Assert.Equal(new Repair("A1", "D-9", "RMA-1", "D-1", "D-9", repaired.Now), Assert.Single(after.About.Repairs));
    }
}
