using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Ppec.Lab.Bmcs;
using Ppec.Lab.Plan;
using Ppec.Lab.Qemu;

namespace Ppec.Lab.Tests.Qemu;

/// <summary>Real firmware, real iPXE, real disks; no acceleration, so that every host gives the same answer.</summary>
[Collection("libvirt")]
public sealed class QemuTests(QemuSite lab) : IClassFixture<QemuSite>, IAsyncLifetime
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(QemuSite.Missing is not null, QemuSite.Missing ?? "");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var bmc in lab.Site?.Bmcs.Values ?? []) await bmc.Power.Reset("ForceOff");
    }

    [Fact]
    public async Task Switched_on_through_Redfish_it_asks_PPEC_and_boots_the_disk_it_is_sent_to()
    {
        lab.Ppec.DiskScript = "#!ipxe\nexit\n";
        await Redfish("a", HttpMethod.Post, "/Systems/1/Actions/ComputerSystem.Reset", """{"ResetType":"On"}""");
        Assert.Equal("On", (await Redfish("a", HttpMethod.Get, "/Systems/1"))!["PowerState"]!.GetValue<string>());
        await BootsItsDisk("a");
        var row = lab.Site.Rows.First(r => r.Name == "a");
        Assert.Contains($"GET /boot/ipxe/{row.Macs[0]}?uuid={row.Uuid}&serial=LABA", lab.Ppec.Requests);
        await Redfish("a", HttpMethod.Post, "/Systems/1/Actions/ComputerSystem.Reset", """{"ResetType":"ForceOff"}""");
        Assert.Equal("Off", (await Redfish("a", HttpMethod.Get, "/Systems/1"))!["PowerState"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_script_may_boot_the_disk_itself()
    {
        lab.Ppec.DiskScript = "#!ipxe\nsanboot --no-describe --drive 0x80\n";
        await Power("b").Reset("On");
        await BootsItsDisk("b");
    }

    [Fact]
    public async Task A_disk_override_asks_nobody_and_is_for_one_boot()
    {
        lab.Ppec.DiskScript = "#!ipxe\nexit\n";
        var asked = Asked("c");
        Power("c").Override("Hdd", "Once");
        await Power("c").Reset("On");
        await BootsItsDisk("c");
        Assert.Equal((asked, "None"), (Asked("c"), Power("c").Target));
        // A reboot from inside: the same QEMU process, and yet the usual order again.
        await Virsh.Run(Cancellation, "reset", lab.Folder.DomainPrefix + "c");
        await Eventually.True("it asked PPEC again", () => Asked("c") > asked, 40);
        await BootsItsDisk("c", times: 2);
        var warning = await Virsh.Run(Cancellation, "qemu-monitor-command", lab.Folder.DomainPrefix + "c",
            """{"execute":"qom-get","arguments":{"path":"/machine/peripheral/disk0","property":"smart_critical_warning"}}""");
        Assert.Contains("\"return\":4", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_PPEC_is_down_it_boots_from_its_disk()
    {
        await lab.Ppec.Stop();
        try
        {
            await Power("a").Reset("On");
            await BootsItsDisk("a");
        }
        finally
        {
            await lab.Ppec.Start();
        }
    }

    [Fact]
    public void The_memory_in_its_slots_is_what_was_planned()
    {
        var plan = LabYaml.Read("machines: [{name: a, dimms: [{slot: A1, sizeMiB: 128}, {slot: B1, sizeMiB: 65536}], faults: [bmc-slow]}]", []).Machines[0];
        var dimm = SmbiosDimm.Encode(plan, 1);
        Assert.Equal((17, 40, 0xff, 0x7f, 0x01), (dimm[0], dimm[1], dimm[12], dimm[13], dimm[30])); // 65536 MiB is in the extended size
        Assert.Equal("B1\0BANK 1\0PPEC Lab\0LABAB1\0LAB-DDR5-65536M\0\0", Encoding.ASCII.GetString(dimm[40..]));
    }

    BmcPower Power(string machine) => lab.Site.Bmcs[machine].Power;

    int Asked(string machine) => lab.Ppec.Requests.Count(r => r.Contains($"serial=LAB{machine.ToUpperInvariant()}", StringComparison.Ordinal));

    Task BootsItsDisk(string machine, int times = 1) => Eventually.True($"{machine} booted its disk", async () =>
    {
        var console = lab.Folder.Of(machine, "console.log");
        return File.Exists(console) && (await File.ReadAllTextAsync(console, Cancellation)).Split(BootSector.Says).Length > times + Earlier(machine);
    }, 40);

    /// <summary>The console file is the machine's whole life; each test looks at its own part.</summary>
    int Earlier(string machine) => earlier.GetValueOrDefault(machine);

    readonly Dictionary<string, int> earlier = new[] { "a", "b", "c" }.ToDictionary(m => m, m =>
        QemuSite.Missing is null && File.Exists(lab.Folder.Of(m, "console.log")) ? File.ReadAllText(lab.Folder.Of(m, "console.log")).Split(BootSector.Says).Length - 1 : 0);

    async Task<JsonNode?> Redfish(string machine, HttpMethod method, string path, string? body = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method, lab.Site.Rows.First(r => r.Name == machine).BmcAddress + "/redfish/v1" + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"admin:{lab.Folder.Password(machine)}")));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, Cancellation);
        response.EnsureSuccessStatusCode();
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        return text.Length > 0 ? JsonNode.Parse(text) : null;
    }
}
