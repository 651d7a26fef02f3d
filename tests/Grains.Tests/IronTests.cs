using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>Hardware that is not what it says: swapped, lying, changed or claimed twice. Nothing is written on its word.</summary>
public sealed class IronTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task A_BMC_of_another_machine_is_sent_nothing_and_both_machines_are_held()
    {
        var (left, right) = (await world.Racked(), await world.Racked());
        (left.Bmc.Identity, right.Bmc.Identity) = (right.Bmc.Identity, left.Bmc.Identity);

        var ended = await world.Finish(await world.Begin(new InspectMachine(left.Id)));

        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains(right.Serial, ended.Why, StringComparison.Ordinal);
        foreach (var server in new[] { left, right })
        {
            Assert.DoesNotContain(server.Bmc.Journal, IsAction);
            Assert.Contains(Holds.Identity, world.HoldsOf(server));
        }
        Assert.Contains(left.Id, Why(right, Holds.Identity), StringComparison.Ordinal);
        world.AtRest(left);
    }

    [Fact]
    public async Task A_BMC_that_was_swapped_under_a_running_system_is_not_made_to_stop_it()
    {
        var server = await world.Baremetal();
        var other = await world.Racked();
        server.Bmc.Identity = other.Bmc.Identity;
        var before = server.Bmc.Journal.Count;

        var ended = await world.Finish(await world.Begin(new ReleaseMachine(server.Id)));

        Assert.Equal(Ending.Failed, ended.Result);
        Assert.DoesNotContain(server.Bmc.Journal.Skip(before), IsAction);
        Assert.Equal(PowerState.On, server.Bmc.Power);
        Assert.Equal("baremetal", world.State(server.Id).Stage);
        Assert.Contains(Holds.Identity, world.HoldsOf(server));
        Assert.Contains(Holds.Identity, world.HoldsOf(other));
    }

    [Fact]
    public async Task A_BMC_that_accepts_and_does_nothing_fails_the_operation_with_a_reason()
    {
        var server = await world.Racked();
        server.Bmc.Liar = true;
        var ended = await world.Finish(await world.Begin(new InspectMachine(server.Id)));
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains("accepted", ended.Why, StringComparison.Ordinal);
        Assert.Contains("accepted", Why(server, Workflows.Inspect), StringComparison.Ordinal);
        world.AtRest(server);
    }

    [Fact]
    public async Task A_BMC_that_accepts_power_off_and_leaves_it_on_is_reset_and_believed_no_more()
    {
        var server = await world.Baremetal();
        server.Bmc.Liar = true;
        var ended = await world.Finish(await world.Begin(new ReleaseMachine(server.Id)));
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains("still on", ended.Why, StringComparison.Ordinal);
        Assert.Contains("reset", server.Bmc.Journal);
        Assert.Equal("baremetal", world.State(server.Id).Stage);
        Assert.Contains(Workflows.Release, world.HoldsOf(server));
        Assert.DoesNotContain(server.Tasks, t => t.Work is WipeDisks);
    }

    [Fact]
    public async Task An_image_that_reads_back_wrong_is_written_once_more_and_then_the_machine_is_dirty()
    {
        var server = await world.Spare(s => s.Reports = (step, honest) =>
            step == Workflows.Steps.Install ? honest with { Install = honest.Install! with { Sha256ReadBack = new string('0', 64) } } : honest);
        var ended = await world.Finish(await world.Begin(server.Provision()));
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.Contains("reads back", ended.Why, StringComparison.Ordinal);
        Assert.Equal(2, server.Tasks.Count(t => t.Work is InstallImage));
        world.AtRest(server);
        Assert.Equal("inventory", world.State(server.Id).Stage);
        Assert.Contains(Holds.Dirty, world.HoldsOf(server));
        Assert.Equal(PowerState.Off, server.Bmc.Power);
    }

    [Theory, InlineData(Workflows.Provision), InlineData(Workflows.Release), InlineData(Workflows.Retire)]
    public async Task A_DIMM_that_changed_since_the_inspection_stops_it_before_the_first_write(string kind)
    {
        var (server, command) = await StepFailureTests.Start(world, kind);
        server.Hardware = server.Hardware with { Dimms = [server.Hardware.Dimms[0], server.Hardware.Dimms[1] with { Serial = "ANOTHER" }] };
        await NothingWritten(server, kind, command, "DIMM A2");
    }

    [Theory, InlineData(Workflows.Provision), InlineData(Workflows.Release), InlineData(Workflows.Retire)]
    public async Task A_USB_disk_that_nobody_listed_stops_it_before_the_first_write(string kind)
    {
        var (server, command) = await StepFailureTests.Start(world, kind);
        server.Hardware = server.Hardware with { Disks = server.Hardware.Disks.Add(new Disk("usb-3", "sda", "Stick", "U-1", "", 32_000_000_000, false, "usb", "")) };
        await NothingWritten(server, kind, command, "usb-3");
    }

    [Fact]
    public async Task A_port_with_the_address_of_another_machine_fails_the_inspection_and_names_the_owner()
    {
        var owner = await world.Spare();
        var server = await world.Racked(s => s.Hardware = s.Hardware with { Nics = s.Hardware.Nics.Add(new Nic("nic-2", "eno2", owner.Mac, "mlx5_core", true, 25000)) });
        var ended = await world.Finish(await world.Begin(new InspectMachine(server.Id)));
        Assert.Equal(Ending.Succeeded, ended.Result);
        Assert.Equal("inventory", world.State(server.Id).Stage);
        Assert.Contains(owner.Id, Why(server, Holds.Inspection), StringComparison.Ordinal);
        Assert.Contains("nic-2", Why(server, Holds.Inspection), StringComparison.Ordinal);
        Assert.Empty(world.HoldsOf(owner));
    }

    async Task NothingWritten(Server server, string kind, Contracts.Gate.Command command, string named)
    {
        var before = server.Tasks.Count;
        var stage = world.State(server.Id).Stage;
        var ended = await world.Finish(await world.Begin(command));
        Assert.Equal(Ending.Failed, ended.Result);
        Assert.DoesNotContain(server.Tasks.Skip(before), t => t.Work is InstallImage or WipeDisks);
        world.AtRest(server);
        Assert.Equal(stage, world.State(server.Id).Stage);
        Assert.Contains(named, Why(server, kind), StringComparison.Ordinal);
        Assert.Equal(stage == "baremetal" ? PowerState.On : PowerState.Off, server.Bmc.Power);
    }

    string Why(Server server, string source) => ((MachineState.Known)world.State(server.Id)).About.Holds[source].Why;

    static bool IsAction(string step) => step.StartsWith("power ", StringComparison.Ordinal) || step.StartsWith("boot ", StringComparison.Ordinal) || step == "reset";
}
