using System.Net;
using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Machines;

/// <summary>A machine that came by itself: accepted to a place, accepted as one on paper, or rejected.</summary>
public sealed class EnlistTests(EnlistTests.EnlistingNode enlisting) : IClassFixture<EnlistTests.EnlistingNode>
{
    const string Nonce = "0123456789abcdef0123456789abcdef";

    /// <summary>Whoever boots from the loopback is enlisted.</summary>
    public sealed class EnlistingNode : IAsyncLifetime
    {
        public TestNode Node { get; } = new() { EnlistFrom = [IPNetwork.Parse("127.0.0.0/8")] };

        public async ValueTask InitializeAsync()
        {
            await Node.Up();
            await Contract.Load(Node.Url);
        }

        public ValueTask DisposeAsync() => Node.DisposeAsync();
    }

    TestNode Node => enlisting.Node;

    Calls Api => enlisting.Node.Api;

    /// <summary>Boots PIOUS on a machine nobody knows; its id.</summary>
    async Task<string> Enlisted(string serial, string? mac = null, string uuid = "")
    {
        var script = (await Node.As(null).Get($"/boot/ipxe/{mac ?? "52-54-00-00-00-77"}?serial={serial}")).Is(200).Text;
        var token = script.Split("ppec.token=")[1].Split(' ')[0];
        var macs = mac is null ? [] : new[] { mac.Replace('-', ':') };
        (await Node.As(null).Post("/agent/v1/session", new { token, nonce = Nonce, evidence = new { serial, uuid, boardSerial = "", macs }, agentVersion = "1" })).Is(403, "machine-not-accepted");
        var id = serial.ToLowerInvariant();
        await Things.Eventually("it is seen", async () => (await Api.Get($"/api/v1/machines/{id}")).Status == 200);
        return id;
    }

