using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Api.Tests.Boot;

/// <summary>What machines may ask, and how little they are believed. No simulated machine answers here: the test is the machine.</summary>
public sealed class BootTests(SharedNode shared)
{
    TestNode Node => shared.Node;

    const string Nonce = "0123456789abcdef0123456789abcdef";

    Calls Machine => shared.Node.As(null);

    static string Mac => $"52:54:00:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}";

    static bool IsDisk(Answer script) => script.Is(200).Text.StartsWith("#!ipxe", StringComparison.Ordinal) && !script.Text.Contains("kernel", StringComparison.Ordinal);

    static string? Token(Answer script) => script.Is(200).Text.Split("ppec.token=").ElementAtOrDefault(1)?.Split(' ')[0];

    /// <summary>A machine whose BMC is an emulator over nothing, under inspection: it waits for PIOUS to call.</summary>
    async Task<(LabSite Site, RackSheetRow Row, string Id, string Operation)> Waiting()
    {
        var rack = await Node.Api.Rack();
        // It powers on and its kernel calls nobody: who calls is this test.
        var name = Things.New("mute");
        var site = await Node.Lab(name, 1, rack);
        site.Break($"{name}-001", ["silent"]);
        var row = site.Rows[0];
        var id = await Node.Api.Rack(row, null);
        var operation = (string)(await Node.Api.Post($"/api/v1/machines/{id}/inspect")).Is(202).Json["id"]!;
        await Things.Eventually("it waits for PIOUS", async () => (string?)(await Node.Api.Get($"/api/v1/operations/{operation}")).Is(200).Json["step"] == "await-pious");
        return (site, row, id, operation);
    }

    Task<Answer> Script(RackSheetRow row) => Machine.Get($"/boot/ipxe/{row.Macs[0].Replace(':', '-')}?serial={row.Serial}&uuid={row.Uuid}");

    static object Evidence(RackSheetRow row, string? serial = null) => new { serial = serial ?? row.Serial, uuid = row.Uuid, boardSerial = $"{row.Serial}B", macs = row.Macs };

    [Fact]
    public async Task Whom_we_do_not_know_or_have_nothing_for_boots_from_disk()
    {
        Assert.True(IsDisk(await Machine.Get($"/boot/ipxe/{Mac}?serial=STRANGER")));
        Assert.True(IsDisk(await Machine.Get($"/boot/ipxe/{Mac}")));
        var mac = Mac;
        var serial = Things.New("IDLE");
        (await Node.Api.Post("/api/v1/machines", new { serial, rack = await Node.Api.Rack(), unit = 1, macs = new[] { mac } })).Is(201);
        Assert.True(IsDisk(await Machine.Get($"/boot/ipxe/{mac}?serial={serial}")));
        Assert.Contains("chain", (await Machine.Get("/boot/ipxe")).Is(200).Text, StringComparison.Ordinal);
        Assert.Contains("${netX/mac", (await Machine.Get("/boot/ipxe")).Text, StringComparison.Ordinal); // whichever card it booted from
        Assert.Contains("exit 1", (await Machine.Get($"/boot/ipxe/{Mac}")).Text, StringComparison.Ordinal); // UEFI boots the disk only after a failure
        Assert.Equal("kernel", (await Machine.Get("/boot/pious/kernel")).Is(200).Text);
        Assert.Equal("initramfs", (await Machine.Get("/boot/pious/initramfs")).Is(200).Text);
    }

    [Fact]
    public async Task What_firmware_says_is_never_in_the_script()
    {
        foreach (var hostile in (string[])["%0aboot%20evil", "%0d%0a%23!ipxe", "${net0/mac}", "x%20%7C%7C%20reboot", "%00", "\u202e", new string('A', 5000), "'%22%3E%3Cscript%3E"])
            foreach (var path in (string[])[$"/boot/ipxe/{Mac}?serial={hostile}", $"/boot/ipxe/{Mac}?uuid={hostile}", $"/boot/ipxe/{Uri.EscapeDataString(hostile[..Math.Min(50, hostile.Length)])}?serial=x"])
            {
                var script = await Machine.Get(path.Replace("%00", "%01", StringComparison.Ordinal));
                Assert.True(IsDisk(script), path);
                Assert.DoesNotContain("evil", script.Text, StringComparison.Ordinal);
            }
    }

