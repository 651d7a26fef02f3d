using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Facts;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Machines;

/// <summary>The end of a machine: wiped or attested, and terminal.</summary>
public static class RetirementTests
{
    static readonly DestroyedDisk FirstDisk = new(Nvme.Serial, "shredder 7, video 12");
    static readonly DestroyedDisk SecondDisk = new(Sata.Serial, "shredder 7, video 13");

    [Fact]
    public static void A_retired_machine_gave_up_its_secrets_and_names_but_not_its_place()
    {
        var after = Given(Lives.RetiringWriting).When(new RecordRetired(Id, Lives.Now)).Then(new MachineRetired(Lives.Now, []));
        Assert.Equal(((BmcAccess?)null, (string?)null, (string?)null, Place), (after.About.Bmc, after.About.Name, after.About.Owner, after.About.Place));
        Assert.Empty(after.About.Macs);
    }

    [Fact] public static void Nothing_is_retired_that_never_began_to_wipe() => Given(Lives.Retiring).When(new RecordRetired(Id, Lives.Now)).ThenRefused(ProblemCodes.OperationStale);
    [Fact] public static void Disks_that_were_never_seen_are_not_called_wiped() => Given(Lives.Racked).When(new RetireMachine(Id) { Operation = "op" }).ThenRefused(ProblemCodes.MachineDisksUnseen);

    [Fact]
    public static void Every_disk_that_was_seen_is_attested()
    {
        Given(Lives.Spare).When(new RetireDestroyed(Id, [FirstDisk])).ThenRefused(ProblemCodes.MachineDisksUnseen, Sata.Serial);
        var after = Given(Lives.Spare).When(new RetireDestroyed(Id, [FirstDisk, SecondDisk])).Then(new MachineRetired(null, [FirstDisk, SecondDisk]));
        Given(after).When(new RetireDestroyed(Id, [FirstDisk, SecondDisk])).ThenNothing();
    }

    [Fact] public static void A_machine_that_boots_is_not_called_destroyed() => Given(Lives.Baremetal).When(new RetireDestroyed(Id, [FirstDisk, SecondDisk])).ThenRefused(ProblemCodes.MachineBoots);
    [Fact] public static void A_held_machine_that_cannot_boot_is_retired_as_destroyed() => Given(Lives.BaremetalHeld).When(new RetireDestroyed(Id, [FirstDisk, SecondDisk])).ThenStage("retired");

    [Fact]
    public static void An_expired_hold_does_not_destroy() =>
        Given(Lives.Baremetal.Do(Lives.Suspicion with { ExpiresAt = Lives.Baremetal.Now.AddMinutes(1) }).Later(5))
            .When(new RetireDestroyed(Id, [FirstDisk, SecondDisk])).ThenRefused(ProblemCodes.MachineBoots);

    [Fact]
    public static void A_retired_machine_leaves_its_rack_once()
    {
        var gone = Given(Lives.Retired).When(new UnrackMachine(Id)).Then(new MachineUnracked());
        Assert.Null(gone.About.Place);
        Given(gone).When(new UnrackMachine(Id)).ThenNothing();
    }

    [Fact] public static void Only_a_retired_machine_leaves_its_rack() => Given(Lives.Spare).When(new UnrackMachine(Id)).ThenRefused(ProblemCodes.MachineStillRacked);
    [Fact] public static void A_retired_machine_gets_no_place_again() => Given(Lives.Gone).When(new SetMachine(Id, null, null, null, null, Place)).ThenRefused(ProblemCodes.MachineWrongStage);
    [Fact] public static void A_retired_machine_gets_no_name_and_no_owner() => Given(Lives.Retired).When(new SetMachine(Id, "web-1", null, "payments", null, null)).ThenRefused(ProblemCodes.MachineWrongStage);
    [Fact] public static void A_retired_machine_can_be_noted() => Given(Lives.Retired).When(new SetMachine(Id, null, "sold", null, null, null)).Then(new MachineDescribed(null, "sold", null, null));
}
