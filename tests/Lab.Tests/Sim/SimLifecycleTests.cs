using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Lab.Bmcs;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Tests.Sim;

/// <summary>Simulated machines against as much of PPEC as they see.</summary>
public sealed class SimLifecycleTests : IAsyncLifetime
{
    const string Serial = "LABM";
    static readonly DiskRef root = new("LABMD0", "");
    readonly TemporaryFolder temporary = new();
    readonly FakePpec ppec = new();
    LabSite site = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    BmcPower Power => site.Bmcs["m"].Power;

    IPoweredMachine Machine => site.Bmcs["m"].Machine;

    public async ValueTask InitializeAsync() => await ppec.Start();

    public async ValueTask DisposeAsync()
    {
        await site.DisposeAsync();
        await ppec.DisposeAsync();
        temporary.Dispose();
    }

    [Fact]
    public async Task Inspect_install_boot_and_wipe()
    {
        await Up("machines: [{name: m}]");
        ppec.Pious[Serial] = true;
        ppec.Unwell = 2; // the agent insists
        ppec.Give(Serial, "op.inventory.1", new GatherInventory());
        ppec.Give(Serial, "op.health.1", new CheckHealth(64, 1, 64));
        ppec.Give(Serial, "op.off.1", new PowerDown());
        await Power.Reset("On");
        var inventory = (await Result("op.inventory.1")).Inventory!;
        Assert.Equal((Serial, 8, 2, 262144L), (inventory.System.Serial, inventory.Dimms.Length, inventory.Disks.Length, inventory.MemoryMiB));
        Assert.All((await Result("op.health.1")).Health!.Checks, c => Assert.Equal(HealthStatus.Passed, c.Status));
        await Off();

        ppec.Give(Serial, "op.install.1", new InstallImage(Plan(), "first-boot", new Uri(ppec.Url, "/agent/v1/beacon").ToString()));
        ppec.Give(Serial, "op.off.2", new PowerDown());
        await Power.Reset("On");
        Assert.Equal(new InstallReport("LABMD0", ppec.Image.Length, ppec.ImageRef.DiskSha256, ppec.ImageRef.DiskSha256), (await Result("op.install.1")).Install);
        await Off();

        ppec.Pious.Clear();
        await Power.Reset("On");
        await Eventually.True("the installed system called home", () => !ppec.Beacons.IsEmpty);
        var beacon = ppec.Beacons.Single();
        Assert.Equal(("first-boot", "web-1", Serial), (beacon.Token, beacon.Hostname, beacon.Evidence.Serial));
        await Power.Reset("ForceRestart");
        await Eventually.True("it is up again", () => Machine.Phase == "os");
        await Eventually.True("it called home again, as at every boot", () => ppec.Beacons.Count == 2);

        ppec.Pious[Serial] = true;
        ppec.Give(Serial, "op.wipe.1", new WipeDisks([root]));
        await Power.Reset("ForceRestart");
        var wiped = Assert.Single((await Result("op.wipe.1")).Wipe!.Disks);
        Assert.Equal(("LABMD0", "ata-secure-erase", "purge", true), (wiped.Serial, wiped.Method, wiped.SanitizationClass, wiped.Verified));
        ppec.Pious.Clear();
        await Power.Reset("ForceRestart");
        await Eventually.True("nothing is left to boot", () => Machine.Phase == "no-boot-device");
    }

    [Fact]
    public async Task Without_PPEC_an_installed_machine_boots_from_its_disk()
    {
        await Installed();
        await ppec.DisposeAsync();
        await Power.Reset("On");
        await Eventually.True("it runs", () => Machine.Phase == "os");
    }