    [Fact]
    public async Task A_token_is_good_once_for_its_machine_and_nobody_else()
    {
        var (site, row, id, operation) = await Waiting();
        await using var _ = site;
        var script = await Script(row);
        var token = Token(script)!;
        Assert.Contains($"ppec.url=http://127.0.0.1:{Node.Port}", script.Text, StringComparison.Ordinal);
        Assert.NotEqual(token, Token(await Script(row))); // each boot has its own

        Task<Answer> Connect(string t, object? evidence = null, string nonce = Nonce) => Machine.Post("/agent/v1/session", new { token = t, nonce, evidence = evidence ?? Evidence(row), agentVersion = "1" });
        var parts = token.Split('.');
        foreach (var bad in (string[])["", "x", token[..^1], token[..^10], token + "0", token.ToUpperInvariant(), string.Join('.', [.. parts[..4], "9999999999", parts[5]]), string.Join('.', [parts[0], "first-boot", .. parts[2..]]), string.Join('.', [.. parts[..2], "another", .. parts[3..]]), new string('x', 10_000), Node.Credential])
            (await Connect(bad)).Is(403, "boot-token-refused");
        (await Machine.Post("/agent/v1/beacon", new { token, machine = id, hostname = "h", image = "i@1", evidence = Evidence(row), diskSerials = Array.Empty<string>(), memoryMiB = 1 })).Is(403, "boot-token-refused");

        var session = (await Connect(token)).Is(200).Json;
        Assert.Equal((id, operation), ((string?)session["machine"], (string?)session["operation"]));
        // A lost answer can be had again, the same one, by the agent that asked first.
        Assert.Equal((string?)session["credential"], (string?)(await Connect(token)).Is(200).Json["credential"]);

        var agent = Node.As((string)session["credential"]!);
        var task = (await agent.Get("/agent/v1/task?wait=5")).Is(200).Json;
        Assert.Equal("inventory", (string?)task["work"]!["kind"]);
        (await Connect(token, nonce: new string('x', 32))).Is(403, "boot-token-refused");
        foreach (var bad in (string[])["", "short", new string('x', 129), new string('x', 30) + "\n!"]) (await Connect(token, nonce: bad)).Is(400, "invalid");
        // Neither credential opens the other's door.
        foreach (var path in (string[])["machines", $"machines/{id}", "events", "operations"]) (await agent.Get($"/api/v1/{path}")).Is(401, "unauthenticated");
        (await agent.Post("/api/v1/regions", new { id = "agents" })).Is(401, "unauthenticated");
        foreach (var other in (Calls[])[Node.Api, Machine, Node.As("x")])
        {
            (await other.Get("/agent/v1/task")).Is(401, "unauthenticated");
            (await other.Post($"/agent/v1/tasks/{task["id"]}/progress", new { percent = 1, message = "m", lines = Array.Empty<string>() })).Is(401, "unauthenticated");
            (await other.Post($"/agent/v1/tasks/{task["id"]}/result", new { error = "e" })).Is(401, "unauthenticated");
            (await other.Get($"/agent/v1/images/{new string('0', 64)}")).Is(401, "unauthenticated");
        }
        // It may do its own task and no other, and fetch no image while it installs none.
        (await agent.Get($"/agent/v1/images/{new string('0', 64)}")).Is(403, "forbidden");
        (await agent.Get("/agent/v1/images/..%2f..%2fadmin-credential")).Is(403, "forbidden");
        (await agent.Get($"/agent/v1/images/{(await Node.Image()).Sha256}")).Is(403, "forbidden");
        (await agent.Post($"/agent/v1/tasks/{operation}.inventory.99/progress", new { percent = 1, message = "m", lines = Array.Empty<string>() })).Is(409, "operation-stale");
        foreach (var odd in (string[])["x", "a.b", "..%2f..", "%0a", $"{operation}.inventory.-1", $"{operation}.no-such.1"])
            Assert.Contains((await agent.Post($"/agent/v1/tasks/{odd}/result", new { error = "e" })).Status, (int[])[404, 409]);
        foreach (var garbage in (string[])["", "null", "[]", "{", "{\"percent\":\"x\"}", "{\"percent\":1}"])
            (await agent.Post($"/agent/v1/tasks/{task["id"]}/progress", garbage)).Is(400, "malformed");
        (await agent.Post($"/agent/v1/tasks/{task["id"]}/progress", new { percent = 500, message = "a\u0000\u001b[31mb", lines = (string[])["x\r\ny\u0007"] })).Is(204);
        var log = (await Node.Api.Get($"/api/v1/operations/{operation}/log")).Is(200);
        Assert.Equal(100, (int)log.Json["progress"]!["percent"]!);
        Assert.DoesNotContain(log.Json["lines"]!.AsArray(), l => ((string)l!["text"]!).Any(char.IsControl));
        (await Node.Api.Post($"/api/v1/operations/{operation}/cancel", new { reason = "done here" })).Is(202);
    }

