using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Machines;

/// <summary>The whole way of a simulated machine over HTTP, and what must never come out on it.</summary>
public sealed class LifeTests(SharedNode shared)
{
    const string Password = "Planted-S3cret-9f4e2c";

    TestNode Node => shared.Node;

    Calls Api => shared.Node.Api;

    /// <summary>Asks for the plan, is refused with another, applies just that one.</summary>
    async Task<JsonObject> Planned(string path, object? body)
    {
        var planned = (await Api.Post($"{path}?plan=true", body)).Is(200);
        var hash = planned.Header("Ppec-Plan")!;
        Assert.Equal(hash, (string?)planned.Json["hash"]);
        Assert.NotEmpty(planned.Json["effects"]!.AsArray());
        Assert.Equal(hash, (await Api.Post($"{path}?plan=true", body)).Is(200).Header("Ppec-Plan")); // planning changes nothing
        (await Api.Post(path, body, "Ppec-Plan", new string('0', 64))).Is(412, "plan-stale");
        (await Api.Post(path, body, "Ppec-Plan", "not a hash")).Is(412, "plan-stale");
        var started = (await Api.Post(path, body, "Ppec-Plan", hash, "Idempotency-Key", hash)).Is(202);
        Assert.Equal((string?)started.Json["id"], (string?)(await Api.Post(path, body, "Ppec-Plan", hash, "Idempotency-Key", hash)).Is(202).Json["id"]);
        return await Api.Ends((string)started.Json["id"]!);
    }

    [Fact]
    public async Task From_the_rack_to_retirement_and_the_password_is_nowhere()
    {
        var rack = await Api.Rack();
        await using var site = await Node.Lab(Things.New("life"), 1, rack);
        var row = site.Rows[0];
        var id = await Api.Rack(row, await Api.Profile(row));
        var (image, _) = await Node.Image();

        (await Api.Post($"/api/v1/machines/{id}/provision", new { image, hostname = "h", owner = "o" })).Is(409, "machine-wrong-stage");
        var inspection = (string)(await Api.Post($"/api/v1/machines/{id}/inspect")).Is(202).Json["id"]!;
        (await Api.Post($"/api/v1/machines/{id}/retire")).Is(409);
        await Api.Ends(inspection);
        (await Api.Post($"/api/v1/operations/{inspection}/cancel", new { reason = "late" })).Is(409, "operation-ended");
        Assert.Equal("spare", (string?)(await Api.Show(id))["stage"]);
        Assert.Contains(id, (await Api.Get($"/api/v1/machines?filter=rack:{rack}+stage:spare+type:{(await Api.Show(id))["type"]}")).Is(200).Ids);

        object spec = new { image, hostname = "pay-001.example", owner = "payments", address = "10.1.2.3/24", gateway = "10.1.2.1", dns = new[] { "10.1.2.1" }, sshKeys = new[] { "ssh-ed25519 AAAA" }, userData = "#cloud-config\n" };
        var stale = (await Api.Post($"/api/v1/machines/{id}/provision?plan=true", spec)).Is(200).Header("Ppec-Plan")!;
        (await Api.Post($"/api/v1/machines/{id}/tag", new { set = new Dictionary<string, string> { ["k"] = "v" } })).Is(200);
        Assert.Equal(stale, (await Api.Post($"/api/v1/machines/{id}/provision?plan=true", spec)).Is(200).Header("Ppec-Plan")); // a tag is nothing to a plan
        (await Api.Post($"/api/v1/machines/{id}/provision", new { image, hostname = "other", owner = "payments" }, "Ppec-Plan", stale)).Is(412, "plan-stale");
        (await Api.Post($"/api/v1/machines/{id}/provision", new { image = "no-such@1", hostname = "h", owner = "o" })).Is(409, "image-unknown");
        (await Api.Post($"/api/v1/machines/{id}/provision", new { image, hostname = "h", owner = "o", rootDisk = "NOSUCH" })).Is(409, "machine-disk-unknown");

        await Planned($"/api/v1/machines/{id}/provision", spec);
        var machine = await Api.Show(id);
        Assert.Equal(("baremetal", "pay-001.example", "payments", image), ((string?)machine["stage"], (string?)machine["hostname"], (string?)machine["owner"], (string?)machine["image"]));
        (await Api.Post($"/api/v1/machines/{id}/inspect")).Is(409, "machine-wrong-stage");
        (await Api.Post($"/api/v1/machines/{id}/retire")).Is(409, "machine-wrong-stage");

        await Planned($"/api/v1/machines/{id}/release", null);
        Assert.Equal("spare", (string?)(await Api.Show(id))["stage"]);
        await Planned($"/api/v1/machines/{id}/retire", null);
        Assert.Equal("retired", (string?)(await Api.Show(id))["stage"]);
        (await Api.Post($"/api/v1/machines/{id}/inspect")).Is(409, "machine-wrong-stage");
        Assert.NotEmpty((await Api.Get($"/api/v1/operations/{inspection}/log")).Is(200).Json["lines"]!.AsArray());

        // Retired hardware that returns is another machine.
        Assert.Equal($"{id}~2", await Api.Rack(row with { Unit = 20 }, null));
        await Nowhere(File.ReadAllText(row.BmcPasswordFile).Trim());
    }