    [Fact]
    public async Task A_disk_override_asks_nobody()
    {
        await Installed();
        var before = ppec.Requests.Count(r => r.Contains("/boot/", StringComparison.Ordinal));
        Power.Override("Hdd", "Once");
        await Power.Reset("On");
        await Eventually.True("it runs", () => Machine.Phase == "os");
        Assert.Equal(before, ppec.Requests.Count(r => r.Contains("/boot/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task After_a_kill_the_lab_finds_its_disks_and_what_was_on()
    {
        await Installed();
        await Power.Reset("On");
        await Eventually.True("it runs", () => Machine.Phase == "os");
        // A kill leaves the file as it is now; a second site over the same file is the lab coming back.
        using var copy = new TemporaryFolder();
        File.Copy(temporary.Folder.Of("m", "sim.json"), copy.Folder.Of("m", "sim.json"));
        await using var again = await Site("machines: [{name: m}]", copy.Folder);
        await Eventually.True("the second one runs", () => again.Bmcs["m"].Machine.Phase == "os");
    }

    [Fact]
    public async Task Faults_show_in_what_is_reported()
    {
        await Up("machines: [{name: m, faults: [missing-dimm, wrong-disk-size, failing-smart, failing-wipe]}]");
        ppec.Pious[Serial] = true;
        ppec.Give(Serial, "op.inventory.1", new GatherInventory());
        ppec.Give(Serial, "op.health.1", new CheckHealth(64, 1, 64));
        ppec.Give(Serial, "op.wipe.1", new WipeDisks([root]));
        ppec.Give(Serial, "op.install.1", new InstallImage(Plan() with { RootDisk = new("ELSEWHERE", "") }, "t", "http://127.0.0.1:1/"));
        await Power.Reset("On");
        Assert.Equal(7, (await Result("op.inventory.1")).Inventory!.Dimms.Length);
        Assert.Equal("LABMD0", Assert.Single((await Result("op.health.1")).Health!.Checks, c => c.Status == HealthStatus.Failed).Part);
        Assert.False(Assert.Single((await Result("op.wipe.1")).Wipe!.Disks).Verified);
        Assert.Contains("ELSEWHERE", (await Result("op.install.1")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_boot_token_powers_the_machine_off()
    {
        await Up("machines: [{name: m, serial: WRONG}]");
        ppec.Pious["WRONG"] = true;
        ppec.Unwell = 0;
        await Power.Reset("On");
        await Eventually.True("it asked", () => ppec.Requests.Any(r => r.EndsWith("/agent/v1/session", StringComparison.Ordinal)));
        Assert.Equal("On", await Power.Read(Cancellation));
        await Power.Reset("ForceOff");
        ppec.Pious.Clear();
        ppec.DiskScript = $"#!ipxe\nkernel k ppec.url={ppec.Url} ppec.token=forged\nboot\n";
        await Power.Reset("On");
        await Off();
    }

    [Fact]
    public async Task Swapped_BMCs_speak_for_each_other()
    {
        await Up("machines: [{name: m, swapBmcWith: n}, {name: n}]");
        Assert.Equal(("LABN", "LABM"), (site.Bmcs["m"].Machine.Face.Serial, site.Bmcs["n"].Machine.Face.Serial));
    }

    [Fact]
    public async Task Two_hundred_machines_are_inspected_at_once()
    {
        await Up("machines: [{name: s, count: 200}]");
        foreach (var row in site.Rows)
        {
            ppec.Pious[row.Serial] = true;
            ppec.Give(row.Serial, $"{row.Name}.inventory.1", new GatherInventory());
            ppec.Give(row.Serial, $"{row.Name}.off.1", new PowerDown());
        }

        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(site.Bmcs.Values.Select(b => b.Power.Reset("On")));
        await Eventually.True("all reported and went off", async () => (await site.Status(Cancellation)).TrueForAll(m => m.Power == "off") && ppec.Results.Count == 400, 60);
        TestContext.Current.SendDiagnosticMessage("200 machines inspected in {0:0.0} s", TimeProvider.System.GetElapsedTime(started).TotalSeconds);
    }

    InstallPlan Plan() => new("m", ppec.ImageRef, root, "web-1", "team", ImmutableArray<InterfacePlan>.Empty, [], "");

    async Task Installed()
    {
        await Up("machines: [{name: m}]");
        ppec.Pious[Serial] = true;
        ppec.Give(Serial, "op.install.1", new InstallImage(Plan(), "t", new Uri(ppec.Url, "/agent/v1/beacon").ToString()));
        ppec.Give(Serial, "op.off.1", new PowerDown());
        await Power.Reset("On");
        await Result("op.install.1");
        await Off();
        ppec.Pious.Clear();
        await Power.Reset("On");
        await Eventually.True("it called home", () => !ppec.Beacons.IsEmpty);
        await Power.Reset("ForceOff");
    }

    async Task<TaskResult> Result(string id)
    {
        await Eventually.True($"{id} has a result", () => ppec.Results.ContainsKey(id));
        return ppec.Results[id];
    }

    Task Off() => Eventually.True("the machine is off", async () => !await Machine.IsOn(Cancellation));

    async Task Up(string yaml) => site = await Site(yaml, temporary.Folder);

    Task<LabSite> Site(string yaml, LabFolder folder) =>
        LabSite.Start(LabYaml.Read(yaml, []), folder, new SiteOptions(ppec.Url, TimeSpan.Zero, 21000 + (Environment.ProcessId % 10 * 300)), _ => throw new InvalidOperationException(), NullLogger.Instance, Cancellation);
}