    [Fact]
    public async Task A_machine_that_claims_to_be_another_is_held()
    {
        var (site, row, id, operation) = await Waiting();
        await using var _ = site;
        (await Machine.Post("/agent/v1/session", new { token = Token(await Script(row)), nonce = Nonce, evidence = Evidence(row, "SOMEBODYELSE"), agentVersion = "1" })).Is(403, "machine-identity-mismatch");
        await Things.Eventually("it is held", async () => (bool)(await Node.Api.Show(id))["held"]!);
        var machine = await Node.Api.Show(id);
        Assert.Contains("SOMEBODYELSE", machine.ToJsonString(), StringComparison.Ordinal);
        (await Node.Api.Post($"/api/v1/operations/{operation}/cancel", new { reason = "done here" })).Is(202);
    }

    [Fact]
    public async Task Only_a_subnet_that_says_so_enlists()
    {
        await using var enlisting = new TestNode { EnlistFrom = [IPNetwork.Parse("127.0.0.0/8")] };
        await enlisting.Up();
        await using var closed = new TestNode { EnlistFrom = [IPNetwork.Parse("10.0.0.0/8")] };
        await closed.Up();
        await Contract.Load(enlisting.Url);
        var serial = Things.New("FOUND");
        object Of(string s) => new { serial = s, uuid = "u", boardSerial = "b", macs = Array.Empty<string>() };
        Assert.True(IsDisk(await closed.As(null).Get($"/boot/ipxe/{Mac}?serial={serial}")));
        Assert.True(IsDisk(await enlisting.As(null).Get($"/boot/ipxe/{Mac}?serial=To%20be%20filled%20by%20O.E.M.")));
        var token = Token(await enlisting.As(null).Get($"/boot/ipxe/{Mac}?serial={serial}"))!;
        (await closed.As(null).Post("/agent/v1/session", new { token, nonce = Nonce, evidence = Of(serial), agentVersion = "1" })).Is(403, "boot-token-refused"); // another node's key
        (await enlisting.As(null).Post("/agent/v1/session", new { token, nonce = Nonce, evidence = Of("0000000"), agentVersion = "1" })).Is(400, "machine-serial-refused");
        (await enlisting.As(null).Post("/agent/v1/session", new { token, nonce = Nonce, evidence = Of(serial), agentVersion = "1" })).Is(403, "machine-not-accepted");
        var id = serial.ToLowerInvariant();
        await Things.Eventually("it is seen", async () => (await enlisting.Api.Get($"/api/v1/machines/{id}")).Status == 200); // a machine's request answers no position to wait for
        Assert.True((bool)(await enlisting.Api.Show(id))["enlisted"]!);
        (await enlisting.Api.Post($"/api/v1/machines/{id}/inspect")).Is(403, "machine-not-accepted");
        Assert.True(IsDisk(await enlisting.As(null).Get($"/boot/ipxe/{Mac}?serial={serial}")));
        (await closed.Api.Get($"/api/v1/machines/{id}")).Is(404);
    }

    [Fact]
    public async Task A_hostile_Host_header_is_not_in_the_script()
    {
        var (site, row, _, operation) = await Waiting();
        await using var _1 = site;
        foreach (var host in (string[])["evil.example&&reboot", "evil.example;x", "$(reboot)", "a'b", "${uuid}", "x%0aboot", ""])
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, Node.Port, TestContext.Current.CancellationToken);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"GET /boot/ipxe/{row.Macs[0]}?serial={row.Serial} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
            using var reader = new StreamReader(stream);
            var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
            if (host.Length > 0) Assert.DoesNotContain(host, answer, StringComparison.Ordinal);
            if (answer.Contains(" 200 ", StringComparison.Ordinal)) Assert.Contains($"ppec.url=http://127.0.0.1:{Node.Port} ", answer, StringComparison.Ordinal);
            else Assert.Contains(" 400 ", answer, StringComparison.Ordinal);
        }
        (await Node.Api.Post($"/api/v1/operations/{operation}/cancel", new { reason = "done here" })).Is(202);
    }
}
