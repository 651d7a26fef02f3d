using System.Collections.Immutable;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>Every kind of gap between what was ordered and what is there, by its key, what was expected and what was found.</summary>
public static class EvaluationTests
{
    static readonly ImmutableSortedDictionary<string, Waiver> NoWaivers = ImmutableSortedDictionary<string, Waiver>.Empty;

    static EvaluationView Measure(ProfileSpec spec, Inventory found) =>
        Evaluation.Of([new ProfileVersion("compute", 3, spec)], found, Healthy, NoWaivers, Start);

    static void Gaps(ProfileSpec spec, Inventory found, params string[] expected)
    {
        var view = Measure(spec, found);
        Assert.Equal(expected, view.Gaps.Select(g => $"{g.Key}: {g.Expected} | {g.Found}{(g.Fails ? "" : " (reported)")}"));
        Assert.Equal(view.Gaps.All(g => !g.Fails), view.Passed);
    }

    [Fact] public static void The_ordered_hardware_has_no_gap() => Gaps(Ordered, Hardware);
    [Fact] public static void A_field_left_out_is_not_checked() => Gaps(new ProfileSpec(), Hardware);

    [Fact] public static void A_missing_DIMM_is_named_by_its_slot() => Gaps(Ordered, Lives.Without("A2"), "dimm:A2: 16384 MiB | nothing");

    [Fact]
    public static void A_DIMM_too_many_is_named() =>
        Gaps(Ordered, Hardware with { Dimms = Hardware.Dimms.Add(Hardware.Dimms[0] with { Slot = "B1" }) }, "dimm:B1: nothing | 16384 MiB");

    [Fact]
    public static void A_DIMM_of_another_size_is_named() =>
        Gaps(Ordered, Hardware with { Dimms = Hardware.Dimms.SetItem(1, Hardware.Dimms[1] with { SizeMiB = 8192 }) }, "dimm:A2: 16384 MiB | 8192 MiB");

    [Theory]
    [InlineData(28000, "memory: 32768 MiB | 28000 MiB")]
    [InlineData(32769, "memory: 32768 MiB | 32769 MiB")]
    public static void Memory_is_what_was_bought_less_what_firmware_keeps(long found, string gap) =>
        Gaps(Ordered, Hardware with { MemoryMiB = found }, gap);

    [Fact] public static void A_missing_disk_is_named() => Gaps(Ordered, Hardware with { Disks = [Nvme] }, "disk:1: 1 × 457862 MiB sata | 0");

    [Fact]
    public static void A_disk_of_another_size_is_missing_and_extra() => Gaps(Ordered, Hardware with { Disks = [Nvme, Sata with { SizeBytes = 1L << 40 }] },
        "disk:1: 1 × 457862 MiB sata | 0", $"disk:{Sata.Slot}: nothing | 1048576 MiB sata SATA-1");

    [Fact]
    public static void Vendors_may_round_disk_sizes() => Gaps(Ordered, Hardware with { Disks = [Nvme, Sata with { SizeBytes = Sata.SizeBytes / 100 * 99 }] });

    [Fact]
    public static void A_disk_too_many_is_named_with_its_serial() =>
        Gaps(Ordered, Hardware with { Disks = [Nvme, Sata, Of("X-1", 10)] }, "disk:slot-X-1: nothing | 10240 MiB sata X-1");

    [Fact] public static void A_USB_stick_is_no_gap() => Gaps(Ordered, Hardware with { Disks = [Nvme, Sata, Usb] });

    [Fact]
    public static void A_picky_disk_is_not_taken_by_an_easy_one() =>
        Gaps(new ProfileSpec(Disks: [new DiskSpec(2, 102400), new DiskSpec(1, 102400, "nvme")]),
            Hardware with { Disks = [Of("N-1", 100, "nvme"), Of("S-1", 100), Of("S-2", 100)] });

    [Fact] public static void A_missing_port_is_counted() => Gaps(Ordered, Hardware with { Nics = [Hardware.Nics[0]] }, "nic:0: 2 at 25000 Mbit/s or more | 1");

