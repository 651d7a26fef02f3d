using System.Net;
using System.Net.Sockets;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Net;
using Ppec.Drivers.Redfish;
using Xunit;

namespace Ppec.Drivers.Conformance.Net;

/// <summary>Where PPEC connects on a user's word, and where it does not.</summary>
public sealed class AddressGuardTests
{
    static readonly AddressGuard Anywhere = new([], Loopback: false, "bmc-networks");
    static readonly AddressGuard Lab = new([], Loopback: true, "bmc-networks");
    static readonly AddressGuard Listed = new([IPNetwork.Parse("10.20.0.0/16"), IPNetwork.Parse("2001:db8::/32")], Loopback: false, "bmc-networks");

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.1.1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.250")]
    [InlineData("ff02::1")]
    [InlineData("255.255.255.255")]
    [InlineData("250.0.0.1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("100.100.100.200")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    public void Some_are_refused_whatever_the_options_say(string address)
    {
        foreach (var guard in (AddressGuard[])[Anywhere, Lab, Listed, new([IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")], true, "bmc-networks")])
            Assert.Contains("never connects", guard.Refusal(IPAddress.Parse(address)), StringComparison.Ordinal);
        Assert.NotNull(AddressGuard.Forbidden(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    public void The_node_itself_is_for_labs(string address)
    {
        Assert.Contains("--allow-loopback", Anywhere.Refusal(IPAddress.Parse(address)), StringComparison.Ordinal);
        Assert.NotNull(Listed.Refusal(IPAddress.Parse(address)));
        Assert.Null(Lab.Refusal(IPAddress.Parse(address)));
    }

    [Fact]
    public void A_list_of_networks_lets_in_those_and_names_them()
    {
        Assert.Null(Anywhere.Refusal(IPAddress.Parse("192.168.3.4")));
        Assert.Null(Listed.Refusal(IPAddress.Parse("10.20.3.4")));
        Assert.Null(Listed.Refusal(IPAddress.Parse("::ffff:10.20.3.4")));
        Assert.Null(Listed.Refusal(IPAddress.Parse("2001:db8::7")));
        Assert.Equal("10.21.0.1 is in none of the networks of --bmc-networks (10.20.0.0/16, 2001:db8::/32): correct the address, or have its network added there.", Listed.Refusal(IPAddress.Parse("10.21.0.1")));
        Assert.Null((Listed with { Loopback = true }).Refusal(IPAddress.Loopback));
    }

    [Theory]
    [InlineData("https://2130706433/", true)] // 127.0.0.1 as browsers read it
    [InlineData("https://0x7f.1/", true)]
    [InlineData("https://[::1]/", true)]
    [InlineData("https://localhost/", true)]
    [InlineData("https://169.254.169.254/latest", true)]
    [InlineData("https://bmc.example/", false)]
    [InlineData("https://10.1.1.1/", false)]
    public void A_URL_is_judged_by_the_address_it_has_in_it(string url, bool refused) => Assert.Equal(refused, Anywhere.Refusal(new Uri(url)) is not null);

    [Fact]
    public async Task A_name_is_judged_by_what_it_resolves_to_and_nothing_is_sent()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var refused = await Assert.ThrowsAsync<AddressRefusedException>(async () => await Anywhere.Connect(new("localhost", port), TestContext.Current.CancellationToken));
        Assert.StartsWith("localhost is ", refused.Message, StringComparison.Ordinal);
        Assert.False(listener.Pending());
        await using var connected = await Lab.Connect(new("localhost", port), TestContext.Current.CancellationToken);
        Assert.True(connected.CanWrite);
    }

    [Fact]
    public async Task A_BMC_that_may_not_be_connected_to_says_so_and_gets_no_password()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        var failed = await Assert.ThrowsAsync<BmcException>(() => new RedfishConnector().Open(new(address, "admin", "secret", null, 1), TestContext.Current.CancellationToken));
        Assert.Equal(BmcFailure.Unreachable, failed.Failure);
        Assert.Contains("--allow-loopback", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failed.Message, StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }
}
