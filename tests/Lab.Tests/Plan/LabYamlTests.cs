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

    [Fact]
    public void A_fleet_is_unique_in_everything_that_must_be()
    {
        var plan = LabYaml.Read("racks: ['fleet.r[001-135]']\nmachines: [{name: c, count: 10000}, {name: s, count: 3500, cpus: 32}]", []);
        Assert.Equal(13500, plan.Machines.Length);
        Assert.Equal(13500, plan.Machines.DistinctBy(m => m.Serial).Count());
        Assert.Equal(13500, plan.Machines.DistinctBy(m => m.Uuid).Count());
        Assert.Equal(13500, plan.Machines.SelectMany(m => m.Macs).Distinct().Count());
        Assert.Equal(27000, plan.Machines.SelectMany(m => m.Disks).DistinctBy(d => d.Serial).Count());
        Assert.Equal(13500, plan.Machines.DistinctBy(m => (m.Rack, m.Unit)).Count());
        Assert.Equal((135, "fleet.r001", "fleet.r135", 100), (plan.Machines.DistinctBy(m => m.Rack).Count(), plan.Machines[0].Rack, plan.Machines[134].Rack, plan.Machines.Max(m => m.Unit)));
        Assert.NotNull(plan.BmcNetwork);
        Assert.Null(LabYaml.Read("machines: [{name: c, count: 1000}]", []).BmcNetwork);
    }

    [Fact]
    public void So_many_lie_as_was_said_and_the_same_ones_every_time()
    {
        const string Yaml = "lies: ['bmc-flap:10%']\nmachines: [{name: c, count: 200}, {name: bad, faults: [bmc-dead]}]";
        var plan = LabYaml.Read(Yaml, [], "one-session:7", "slow=8:1%");
        Assert.Equal([("bmc-dead", 1), ("bmc-flap", 21), ("bmc-one-session", 7), ("bmc-slow=8", 3)], plan.Machines.SelectMany(m => m.Faults).GroupBy(f => f).Select(g => (g.Key, g.Count())).Order());
        Assert.All(plan.Machines, m => Assert.InRange(m.Faults.Length, 0, 1));
        Assert.Equal(plan.Machines.Select(m => m.Faults.SingleOrDefault()), LabYaml.Read(Yaml, [], "one-session:7", "slow=8:1%").Machines.Select(m => m.Faults.SingleOrDefault()));
    }

    [Theory]
    [InlineData("flap", "how many")]
    [InlineData("flap:some", "how many")]
    [InlineData("flap:101%", "how many")]
    [InlineData("flap:-1", "how many")]
    [InlineData("gremlins:5%", "no fault gremlins")]
    [InlineData("slow=soon:5%", "no fault slow=soon")]
    [InlineData("flap:4", "3 simulated machines are honest")]
    public void A_lie_that_cannot_be_told_is_refused_with_a_sentence(string lie, string says) =>
        Assert.Contains(says, Assert.Throws<PlanException>(() => LabYaml.Read("machines: [{name: c, count: 3}, {name: q, kind: qemu}]", [], lie)).Message, StringComparison.Ordinal);

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
    [InlineData("racks: ['r[9-1]']", "backwards")]
    [InlineData("bmcNetwork: 10.0.0.0/8", "127.0.0.0/8")]
    [InlineData("bmcNetwork: 126.0.0.0/7", "127.0.0.0/8")]
    [InlineData("bmcNetwork: 127.0.0.0/30\nmachines: [{name: a, count: 4}]", "no room")]
    [InlineData("hypervisor: xen", "auto, kvm or qemu")]
    public void What_cannot_be_is_refused_with_a_sentence(string yaml, string says) =>
        Assert.Contains(says, Assert.Throws<PlanException>(() => LabYaml.Read(yaml, [])).Message, StringComparison.Ordinal);
}