    [Fact]
    public async Task A_repeated_racking_answers_the_same_when_the_machine_has_moved_on()
    {
        var rack = await Api.Rack();
        await using var site = await Node.Lab(Things.New("again"), 1, rack);
        var row = site.Rows[0];
        var password = File.ReadAllText(row.BmcPasswordFile).Trim();
        object body = new { serial = row.Serial, rack = row.Rack, unit = row.Unit, profile = await Api.Profile(row), macs = row.Macs, bmc = new { address = row.BmcAddress, user = row.BmcUser, password } };
        var key = Things.New("key");
        var id = (string)(await Api.Post("/api/v1/machines", body, "Idempotency-Key", key)).Is(201).Json["id"]!;
        await Api.Work($"/api/v1/machines/{id}/inspect");
        Assert.Equal(id, (string?)(await Api.Post("/api/v1/machines", body, "Idempotency-Key", key)).Is(201).Json["id"]);
        await Api.Work($"/api/v1/machines/{id}/retire");
        Assert.Equal(id, (string?)(await Api.Post("/api/v1/machines", body, "Idempotency-Key", key)).Is(201).Json["id"]);
        (await Api.Get($"/api/v1/machines/{id}~2")).Is(404);
    }

    [Fact]
    public async Task A_wrong_BMC_password_fails_the_operation_and_is_nowhere()
    {
        var rack = await Api.Rack();
        await using var site = await Node.Lab(Things.New("secret"), 1, rack);
        var id = await Api.Rack(site.Rows[0], null, Password);
        var operation = (string)(await Api.Post($"/api/v1/machines/{id}/inspect")).Is(202).Json["id"]!;
        await Things.Eventually("the step has failed once", async () => (await Api.Get($"/api/v1/operations/{operation}/log")).Is(200).Text.Contains("failed", StringComparison.Ordinal));
        (await Api.Post($"/api/v1/operations/{operation}/cancel", new { reason = "wrong password" })).Is(202);
        await Nowhere(Password); // while it goes on trying to put the power back as it was
    }

    /// <summary>Not in any answer, event, file of the data directory or line of the log.</summary>
    async Task Nowhere(string secret)
    {
        foreach (var path in (string[])["machines?limit=1000", "operations?limit=1000", "racks?limit=1000", "regions?limit=1000"])
            Assert.DoesNotContain(secret, (await Api.Get($"/api/v1/{path}")).Is(200).Text, StringComparison.Ordinal);
        foreach (var id in (await Api.Get("/api/v1/machines?limit=1000")).Ids) Assert.DoesNotContain(secret, (await Api.Get($"/api/v1/machines/{id}/history")).Is(200).Text, StringComparison.Ordinal);
        foreach (var id in (await Api.Get("/api/v1/operations?limit=1000")).Ids) Assert.DoesNotContain(secret, (await Api.Get($"/api/v1/operations/{id}/log")).Is(200).Text, StringComparison.Ordinal);
        for (var from = "0"; ;)
        {
            var page = (await Api.Get($"/api/v1/events?from={from}&limit=1000")).Is(200);
            Assert.DoesNotContain(secret, page.Text, StringComparison.Ordinal);
            if (page.Items.Count == 0) break;
            from = (string)page.Json["nextPosition"]!;
        }
        Assert.DoesNotContain(secret, NodeLog.Text, StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(secret);
        foreach (var file in Directory.EnumerateFiles(Node.Data, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "node.lock")) // held, and empty
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var content = new MemoryStream();
            await open.CopyToAsync(content, TestContext.Current.CancellationToken);
            Assert.True(content.GetBuffer().AsSpan().IndexOf(bytes) < 0, $"The password is in {Path.GetFileName(file)}.");
        }
    }
}
