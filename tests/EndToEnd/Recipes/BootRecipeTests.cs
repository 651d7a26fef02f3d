using System.Diagnostics;
using System.Text.Json.Nodes;
using Ppec.EndToEnd.Running;
using Ppec.Lab.Tests.Qemu;

namespace Ppec.EndToEnd.Recipes;

/// <summary>The recipes of <c>ops/boot</c> as they are, with Debian's own servers and machines that have nothing but a network card and a disk.</summary>
public sealed class BootRecipeTests(RecipeSite site, ITestOutputHelper output) : IClassFixture<RecipeSite>, IAsyncLifetime
{
    static readonly TimeSpan Bios = TimeSpan.FromMinutes(3), Uefi = TimeSpan.FromMinutes(8), PiousWithin = TimeSpan.FromMinutes(8);
    readonly string _serial = $"BOOT{Guid.NewGuid().ToString("N")[..8].ToUpperInvariant()}";
    readonly long _since = Stopwatch.GetTimestamp();

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(site.Missing is not null, site.Missing ?? "");
        Assert.SkipWhen(RecipeSite.Pious is null, "PIOUS is not built: run ops/pious/build.");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("isc-dhcpd")]
    [InlineData("kea")]
    [InlineData("dnsmasq")]
    public async Task Each_kind_of_firmware_is_told_what_it_can_boot(string server)
    {
        await site.Serve(server);
        const string tftp = "10.20.0.10", uefi = "93:0007", ipxe = "175:010100";
        foreach (var (said, options) in new (string, string[])[]
        {
            ($"{tftp} undionly.kpxe", ["93:0000"]),
            ($"{tftp} snponly.efi", [uefi]),
            ($"{tftp} snponly.efi", ["93:0009"]),
            ("http://10.20.0.10:7770/boot/snponly.efi HTTPClient", ["93:0010"]),
            ("http://10.20.0.10:7770/boot/ipxe", ["93:0000", ipxe, "77:69505845"]), // iPXE, from a card's ROM or sent there by the others
            ("http://10.20.0.10:7770/boot/ipxe", [uefi, ipxe, "77:69505845"]),
            ("", ["93:000b"]), // arm64: PIOUS is not for it
            ("", []), // a host that wants an address and nothing else
        })
            Assert.Equal(said, Booting(await site.Asked([.. options.Select(o => $"0x{int.Parse(o.Split(':')[0], null):x2}:{o.Split(':')[1]}")]), said));

        // A server that has no next server of its own for HTTP may name itself.
        static string Booting(string answer, string said) => said.StartsWith(tftp, StringComparison.Ordinal) ? answer
            : string.Join(' ', answer.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => !w.StartsWith("10.20.0.", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("isc-dhcpd", RecipeSite.Servers)]
    [InlineData("kea", RecipeSite.Servers)]
    [InlineData("dnsmasq", RecipeSite.Servers)]
    [InlineData("relay-isc", RecipeSite.Rack)]
    [InlineData("relay-dnsmasq", RecipeSite.Rack)]
    [InlineData("proxy-dnsmasq", RecipeSite.Servers)]
    public async Task A_stranger_gets_its_lease_asks_PPEC_and_boots_from_its_disk(string recipe, string subnet)
    {
        await site.Enlists(Other(subnet));
        await site.Serve(recipe);
        await using var machine = site.Boot(subnet, _serial);
        await machine.Says($": {subnet}.1", Bios); // the pools begin at .100
        await machine.Says("Filename: http://10.20.0.10:7770/boot/ipxe", Bios);
        await machine.Says("PPEC: boot from disk", Bios);
        await machine.Says(BootSector.Says, Bios);
        Assert.DoesNotContain(_serial.ToLowerInvariant(), await site.Ppec("machine", "list", "-o", "name"), StringComparison.Ordinal);
        Took();
    }

    [Theory]
    [InlineData("isc-dhcpd", RecipeSite.Servers, false)]
    [InlineData("isc-dhcpd", RecipeSite.Servers, true)]
    [InlineData("relay-isc", RecipeSite.Rack, false)]
    [InlineData("proxy-dnsmasq", RecipeSite.Servers, false)]
    public async Task On_a_subnet_that_enlists_it_boots_PIOUS_is_enlisted_and_powers_off(string recipe, string subnet, bool uefi)
    {
        await site.Enlists(subnet);
        await site.Serve(recipe);
        await using var machine = site.Boot(subnet, _serial, uefi);
        if (uefi) await machine.Says("NBP filename is snponly.efi", Uefi);
        await machine.Says("/boot/pious/initramfs...", uefi ? Uefi : Bios);
        await machine.Says("pious: network", PiousWithin);
        await machine.PowersOff(PiousWithin);
        var view = JsonNode.Parse(await site.Ppec("machine", "show", _serial.ToLowerInvariant(), "-o", "json"))!;
        Assert.Equal((true, _serial), ((bool)view["enlisted"]!, (string?)view["evidence"]!["serial"]));
        Took();
    }

    [Theory]
    [InlineData("isc-dhcpd")] // two minutes a row; Kea and dnsmasq say the same to such firmware, as the first of these tests sees
    public async Task UEFI_is_sent_to_its_disk_when_it_booted_over_TFTP_and_when_it_booted_over_HTTP(string server)
    {
        await site.Enlists(RecipeSite.Rack);
        await site.Serve(server);
        await using var machine = site.Boot(RecipeSite.Servers, _serial, uefi: true);
        await machine.Says("NBP filename is snponly.efi", Uefi);
        await machine.Says("PPEC: boot from disk", Uefi);
        await machine.Says("URI: http://10.20.0.10:7770/boot/snponly.efi", Uefi);
        await machine.Says($"echo \"{BootSector.Says}\"", Uefi);
        Assert.Equal(2, machine.Console.Split("PPEC: boot from disk").Length - 1);
        Took();
    }

    [Fact]
    public async Task UEFI_boots_by_a_proxy_too()
    {
        await site.Enlists(RecipeSite.Rack);
        await site.Serve("proxy-dnsmasq");
        await using var machine = site.Boot(RecipeSite.Servers, _serial, uefi: true);
        await machine.Says("PPEC: boot from disk", Uefi);
        await machine.Says(">>Start PXE over IPv6", Uefi); // its next boot device, and not its menu
        Took();
    }

    static string Other(string subnet) => subnet == RecipeSite.Servers ? RecipeSite.Rack : RecipeSite.Servers;

    void Took() => output.WriteLine($"{Stopwatch.GetElapsedTime(_since).TotalSeconds:0} s");
}
