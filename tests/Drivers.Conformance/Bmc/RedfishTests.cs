using System.Globalization;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Redfish;
using Ppec.Lab.Bmcs;

namespace Ppec.Drivers.Conformance.Bmc;

public sealed class RedfishConformanceTests : BmcConformance
{
    protected override async Task<IBmcRig> NewRig() => await EmulatorRig.Start();
}

public sealed class RedfishOverTlsConformanceTests : BmcConformance
{
    protected override async Task<IBmcRig> NewRig() => await EmulatorRig.Start(BmcCertificate.Create("bmc"));
}

/// <summary>What only Redfish can do wrong.</summary>
public sealed class RedfishTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_certificate_gets_no_credential()
    {
        using var certificate = BmcCertificate.Create("bmc");
        await using var rig = await EmulatorRig.Start(certificate);
        await Fails(BmcFailure.WrongCertificate, () => Open(rig, rig.Target with { PinnedCertificate = new string('0', 64) }));
        await Fails(BmcFailure.WrongCertificate, () => Open(rig, rig.Target with { PinnedCertificate = null })); // self-signed, and no root knows it
        Assert.Equal(0, rig.Emulator.Requests);
        Assert.Equal(BmcCertificate.Pin(certificate), await CertificatePin.Read(new Uri(rig.Target.Address), TimeSpan.FromSeconds(5), Cancellation));
    }

    [Fact]
    public async Task A_pin_forbids_falling_back_to_http()
    {
        await using var rig = await EmulatorRig.Start();
        await Fails(BmcFailure.WrongCertificate, () => Open(rig, rig.Target with { PinnedCertificate = new string('0', 64) }));
        await Fails(BmcFailure.Unreachable, () => Open(rig, rig.Target with { Address = "http://192.0.2.1" }));
    }

    [Fact]
    public async Task What_was_found_on_a_BMC_is_not_looked_for_again()
    {
        await using var rig = await EmulatorRig.Start();
        await using (var first = await Open(rig))
        {
            await first.Identify(Cancellation);
            Assert.Equal(PowerState.Off, await first.ReadPower(Cancellation));
        }

        Assert.Equal(5, rig.Emulator.Requests); // root, session, systems, the system, good-bye
        await using (var second = await Open(rig))
        {
            await second.Identify(Cancellation);
            Assert.Equal(PowerState.Off, await second.ReadPower(Cancellation));
            await second.RequestPower(PowerRequest.On, Cancellation);
            Assert.Equal(PowerState.On, await second.ReadPower(Cancellation)); // after an action nothing is believed but a new look
        }

        Assert.Equal(5 + 6, rig.Emulator.Requests); // session, the system, sessions, On, the system, good-bye
    }

    [Fact]
    public async Task A_BMC_whose_sessions_moved_is_explored_anew()
    {
        var (place, roots) = ("a", 0);
        await using var bmc = await HostileBmc.Start(request =>
        {
            if (request.StartsWith("GET /redfish/v1/ ", StringComparison.Ordinal))
            {
                roots++;
                return HostileBmc.Json($$$"""{"Links":{"Sessions":{"@odata.id":"/{{{place}}}"}},"Systems":{"@odata.id":"/systems"}}""");
            }

            return request.StartsWith($"POST /{place} ", StringComparison.Ordinal)
                ? "HTTP/1.1 201 Created\r\nX-Auth-Token: t\r\nLocation: /s/1\r\nContent-Length: 2\r\n\r\n{}"
                : "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        });
        var connector = new RedfishConnector(new() { Guard = EmulatorRig.Lab });
        var target = new BmcTarget(bmc.Address, "admin", "secret", null, 1);
        await using (await connector.Open(target, Cancellation)) { }
        await using (await connector.Open(target, Cancellation)) { }
        Assert.Equal(1, roots);
        place = "b";
        await using (await connector.Open(target, Cancellation)) { }
        Assert.Equal(2, roots);
    }

    [Fact]
    public async Task An_oversize_body_is_garbage()
    {
        await using var rig = await EmulatorRig.Start();
        rig.Faults.Oversize = true;
        await Fails(BmcFailure.Garbage, () => Open(rig));
    }

    [Fact]
    public async Task A_look_costs_five_requests_later_ones_three_and_none_leaves_a_session()
    {
        await using var rig = await EmulatorRig.Start();
        await using (var bmc = await Open(rig))
            Assert.Equal((1024L, 1), (await bmc.Look(Cancellation)) is { MemoryMiB: { } memory, Sockets: { } sockets } ? (memory, sockets) : (0, 0));
        Assert.Equal((5, 0), (rig.Emulator.Requests, rig.Emulator.Writes)); // root, session, systems, the system; and good-bye
        await using (var bmc = await Open(rig)) await bmc.Look(Cancellation);
        Assert.Equal((8, 0), (rig.Emulator.Requests, rig.Emulator.Writes)); // what the BMC's links are is known by now
        Assert.Empty(rig.Emulator.Sessions.Open);
    }

    [Fact]
    public async Task Where_there_is_room_for_one_session_a_new_one_takes_the_place_of_our_old_one()
    {
        await using var rig = await EmulatorRig.Start();
        rig.Faults.MaxSessions = 1;
        await using var left = await Open(rig);
        await using var bmc = await Open(rig);
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        await Fails(BmcFailure.Unauthorized, () => left.ReadPower(Cancellation));
    }

    [Fact]
    public async Task Disposing_signs_out()
    {
        await using var rig = await EmulatorRig.Start();
        await using (await Open(rig)) Assert.Single(rig.Emulator.Sessions.Open);
        Assert.Empty(rig.Emulator.Sessions.Open);
    }

    [Fact]
    public async Task It_costs_few_requests()
    {
        await using var rig = await EmulatorRig.Start();
        await using var bmc = await Open(rig);
        Assert.Equal(2, rig.Emulator.Requests); // root, session
        await bmc.ReadPower(Cancellation);
        Assert.Equal(4, rig.Emulator.Requests); // systems, system
        await bmc.SetBootOnce(BootOverride.Network, Cancellation);
        Assert.Equal(6, rig.Emulator.Requests); // sessions, patch
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal(8, rig.Emulator.Requests); // system (it was patched), reset
        await bmc.ReadPower(Cancellation);
        Assert.Equal(9, rig.Emulator.Requests);
    }

    [Fact]
    public async Task A_stale_tag_is_read_again()
    {
        await using var rig = await EmulatorRig.Start();
        await using var bmc = await Open(rig);
        await bmc.ReadPower(Cancellation);
        await rig.PowerOn(default, Cancellation); // somebody presses the button
        await bmc.SetBootOnce(BootOverride.Network, Cancellation);
        Assert.Equal("Pxe", rig.Emulator.Power.Target);
    }

    [Fact]
    public async Task A_task_is_followed_to_its_end()
    {
        await using var rig = await EmulatorRig.Start();
        rig.Faults.Tasks = true;
        await using var bmc = await Open(rig);
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.True(rig.IsOn);
        rig.Faults.FailingTasks = true;
        await Fails(BmcFailure.Refused, () => bmc.RequestPower(PowerRequest.ForceOff, Cancellation));
    }

    [Fact]
    public async Task No_message_tells_a_credential()
    {
        await using var hostile = await HostileBmc.Start(_ => "HTTP/1.1 400 Bad Request\r\nContent-Length: 52\r\n\r\n" + """{"error":{"message":"no correct horse here, admin"}}""");
        var failure = await Assert.ThrowsAsync<BmcException>(() => Open(hostile));
        Assert.DoesNotContain("correct horse", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_that_is_refused_is_told_by_no_message()
    {
        await using var rig = await EmulatorRig.Start();
        await using var bmc = await Open(rig);
        var refused = await Assert.ThrowsAsync<BmcException>(() => bmc.SetPassword("much-too-long-a-password-for-this-one", Cancellation));
        Assert.Equal(BmcFailure.Refused, refused.Failure);
        Assert.DoesNotContain("much-too-long", refused.ToString(), StringComparison.Ordinal);
    }

    /// <summary>The chassis' own property, the chassis' older one, or the system's where the chassis has none.</summary>
    [Theory]
    [InlineData("""{"LocationIndicatorActive":false}""", "PATCH /chassis", "{\"LocationIndicatorActive\":true}")]
    [InlineData("""{"IndicatorLED":"Off"}""", "PATCH /chassis", "{\"IndicatorLED\":\"Blinking\"}")]
    [InlineData("""{"Name":"dark"}""", "PATCH /system", "{\"IndicatorLED\":\"Blinking\"}")]
    public async Task A_light_is_found_where_the_BMC_has_it(string chassis, string patched, string body)
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var hostile = await HostileBmc.Start(request =>
        {
            seen.Enqueue(request);
            return request.StartsWith("POST", StringComparison.Ordinal) ? "HTTP/1.1 201 Created\r\nX-Auth-Token: t\r\nLocation: /s/1\r\nContent-Length: 0\r\n\r\n"
                : HostileBmc.Json(request.Split(' ')[1] switch
                {
                    "/redfish/v1/" => """{"Systems":{"@odata.id":"/systems"},"Links":{"Sessions":{"@odata.id":"/s"}}}""",
                    "/systems" => """{"Members":[{"@odata.id":"/system"}]}""",
                    "/system" => """{"IndicatorLED":"Off","Links":{"Chassis":[{"@odata.id":"/chassis"}]}}""",
                    "/chassis" => chassis,
                    _ => """{"Members":[]}""",
                });
        });
        await using var bmc = await Open(hostile);
        await bmc.SetIndicator(true, Cancellation);
        var patch = Assert.Single(seen, r => r.StartsWith("PATCH", StringComparison.Ordinal));
        Assert.StartsWith(patched, patch, StringComparison.Ordinal);
        Assert.EndsWith(body, patch, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not http at all\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")]
    [InlineData("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_root_that_is_no_root_is_garbage(string answer)
    {
        await using var hostile = await HostileBmc.Start(_ => answer);
        await Fails(BmcFailure.Garbage, () => Open(hostile));
    }

    [Theory]
    [InlineData("""{"Members":[{"@odata.id":"http://127.0.0.1:1/redfish/v1/Systems/1"}]}""")]
    [InlineData("""{"Members":[{"@odata.id":"//127.0.0.1:1/x"}]}""")]
    [InlineData("""{"Members":[{"@odata.id":7}]}""")]
    [InlineData("""{"Members":{}}""")]
    [InlineData("""{"Members":[{"@odata.id":"/redfish/v1/\ud800"}]}""")]
    [InlineData("""{"\ud800":1,"Members":[]} trailing""")]
    public async Task A_link_that_leads_away_or_nowhere_is_garbage(string systems)
    {
        await using var hostile = await HostileBmc.Start(request => request.StartsWith("POST", StringComparison.Ordinal)
            ? "HTTP/1.1 201 Created\r\nX-Auth-Token: t\r\nLocation: /s/1\r\nContent-Length: 0\r\n\r\n"
            : HostileBmc.Json(request.StartsWith("GET /redfish/v1/ ", StringComparison.Ordinal) ? """{"Systems":{"@odata.id":"/y"},"Links":{"Sessions":{"@odata.id":"/s"}}}""" : systems));
        await using var bmc = await Open(hostile);
        await Fails(BmcFailure.Garbage, () => bmc.ReadPower(Cancellation));
    }

    [Fact]
    public async Task A_body_that_trickles_for_ever_times_out()
    {
        await using var hostile = await HostileBmc.Start(_ => string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {1000}\r\n\r\n{{"));
        await Fails(BmcFailure.Timeout, () => Open(hostile));
    }

    static Task<IBmc> Open(EmulatorRig rig, BmcTarget? target = null) => rig.Connector.Open(target ?? rig.Target, Cancellation);

    static Task<IBmc> Open(HostileBmc hostile) =>
        new RedfishConnector(new() { Guard = EmulatorRig.Lab, RequestTimeout = TimeSpan.FromMilliseconds(700) }).Open(new(hostile.Address, "admin", "correct horse", null, 1), Cancellation);

    static async Task Fails(BmcFailure failure, Func<Task> work) => Assert.Equal(failure, (await Assert.ThrowsAsync<BmcException>(work)).Failure);
}
