using System.Collections.Immutable;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>A plan's hash moves with what matters and with nothing else; what is executed is what was planned.</summary>
public static class PlanTests
{
    static readonly ProvisionMachine Provision = new(Id, Spec, Debian) { Operation = "op" };
    static readonly RetireMachine Retire = new(Id) { Operation = "op" };

    static Plan Of(Life life, MachineCommand command) => MachinePlans.Of(life.State, command with { At = life.Now }).Plan!;

    /// <summary>A Spare with this hardware; its profile asks for no disks, so that any will do.</summary>
    static Life Found(Inventory hardware) =>
        Lives.Inspecting.Do(Lives.Report(hardware) with { Profiles = [Compute with { Spec = Ordered with { Disks = default, Firmware = default } }] }).Later();

    [Fact]
    public static void A_tag_a_note_and_a_name_void_nothing()
    {
        var touched = Lives.Spare.Do(new TagMachine(Id, ImmutableDictionary<string, string>.Empty.Add("team", "x"), [])).Do(new SetMachine(Id, "n", "note", null, null, null));
        Assert.Equal(Of(Lives.Spare, Provision).Hash, Of(touched, Provision).Hash);
    }

    public static TheoryData<string> Material => ["disk", "nic", "image", "bmc", "system", "gateway", "dns", "key", "address", "root disk", "signer"];

    [Theory, MemberData(nameof(Material))]
    public static void What_matters_voids_a_plan(string what)
    {
        var (life, command) = what switch
        {
            "disk" => (Found(Hardware with { Disks = [Nvme with { Serial = "NVME-2" }, Sata] }), Provision),
            "nic" => (Found(Hardware with { Nics = Hardware.Nics.SetItem(1, Hardware.Nics[1] with { Mac = "aa:00:00:00:00:77" }) }), Provision),
            "system" => (Found(Hardware with { System = Hardware.System with { Uuid = "u-2" } }), Provision),
            "bmc" => (Lives.Spare.Do(new SetMachineBmc(Id, OtherBmc)), Provision),
            "image" => (Lives.Spare, Provision with { Image = Debian with { Version = 4, Content = Content with { Sha256 = new string('c', 64) } } }),
            "signer" => (Lives.Spare, Provision with { Image = Debian with { SignedBy = "key-2" } }),
            "gateway" => (Lives.Spare, Provision with { Spec = Spec with { Gateway = "10.1.0.254" } }),
            "dns" => (Lives.Spare, Provision with { Spec = Spec with { Dns = ["8.8.8.8"] } }),
            "key" => (Lives.Spare, Provision with { Spec = Spec with { SshKeys = ["ssh-ed25519 BBBB mallory"] } }),
            "address" => (Lives.Spare, Provision with { Spec = Spec with { Address = "10.1.0.6/24" } }),
            _ => (Lives.Spare, Provision with { Spec = Spec with { RootDisk = Sata.Serial } }),
        };
        var seen = Of(Lives.Spare, Provision).Hash;
        Assert.NotEqual(seen, Of(life, command).Hash);
        Given(life).When(command with { PlanHash = seen }).ThenRefused(ProblemCodes.PlanStale);
    }

    [Fact]
    public static void No_two_plans_read_the_same()
    {
        var one = Provision with { Spec = Spec with { Hostname = "h, Detail = owned by a", Owner = "b" } };
        var two = Provision with { Spec = Spec with { Hostname = "h", Owner = "a, Detail = owned by b" } };
        Assert.NotEqual(Of(Lives.Spare, one).Hash, Of(Lives.Spare, two).Hash);
    }

    [Fact]
    public static void What_is_executed_is_what_was_planned()
    {
        foreach (var (name, life) in Lives.All.Where(l => l.Life.State is not MachineState.Known { About.Operation: not null }))
            foreach (var command in (MachineCommand[])[Provision, new ReimageMachine(Id, Spec, Debian) { Operation = "op" }, new ReleaseMachine(Id) { Operation = "op" }, Retire])
            {
                var planned = MachinePlans.Of(life.State, command with { At = life.Now });
                var outcome = life.When(command);
                Assert.True(planned.Problem?.Code == outcome.Problem?.Code, $"{name}, {command.GetType().Name}: planned {planned.Problem?.Code}, executed {outcome.Problem?.Code}");
                if (planned.Plan is not { } plan) continue;
                Assert.Equal(plan.Hash, outcome.Events[0] switch { ProvisioningStarted e => e.PlanHash, ReimagingStarted e => e.PlanHash, ReleaseStarted e => e.PlanHash, RetirementStarted e => e.PlanHash, _ => "" });
            }
    }

    [Fact]
    public static void Only_local_disks_are_wiped_and_each_is_named()
    {
        var life = Found(Hardware with { Disks = [Nvme, Usb, San, Sata] });
        Assert.Equal(["NVME-1", "SATA-1"], Of(life, Retire).Effects.Where(e => e.Kind == "disk-wipe").Select(e => e.Target));
        Assert.Equal([Nvme.Serial, Sata.Serial], Assert.IsType<RetirementStarted>(life.When(Retire).Events[0]).Disks.Select(d => d.Serial));
    }

    [Fact]
    public static void A_local_disk_without_a_name_is_not_passed_over_in_a_wipe() =>
        Given(Found(Hardware with { Disks = [Nvme, Sata with { Serial = "", Wwn = "" }] })).When(Retire).ThenRefused(ProblemCodes.MachineDiskUnknown, Sata.Slot);

    [Fact] public static void A_SAN_disk_is_never_the_root_disk() => Given(Found(Hardware with { Disks = [San, Usb] })).When(Provision).ThenRefused(ProblemCodes.MachineDiskUnknown);
    [Fact] public static void A_SAN_disk_is_not_chosen_by_name() => Given(Found(Hardware with { Disks = [Nvme, San] })).When(Provision with { Spec = Spec with { RootDisk = San.Serial } }).ThenRefused(ProblemCodes.MachineDiskUnknown);

    [Theory]
    [InlineData("first", "NVME-1"), InlineData("smallest", "SATA-1"), InlineData("largest", "NVME-1"), InlineData("SATA-1", "SATA-1")]
    public static void The_root_disk_follows_its_rule(string rule, string serial) =>
        Assert.Equal(serial, Assert.IsType<ProvisioningStarted>(Lives.Spare.When(Provision with { Spec = Spec with { RootDisk = rule } }).Events[0]).Plan.RootDisk.Serial);

    [Fact] public static void A_disk_too_small_is_refused() => Given(Lives.Spare).When(Provision with { Image = Debian with { Content = Content with { DiskSizeBytes = 1L << 50 } } }).ThenRefused(ProblemCodes.MachineDiskTooSmall);
    [Fact] public static void A_deprecated_image_is_refused() => Given(Lives.Spare).When(Provision with { Image = Debian with { Deprecated = true } }).ThenRefused(ProblemCodes.ImageDeprecated);
    [Fact] public static void An_image_of_another_boot_mode_is_refused() => Given(Lives.Spare).When(Provision with { Image = Debian with { Content = Content with { BootMode = "bios" } } }).ThenRefused(ProblemCodes.MachineBootModeMismatch);
    [Fact] public static void An_image_that_is_not_there_is_refused() => Given(Lives.Spare).When(Provision with { Image = null }).ThenRefused(ProblemCodes.ImageUnknown);
}
