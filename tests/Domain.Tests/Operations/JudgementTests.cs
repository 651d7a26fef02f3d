using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Operations;
using Ppec.Domain.Operations;
using Xunit;
using static Ppec.Domain.Tests.Samples;
using Steps = Ppec.Domain.Machines.Workflows.Steps;

namespace Ppec.Domain.Tests.Operations;

/// <summary>An agent's word that it is done is not enough: its evidence is compared with what was to be.</summary>
public static class JudgementTests
{
    static readonly OperationFacts Facts = new("op", "provision", Id,
        new OperationInput(Lives.Provisioning.About.Operation!.Plan, [new DiskRef(Nvme.Serial, Nvme.Wwn), new DiskRef(Sata.Serial, Sata.Wwn)], Hardware), Start);

    static Judgement Of(string step, TaskResult result) => Judgement.OfTask(Facts, step, result);

    static void Fails(Judgement judgement, bool final, string why)
    {
        Assert.Contains(why, judgement.Failure, StringComparison.Ordinal);
        Assert.Equal((final, (StepOutput?)null), (judgement.Final, judgement.Output));
    }

    [Fact] public static void An_error_is_a_failure() => Fails(Of(Steps.Health, new("disk gone")), false, "disk gone");
    [Fact] public static void An_answer_without_its_report_is_a_failure() => Fails(Of(Steps.Install, new(null)), false, "lacks the report");
    [Fact] public static void The_same_hardware_goes_on() => Assert.Null(Of(Steps.CheckHardware, new(null, Hardware)).Failure);

    [Fact]
    public static void Kernel_names_and_link_state_are_not_hardware() => Assert.Null(Of(Steps.CheckHardware, new(null, Hardware with
    {
        Disks = [Sata with { Name = "sdz" }, Nvme],
        Nics = [Hardware.Nics[0] with { Link = false, Name = "eth7", SpeedMbps = 0 }, Hardware.Nics[1]],
    })).Failure);

    public static TheoryData<string> Changes => ["DIMM", "disk", "NIC", "CPU", "serial", "UUID"];

    [Theory, MemberData(nameof(Changes))]
    public static void Other_hardware_stops_for_good(string what) => Fails(Of(Steps.CheckHardware, new(null, what switch
    {
        "DIMM" => Lives.Without("A2"),
        "disk" => Hardware with { Disks = [Nvme, Sata with { Serial = "SATA-2" }] },
        "NIC" => Hardware with { Nics = [Hardware.Nics[0]] },
        "CPU" => Hardware with { Cpus = [Hardware.Cpus[0]] },
        "serial" => Hardware with { System = Hardware.System with { Serial = "X" } },
        _ => Hardware with { System = Hardware.System with { Uuid = "X" } },
    })), true, what);

    [Fact] public static void An_image_read_back_as_written_is_believed() => Assert.Null(Of(Steps.Install, new(null, Install: Written)).Failure);
    [Fact] public static void Another_digest_written_is_tried_again() => Fails(Of(Steps.Install, new(null, Install: Written with { Sha256Written = "00" })), false, "digest");
    [Fact] public static void Another_digest_read_back_is_tried_again() => Fails(Of(Steps.Install, new(null, Install: Written with { Sha256ReadBack = "00" })), false, "reads back");
    [Fact] public static void Another_disk_written_stops_for_good() => Fails(Of(Steps.Install, new(null, Install: Written with { DiskSerial = "SATA-1" })), true, "It wrote disk SATA-1");

    static Judgement Wiped(ImmutableArray<DiskRef> planned, params DiskWipe[] wipes) =>
        Judgement.OfTask(Facts with { Input = Facts.Input with { Disks = planned } }, Steps.Wipe, new(null, Wipe: new([.. wipes])));

    [Fact] public static void Every_disk_proven_erased_is_believed() => Assert.Null(Wiped(Facts.Input.Disks, WipeOf(Sata), WipeOf(Nvme)).Failure);
    [Fact] public static void A_disk_without_a_report_is_not_erased() => Fails(Wiped(Facts.Input.Disks, WipeOf(Nvme)), false, "SATA-1 is not proven erased: no report");
    [Fact] public static void A_disk_not_verified_is_not_erased() => Fails(Wiped(Facts.Input.Disks, WipeOf(Nvme), WipeOf(Sata) with { Verified = false }), false, "SATA-1");
    [Fact] public static void A_disk_with_an_error_is_not_erased() => Fails(Wiped(Facts.Input.Disks, WipeOf(Nvme), WipeOf(Sata) with { Error = "frozen" }), false, "frozen");

    [Fact]
    public static void Two_disks_without_a_serial_are_told_apart_by_WWN() =>
        Fails(Wiped([new("", "0x1"), new("", "0x2")], WipeOf(Nvme with { Serial = "", Wwn = "0x1" })), false, "0x2");

    // ── First boot ────────────────────────────────────────────────────────────────────────────────────────
    static Judgement Heard(Beacon beacon) => Judgement.OfBeacon(Facts, beacon, "10.1.0.5");

    [Fact] public static void The_installed_machine_that_calls_home_is_believed() => Assert.Equal("10.1.0.5", Heard(Run.Beacon).Output!.Note);
    [Fact] public static void Another_image_is_not() => Fails(Heard(Run.Beacon with { Image = "ubuntu@1" }), true, "ubuntu@1");
    [Fact] public static void Another_machine_is_not() => Fails(Heard(Run.Beacon with { Evidence = Evidence with { Uuid = "X" } }), true, "Another machine");
    [Fact] public static void A_missing_disk_is_named_by_its_slot() => Fails(Heard(Run.Beacon with { DiskSerials = [Nvme.Serial] }), true, Sata.Slot);
    [Fact] public static void Missing_memory_is_seen() => Fails(Heard(Run.Beacon with { MemoryMiB = 16000 }), true, "memory is missing");
}
