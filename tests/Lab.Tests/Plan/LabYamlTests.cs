using Ppec.Lab.Plan;

namespace Ppec.Lab.Tests.Plan;

public sealed class LabYamlTests
{
    [Fact]
    public void Names_make_machines_that_are_the_same_every_time()
    {
        var yaml = LabYaml.Of(qemu: 2, sim: 3, "auto", https: false);
        var plan = LabYaml.Read(yaml, ["r1", "r2"]);
        Assert.Equal(["qemu-001", "qemu-002", "sim-001", "sim-002", "sim-003"], plan.Machines.Select(m => m.Name));
        Assert.Equal(plan.Machines.Select(m => (m.Serial, m.Uuid)), LabYaml.Read(yaml, []).Machines.Select(m => (m.Serial, m.Uuid)));
        Assert.Equal(5, plan.Machines.SelectMany(m => m.Macs).Distinct().Count());
        Assert.Equal(["r1", "r2", "r1", "r2", "r1"], plan.Machines.Select(m => m.Rack));
        Assert.Equal("LABSIM001", plan.Machines[2].Serial);
    }

    [Fact]
    public void What_is_said_is_kept_and_faults_are_in_what_is_fitted()
    {
        var machine = Assert.Single(LabYaml.Read("""
            machines:
            - name: a
              kind: sim
              serial: XYZ
              macs: ["52:54:00:AA:00:01"]
              dimms: [{slot: P1, sizeMiB: 1024}, {slot: P2, sizeMiB: 1024}]
              disks: [{sizeMiB: 100, serial: D0, bus: nvme}]
              faults: [missing-dimm, wrong-disk-size, bmc-liar]
            """, []).Machines);
        Assert.Equal(("XYZ", "52:54:00:aa:00:01", 1024L, 2), (machine.Serial, machine.Macs[0], machine.MemoryMiB, machine.Dimms.Length));
        Assert.Equal(("P1", 50L), (machine.FittedDimms.Single().Slot, machine.FittedDisks.Single().SizeMiB));
    }

    [Theory]
    [InlineData("machines: [{name: a, colour: red}]", "colour")]
    [InlineData("machines: [{name: a, kind: vmware}]", "qemu or sim")]
    [InlineData("machines: [{name: A_}]", "lower-case")]
    [InlineData("machines: [{name: a}, {name: a}]", "two machines")]
    [InlineData("machines: [{name: a, faults: [gremlins]}]", "no fault gremlins")]
    [InlineData("machines: [{name: a, kind: qemu, faults: [failing-memory]}]", "simulated")]
    [InlineData("machines: [{name: a, kind: qemu, faults: [failing-smart]}]", "NVMe")]
    [InlineData("machines: [{name: a, swapBmcWith: b}]", "no other machine")]
    [InlineData("machines: [{name: a, disks: [{sizeMiB: 1, bus: usb}]}]", "bus")]
    [InlineData("hypervisor: xen", "auto, kvm or qemu")]
    public void What_cannot_be_is_refused_with_a_sentence(string yaml, string says) =>
        Assert.Contains(says, Assert.Throws<PlanException>(() => LabYaml.Read(yaml, [])).Message, StringComparison.Ordinal);
}