    [Fact]
    public static void A_slow_port_does_not_count() =>
        Gaps(Ordered, Hardware with { Nics = [Hardware.Nics[0], Hardware.Nics[1] with { SpeedMbps = 1000 }] }, "nic:0: 2 at 25000 Mbit/s or more | 1");

    [Fact]
    public static void One_port_does_not_count_twice() =>
        Gaps(new ProfileSpec(Nics: [new NicSpec(2, 1000), new NicSpec(2, 25000)]), Hardware, "nic:1: 2 at 25000 Mbit/s or more | 0");

    [Fact]
    public static void Fast_ports_are_left_for_those_who_want_them() =>
        Gaps(new ProfileSpec(Nics: [new NicSpec(1, 1000), new NicSpec(1, 25000)]), Hardware with { Nics = [Hardware.Nics[0], Hardware.Nics[1] with { SpeedMbps = 1000 }] });

    [Fact] public static void A_missing_CPU_is_counted() => Gaps(Ordered, Hardware with { Cpus = [Hardware.Cpus[0]] }, "cpu:sockets: 2 | 1");

    [Fact]
    public static void Another_CPU_is_named_by_its_socket() => Gaps(Ordered,
        Hardware with { Cpus = [Hardware.Cpus[0], new Cpu("CPU.2", "Intel(R) Xeon(R) Gold 5318", 24, 48)] },
        "cpu:CPU.2:cores: 32 | 24", "cpu:CPU.2:model: Xeon(R) Gold 6338 | Intel(R) Xeon(R) Gold 5318");

    [Theory]
    [InlineData("exact", "2.10.3", null)]
    [InlineData("exact", "2.11.0", "firmware:bios: 2.11.0 | 2.10.3")]
    [InlineData("minimum", "2.9.0", null)]
    [InlineData("minimum", "2.11.0", "firmware:bios: 2.11.0 or newer | 2.10.3")]
    [InlineData("report", "2.11.0", "firmware:bios: 2.11.0 | 2.10.3 (reported)")]
    public static void Firmware_is_exact_minimum_or_reported(string rule, string version, string? gap) =>
        Gaps(new ProfileSpec(Firmware: [new FirmwareSpec("bios", version, rule)]), Hardware, gap is null ? [] : [gap]);

    [Fact]
    public static void Disk_firmware_is_named_by_its_slot() =>
        Gaps(new ProfileSpec(Firmware: [new FirmwareSpec("PM9A3", "GDC5702Q", "exact")]), Hardware, $"firmware:PM9A3:{Nvme.Slot}: GDC5702Q | GDC5602Q");

    [Fact] public static void A_missing_TPM_is_a_gap() => Gaps(Ordered, Hardware with { Tpm = new Tpm(false, "") }, "tpm: 2.0 | nothing");
    [Fact] public static void An_old_TPM_is_a_gap() => Gaps(Ordered, Hardware with { Tpm = new Tpm(true, "1.2") }, "tpm: 2.0 | 1.2");
    [Fact] public static void Another_boot_mode_is_a_gap() => Gaps(Ordered, Hardware with { BootMode = "bios" }, "boot-mode: uefi | bios");

    [Fact]
    public static void All_gaps_are_named_at_once() =>
        Assert.Equal(["cpu:sockets", "dimm:A2", "disk:1", "nic:0", "tpm", "boot-mode"],
            Measure(Ordered, Hardware with { Cpus = [Hardware.Cpus[0]], Dimms = [Hardware.Dimms[0]], Disks = [Nvme], Nics = [], Tpm = new Tpm(false, ""), BootMode = "bios" }).Gaps.Select(g => g.Key));

    [Theory]
    [InlineData("2.9", "2.10", -1)]
    [InlineData("2.10", "2.10", 0)]
    [InlineData("2.10.1", "2.10", 1)]
    [InlineData("U30", "U31", -1)]
    [InlineData("002", "2", 0)]
    [InlineData("", "1", -1)]
    public static void Versions_compare_as_people_read_them(string a, string b, int order) => Assert.Equal(order, Evaluation.CompareVersions(a, b));
}