    [Fact]
    public async Task An_accepted_machine_stands_in_its_rack_and_its_BMC_has_a_password_that_nobody_knows()
    {
        var rack = await Api.Rack();
        await using var site = await Node.Lab(Things.New("came"), 1, rack);
        var row = site.Rows[0];
        var id = await Enlisted(row.Serial, row.Macs[0].Replace(':', '-'), row.Uuid);
        var factory = File.ReadAllText(row.BmcPasswordFile).Trim();
        object Body(string password) => new { rack, unit = 7, profile = (string?)null, name = "web-1", bmc = new { address = row.BmcAddress, user = row.BmcUser, password } };

        var accepted = (await Api.Post($"/api/v1/machines/{id}/accept", Body(factory), "Idempotency-Key", $"accept-{id}", "Ppec-Reason", "ours", "Ppec-Ticket", "T-7")).Is(200).Json;
        Assert.Equal((false, rack, 7, "web-1"), ((bool)accepted["enlisted"]!, (string?)accepted["rack"], (int)accepted["unit"]!, (string?)accepted["name"]));
        (await Api.Post($"/api/v1/machines/{id}/accept", Body(factory), "Idempotency-Key", $"accept-{id}")).Is(200);
        string? rotation = null; // its own stream begins a moment after the machine's event
        await Things.Eventually("its password is rotated", async () => (rotation = (await Api.Get($"/api/v1/operations?filter=machine:{id}")).Is(200).Ids.SingleOrDefault()) is not null);
        await Api.Ends(rotation!);

        Assert.False(site.Bmcs[row.Name].Sessions.Knows(row.BmcUser, factory));
        await Api.Work($"/api/v1/machines/{id}/inspect"); // with the password that PPEC alone has
        Assert.Contains(row.Macs[0], (await Api.Show(id))["evidence"]!.ToJsonString(), StringComparison.Ordinal);
        var history = (await Api.Get($"/api/v1/machines/{id}/history")).Is(200);
        var told = history.Items.Single(e => (string?)e!["type"] == "machine.accepted.v1")!;
        Assert.Equal(("ours", "T-7", "admin"), ((string?)told["reason"], (string?)told["ticket"], (string?)told["actor"]));
        Assert.DoesNotContain(factory, history.Text, StringComparison.Ordinal);

        // By hand, as often as one likes.
        await Api.Work($"/api/v1/machines/{id}/rotate");
        Assert.Equal("off", (string?)(await Api.Get($"/api/v1/machines/{id}/power")).Is(200).Json["power"]);
        Assert.DoesNotContain(factory, NodeLog.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_accepted_stays_enlisted_and_takes_nothing()
    {
        var rack = await Api.Rack();
        var id = await Enlisted(Things.New("WAITS"));
        var other = await Api.Machine(rack, 3);
        var path = $"/api/v1/machines/{id}/accept";
        (await Api.Post(path, new { rack, unit = 3 })).Is(409, "rack-unit-taken");
        (await Api.Post(path, new { rack, unit = 43 })).Is(409, "rack-unit-outside");
        (await Api.Post(path, new { rack = "nowhere.r1", unit = 1 })).Is(409, "region-unknown");
        (await Api.Post(path, new { rack, unit = 1, profile = "nothing" })).Is(409, "profile-unknown");
        Assert.Equal(["rack", "unit"], (await Api.Post(path, new { })).Is(400, "invalid").Fields.Order());
        Assert.Equal(["bmc.address"], (await Api.Post(path, new { rack, unit = 1, bmc = new { address = "bmc", user = "u", password = "p" } })).Is(400, "invalid").Fields);
        Assert.Equal(["as"], (await Api.Post(path, new { @as = other, rack, unit = 1 })).Is(400, "invalid").Fields);
        Assert.Equal(["as"], (await Api.Post(path, new { @as = id })).Is(400, "invalid").Fields);
        (await Api.Post(path, new { @as = "nobody" })).Is(404, "machine-unknown");
        (await Api.Post(path, new { rack, unit = 1, colour = "red" })).Is(400, "malformed");
        (await Api.Post("/api/v1/machines/no-such/accept", new { rack, unit = 1 })).Is(404, "machine-unknown");
        (await Api.Post($"/api/v1/machines/{id}/set", new { rack, unit = 1 })).Is(403, "machine-not-accepted");
        Assert.True((bool)(await Api.Show(id))["enlisted"]!);
        Assert.Equal([other], (await Api.Get($"/api/v1/racks/{rack}")).Is(200).Json["slots"]!.AsArray().Select(s => (string?)s!["machine"]));
        (await Api.Post(path, new { rack, unit = 1 })).Is(200);
    }

    [Fact]
    public async Task Accepted_as_a_machine_on_paper_its_evidence_moves_there()
    {
        var rack = await Api.Rack();
        var paper = await Api.Machine(rack, 5, Things.New("PAPER"));
        var mac = $"52-54-00-77-{Random.Shared.Next(256):x2}-{Random.Shared.Next(256):x2}";
        var serial = Things.New("SEEN");
        var id = await Enlisted(serial, mac);
        var answer = (await Api.Post($"/api/v1/machines/{id}/accept", new { @as = paper })).Is(200).Json;
        Assert.Equal((paper, serial, 5), ((string?)answer["id"], (string?)answer["evidence"]!["serial"], (int)answer["unit"]!));
        (await Api.Get($"/api/v1/machines/{id}")).Is(404);
        (await Api.Post($"/api/v1/machines/{id}/accept", new { @as = paper })).Is(200); // it is so already
        // It is that machine from now on: by its port it is found, and nobody else may claim that.
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 9, macs = new[] { mac.Replace('-', ':') } })).Is(409, "name-taken");
        // Who was seen already is nobody else.
        var third = await Enlisted(Things.New("SEEN"));
        Assert.Contains("rekey", (await Api.Post($"/api/v1/machines/{third}/accept", new { @as = paper })).Is(409, "machine-exists").Detail, StringComparison.Ordinal);
        Assert.True((bool)(await Api.Show(third))["enlisted"]!);
    }

    [Fact]
    public async Task A_rejected_machine_is_gone_and_may_come_again()
    {
        var serial = Things.New("VISITOR");
        var id = await Enlisted(serial);
        Assert.Equal(["reason"], (await Api.Post($"/api/v1/machines/{id}/reject", new { reason = "" })).Is(400, "invalid").Fields);
        (await Api.Post($"/api/v1/machines/{id}/reject", new { reason = "not ours" })).Is(204);
        (await Api.Get($"/api/v1/machines/{id}")).Is(404);
        (await Api.Post($"/api/v1/machines/{id}/reject", new { reason = "not ours" })).Is(204);
        (await Api.Post("/api/v1/machines/never-seen/reject", new { reason = "not ours" })).Is(404, "not-found");
        (await Api.Post($"/api/v1/machines/{await Api.Machine(await Api.Rack(), 1)}/reject", new { reason = "not ours" })).Is(409, "machine-wrong-stage");
        Assert.Equal(id, await Enlisted(serial));
    }
}
