using System.Text.Json.Nodes;
using Ppec.Lab.Machines;

namespace Ppec.Api.Tests.Machines;

/// <summary>What is said of a machine and done for it, each verb rightly and wrongly.</summary>
public sealed class VerbTests(SharedNode shared)
{
    TestNode Node => shared.Node;

    Calls Api => shared.Node.Api;

    async Task<int[]> Units(string rack) => [.. (await Api.Get($"/api/v1/racks/{rack}")).Is(200).Json["slots"]!.AsArray().Select(s => (int)s!["unit"]!)];

    // ── Set and move ──────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public async Task A_machine_is_described_and_what_is_left_out_stays()
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        (await Api.Post($"/api/v1/machines/{id}/set", new { name = "web-1", note = "careful\nhot", owner = "payments" })).Is(200);
        var set = (await Api.Post($"/api/v1/machines/{id}/set", new { name = "" }, "Ppec-Reason", "renamed", "Ppec-Ticket", "T-1")).Is(200).Json;
        Assert.Equal((null, "careful\nhot", "payments"), ((string?)set["name"], (string?)set["note"], (string?)set["owner"]));
        var last = (await Api.Get($"/api/v1/machines/{id}/history")).Is(200).Items.Last()!;
        Assert.Equal(("machine.described.v1", "renamed", "T-1"), ((string?)last["type"], (string?)last["reason"], (string?)last["ticket"]));
        (await Api.Post($"/api/v1/machines/{id}/set", new { profile = "nothing" })).Is(409, "profile-unknown");
        (await Api.Post($"/api/v1/machines/{id}/set", new { name = "x" }, "If-Match", "\"1\"")).Is(412, "version-stale");
        (await Api.Post("/api/v1/machines/no-such/set", new { name = "x" })).Is(404, "machine-unknown");
    }

    [Theory]
    [InlineData("{}", "body")]
    [InlineData("{\"owner\":\"Not A Slug\"}", "owner")]
    [InlineData("{\"name\":\"a\\nb\"}", "name")]
    [InlineData("{\"unit\":0}", "unit")]
    [InlineData("{\"unit\":101}", "unit")]
    [InlineData("{\"height\":0}", "height")]
    [InlineData("{\"rack\":\"blr1\",\"unit\":1}", "rack")]
    [InlineData("{\"rack\":\"blr1.r1\"}", "unit")]
    public async Task A_description_is_checked_field_by_field(string body, string field)
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        Assert.Equal([field], (await Api.Post($"/api/v1/machines/{id}/set", body)).Is(400, "invalid").Fields.Distinct());
    }

    [Fact]
    public async Task A_move_takes_the_new_units_before_it_leaves_the_old_and_a_refused_one_moves_nothing()
    {
        var (rack, other) = (await Api.Rack(), await Api.Rack());
        var id = (string)(await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 10, height = 2 })).Is(201).Json["id"]!;
        await Api.Machine(rack, 20);
        await Api.Machine(other, 20);

        foreach (var taken in (object[])[new { unit = 20 }, new { unit = 19 }, new { rack = other, unit = 19 }])
            (await Api.Post($"/api/v1/machines/{id}/set", taken)).Is(409, "rack-unit-taken");
        (await Api.Post($"/api/v1/machines/{id}/set", new { unit = 42 })).Is(409, "rack-unit-outside");
        (await Api.Post($"/api/v1/machines/{id}/set", new { rack = "nowhere.r1", unit = 1 })).Is(409, "region-unknown");
        Assert.Equal((10, rack), ((int)(await Api.Show(id))["unit"]!, (string?)(await Api.Show(id))["rack"]));
        Assert.Equal((int[])[20, 10], await Units(rack));

        var up = (await Api.Post($"/api/v1/machines/{id}/set", new { unit = 11 }, "Idempotency-Key", $"up-{id}")).Is(200); // over its own units
        (await Api.Post($"/api/v1/machines/{id}/set", new { unit = 11 }, "Idempotency-Key", $"up-{id}")).Is(200);
        Assert.Equal((11, 2), ((int)up.Json["unit"]!, (int)up.Json["height"]!));
        Assert.Equal((int[])[20, 11], await Units(rack));
        (await Api.Post($"/api/v1/machines/{id}/set", new { height = 9 })).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/set", new { height = 10 })).Is(409, "rack-unit-taken");
        Assert.Equal(9, (int)(await Api.Get($"/api/v1/racks/{rack}")).Json["slots"]![1]!["height"]!);
        (await Api.Post($"/api/v1/machines/{id}/set", new { rack = other, unit = 1, height = 1 })).Is(200);
        await Things.Eventually("the old units are left", async () => await Units(rack) is [20]); // a moment after the move
        Assert.Equal((int[])[20, 1], await Units(other));
        await Api.Machine(rack, 11);
    }

    // ── BMC ───────────────────────────────────────────────────────────────────────────────────────────────
    [Fact]
    public async Task A_BMC_is_set_anew_and_its_old_address_is_free()
    {
        var rack = await Api.Rack();
        object Bmc(string address, string password = "p-1") => new { address, user = "admin", password };
        var id = (string)(await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 1, bmc = Bmc("https://bmc-1.example") })).Is(201).Json["id"]!;
        var other = (string)(await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 2, bmc = Bmc("https://bmc-2.example") })).Is(201).Json["id"]!;
        (await Api.Post($"/api/v1/machines/{id}/bmc", Bmc("https://BMC-2.example/"))).Is(409, "name-taken");
        var version = (await Api.Get($"/api/v1/machines/{id}")).ETag;
        Assert.Equal(version, (await Api.Post($"/api/v1/machines/{id}/bmc", Bmc("https://bmc-1.example"))).Is(200).ETag); // the same is nothing new
        var set = (await Api.Post($"/api/v1/machines/{id}/bmc", Bmc("https://bmc-3.example", "p-2"))).Is(200);
        Assert.Equal("https://bmc-3.example", (string?)set.Json["bmc"]!["address"]);
        Assert.DoesNotContain("p-2", set.Text, StringComparison.Ordinal);
        (await Api.Post($"/api/v1/machines/{other}/bmc", Bmc("https://bmc-1.example"))).Is(200);
        Assert.Equal(["bmc.address"], (await Api.Post($"/api/v1/machines/{id}/bmc", Bmc("http://bmc.example"))).Is(400, "invalid").Fields);
        Assert.Equal(["bmc.password"], (await Api.Post($"/api/v1/machines/{id}/bmc", Bmc("https://bmc-3.example", ""))).Is(400, "invalid").Fields);
        (await Api.Post("/api/v1/machines/no-such/bmc", Bmc("https://bmc-9.example"))).Is(404, "machine-unknown");
        (await Api.Post($"/api/v1/machines/{await Api.Machine(rack, 5)}/rotate")).Is(409, "machine-no-bmc");
        (await Api.Get($"/api/v1/machines/{id}/power")).Is(409, "machine-bmc-failed");
        (await Api.Get("/api/v1/machines/no-such/power")).Is(404, "not-found");
    }

    // ── A life with everything in it ──────────────────────────────────────────────────────────────────────
    [Fact]
    public async Task Waived_repaired_installed_again_maintained_located_and_unracked()
    {
        var rack = await Api.Rack();
        var name = Things.New("verbs");
        await using var site = await Node.Lab(name, 1, rack);
        var row = site.Rows[0];
        var id = await Api.Rack(row, await Api.Profile(row));
        var (image, _) = await Node.Image();

        // A DIMM is missing: waived, replaced, and named by the next inspection.
        site.Break(row.Name, ["missing-dimm"]);
        await Api.Work($"/api/v1/machines/{id}/inspect");
        var held = await Api.Show(id);
        var gap = (string)held["evaluation"]!["gaps"]!.AsArray().First(g => (bool)g!["fails"]!)!["key"]!;
        (await Api.Post($"/api/v1/machines/{id}/waive", new { gap = "no-such-gap", until = DateTimeOffset.UtcNow.AddDays(1), reason = "x" })).Is(409, "machine-gap-unknown");
        Assert.Equal(["until"], (await Api.Post($"/api/v1/machines/{id}/waive", new { gap, until = DateTimeOffset.UtcNow.AddDays(-1), reason = "x" })).Is(400, "invalid").Fields);
        Assert.Equal(["reason"], (await Api.Post($"/api/v1/machines/{id}/waive", new { gap, until = DateTimeOffset.UtcNow.AddDays(1), reason = "" })).Is(400, "invalid").Fields);
        (await Api.Post($"/api/v1/machines/{id}/promote")).Is(409, "machine-evaluation-failed");
        (await Api.Post($"/api/v1/machines/{id}/waive", new { gap, until = DateTimeOffset.UtcNow.AddDays(1), reason = "on order" })).Is(200);
        Assert.Equal("spare", (string?)(await Api.Post($"/api/v1/machines/{id}/promote")).Is(200).Json["stage"]);
        site.Break(row.Name, []);
        var slot = row.Dimms[^1].Slot;
        Assert.Equal(["slot"], (await Api.Post($"/api/v1/machines/{id}/repair", new { slot = "", serial = "D-9" })).Is(400, "invalid").Fields);
        (await Api.Post($"/api/v1/machines/{id}/repair", new { slot, serial = "D-9", rma = "RMA-1" })).Is(200);
        await Api.Work($"/api/v1/machines/{id}/inspect");
        var repaired = Assert.Single((await Api.Show(id))["repairs"]!.AsArray())!;
        Assert.Equal((slot, "D-9", "RMA-1"), ((string?)repaired["slot"], (string?)repaired["serial"], (string?)repaired["rma"]));
        Assert.NotNull(repaired["after"]);

        await Api.Work($"/api/v1/machines/{id}/provision", new { image, hostname = "pay-001", owner = "payments", address = "10.1.2.3/24", gateway = "10.1.2.1" });

        // Installed again, just as planned; name, owner and address stay.
        (await Api.Post($"/api/v1/machines/{id}/reimage", new { image = "no-such@1" })).Is(409, "image-unknown");
        Assert.Equal(["image"], (await Api.Post($"/api/v1/machines/{id}/reimage", new { image = "" })).Is(400, "invalid").Fields);
        var plan = (await Api.Post($"/api/v1/machines/{id}/reimage?plan=true", new { image })).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/reimage", new { image }, "Ppec-Plan", new string('0', 64))).Is(412, "plan-stale");
        await Api.Ends((string)(await Api.Post($"/api/v1/machines/{id}/reimage", new { image }, "Ppec-Plan", plan.Header("Ppec-Plan")!)).Is(202).Json["id"]!);
        var again = await Api.Show(id);
        Assert.Equal(("baremetal", "pay-001", "payments", "10.1.2.3/24"), ((string?)again["stage"], (string?)again["hostname"], (string?)again["owner"], (string?)again["address"]));
        (await Api.Post($"/api/v1/images/{image}/deprecate")).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/reimage", new { image })).Is(409, "image-deprecated");

        // Found by its light; switched off in maintenance and on again.
        await Api.Work($"/api/v1/machines/{id}/locate", new { on = true });
        await Api.Work($"/api/v1/machines/{id}/locate", new { on = false });
        (await Api.Post($"/api/v1/machines/{id}/power", new { on = false })).Is(409, "machine-not-in-maintenance");
        Assert.Equal(["expiresAt"], (await Api.Post($"/api/v1/machines/{id}/maintain", new { reason = "fan", expiresAt = DateTimeOffset.UtcNow.AddHours(-1) })).Is(400, "invalid").Fields);
        Assert.Equal(["reason"], (await Api.Post($"/api/v1/machines/{id}/maintain", new { reason = "", expiresAt = DateTimeOffset.UtcNow.AddHours(1) })).Is(400, "invalid").Fields);
        (await Api.Post($"/api/v1/machines/{id}/maintain", new { reason = "fan", expiresAt = DateTimeOffset.UtcNow.AddHours(1) })).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/maintain", new { reason = "disk", expiresAt = DateTimeOffset.UtcNow.AddHours(1) })).Is(409, "machine-in-maintenance");
        await Api.Work($"/api/v1/machines/{id}/power", new { on = false });
        Assert.Equal("off", (string?)(await Api.Get($"/api/v1/machines/{id}/power")).Is(200).Json["power"]);
        await Api.Work($"/api/v1/machines/{id}/power", new { on = true });
        Assert.Equal("on", (string?)(await Api.Get($"/api/v1/machines/{id}/power")).Is(200).Json["power"]);
        Assert.Null((await Api.Post($"/api/v1/machines/{id}/end-maintenance")).Is(200).Json["maintenance"]);

        await Api.Work($"/api/v1/machines/{id}/release");
        (await Api.Post($"/api/v1/machines/{id}/unrack")).Is(409, "machine-still-racked");
        await Api.Work($"/api/v1/machines/{id}/retire");
        (await Api.Post($"/api/v1/racks/{rack}/retire")).Is(409, "rack-not-empty");
        Assert.Null((await Api.Post($"/api/v1/machines/{id}/unrack")).Is(200).Json["rack"]);
        (await Api.Post($"/api/v1/machines/{id}/unrack")).Is(200);
        for (var looks = 0; (await Units(rack)).Length > 0; looks++) // the rack hears of it after the machine
        {
            Assert.True(looks < 100, "The machine left, and its units are still taken.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        (await Api.Post($"/api/v1/racks/{rack}/retire")).Is(204);
        (await Api.Get($"/api/v1/racks/{rack}")).Is(404);
        (await Api.Post($"/api/v1/racks/{rack}/retire")).Is(204);
        var types = (await Api.Get($"/api/v1/machines/{id}/history")).Is(200).Items.Select(e => (string)e!["type"]!).ToHashSet();
        Assert.Empty("gap-waived part-replaced reimaging-started errand-started errand-done maintenance-started maintenance-ended unracked".Split(' ').Select(t => $"machine.{t}.v1").Except(types));
    }

    // ── Adopted, rekeyed, destroyed ───────────────────────────────────────────────────────────────────────
    [Fact]
    public async Task A_running_server_is_adopted_as_it_is_and_cannot_be_wiped_unseen()
    {
        var rack = await Api.Rack();
        var serial = Things.New("RUNS");
        var id = (string)(await Api.Post("/api/v1/machines", new { serial, rack, unit = 1, bmc = new { address = $"https://{serial.ToLowerInvariant()}.example", user = "u", password = "p" } })).Is(201).Json["id"]!;
        var mac = $"52:54:00:99:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}";
        var path = $"/api/v1/machines/{id}/adopt";
        (await Api.Post(path, new { hostname = "old-db", owner = "databases", serial = "ANOTHER-1" })).Is(403, "machine-identity-mismatch");
        Assert.Equal(["hostname"], (await Api.Post(path, new { hostname = "Old DB", owner = "databases", serial })).Is(400, "invalid").Fields);
        Assert.Equal(["evidence.serial"], (await Api.Post(path, new { hostname = "old-db", owner = "databases", serial = "Default string" })).Is(400, "invalid").Fields);
        Assert.Equal(["evidence.uuid"], (await Api.Post(path, new { hostname = "old-db", owner = "databases", serial, uuid = "u" })).Is(400, "invalid").Fields);
        var adopted = (await Api.Post(path, new { hostname = "old-db", owner = "databases", serial, macs = new[] { mac.ToUpperInvariant() } })).Is(200).Json;
        Assert.Equal(("baremetal", "old-db", "databases", false), ((string?)adopted["stage"], (string?)adopted["hostname"], (string?)adopted["owner"], (bool)adopted["integrityVerified"]!));
        Assert.Empty((await Api.Get($"/api/v1/operations?filter=machine:{id}")).Is(200).Items); // nothing was done to it
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 2, macs = new[] { mac } })).Is(409, "name-taken");
        foreach (var verb in (string[])["release", "reimage"])
            Assert.Contains("adopted", (await Api.Post($"/api/v1/machines/{id}/{verb}", verb == "reimage" ? new { image = (await Node.Image()).Id } : null)).Is(409, "machine-disks-unseen").Detail, StringComparison.Ordinal);

        // A new board: another identity, and the old port is free.
        var next = $"52:54:00:98:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}";
        Assert.Equal(["reason"], (await Api.Post($"/api/v1/machines/{id}/rekey", new { reason = "", serial })).Is(400, "invalid").Fields);
        var rekeyed = (await Api.Post($"/api/v1/machines/{id}/rekey", new { reason = "board replaced", serial, boardSerial = "BRD-2", macs = new[] { next } })).Is(200).Json;
        Assert.Equal("BRD-2", (string?)rekeyed["evidence"]!["boardSerial"]);
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 2, macs = new[] { mac } })).Is(201);
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 3, macs = new[] { next } })).Is(409, "name-taken");

        // Its end, attested; everything it had is free.
        path = $"/api/v1/machines/{id}/retire-destroyed";
        var disks = new { disks = new[] { new { serial = "D-1", evidence = "shredder 7" } } };
        (await Api.Post(path, disks)).Is(409, "machine-boots");
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "burnt" })).Is(200);
        Assert.Equal(["disks"], (await Api.Post(path, new { disks = Array.Empty<object>() })).Is(400, "invalid").Fields);
        Assert.Equal(["disks[0]"], (await Api.Post(path, new { disks = new[] { new { serial = "D-1", evidence = "" } } })).Is(400, "invalid").Fields);
        Assert.Equal("retired", (string?)(await Api.Post(path, disks)).Is(200).Json["stage"]);
        (await Api.Post(path, disks)).Is(200);
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 3, macs = new[] { next }, bmc = new { address = $"https://{serial.ToLowerInvariant()}.example", user = "u", password = "p" } })).Is(201);
    }

    // ── Places, profiles, images ──────────────────────────────────────────────────────────────────────────
    [Fact]
    public async Task Places_are_described_and_a_rack_with_something_in_it_stays()
    {
        var rack = await Api.Rack();
        var region = rack.Split('.')[0];
        Assert.Equal("both halls", (string?)(await Api.Post($"/api/v1/regions/{region}/set", new { description = "both halls" })).Is(200).Json["description"]);
        (await Api.Post("/api/v1/regions/no-such/set", new { description = "x" })).Is(404, "not-found");
        Assert.Equal(["description"], (await Api.Post($"/api/v1/regions/{region}/set", new { description = "a\tb" })).Is(400, "invalid").Fields);
        var set = (await Api.Post($"/api/v1/racks/{rack}/set", new { row = "B", powerFeed = "F2" })).Is(200).Json;
        Assert.Equal(("B", "F2", 42), ((string?)set["row"], (string?)set["powerFeed"], (int)set["units"]!));
        Assert.Equal(["body"], (await Api.Post($"/api/v1/racks/{rack}/set", new { })).Is(400, "invalid").Fields);
        Assert.Equal(["units"], (await Api.Post($"/api/v1/racks/{rack}/set", new { units = 0 })).Is(400, "invalid").Fields);
        (await Api.Post($"/api/v1/racks/{region}.r9/set", new { row = "B" })).Is(404, "not-found");
        await Api.Machine(rack, 30);
        (await Api.Post($"/api/v1/racks/{rack}/set", new { units = 29 })).Is(409, "rack-unit-outside");
        (await Api.Post($"/api/v1/racks/{rack}/retire")).Is(409, "rack-not-empty");
        (await Api.Post($"/api/v1/racks/{region}.r9/retire")).Is(404, "not-found");
    }

    [Fact]
    public async Task The_same_profile_again_is_refused_and_a_deprecated_image_is_installed_nowhere()
    {
        var name = Things.New("same");
        (await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 1024 } }, "Idempotency-Key", name)).Is(201);
        (await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 1024 } }, "Idempotency-Key", name)).Is(201);
        (await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 1024 } })).Is(409, "profile-unchanged");
        Assert.Equal($"{name}-v2", (string?)(await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 2048 } })).Is(201).Json["id"]);

        var content = System.Security.Cryptography.RandomNumberGenerator.GetBytes(1000);
        var (image, sha256) = await Node.Image(content);
        Assert.True((bool)(await Api.Post($"/api/v1/images/{image}/deprecate", null, "Ppec-Reason", "CVE")).Is(200).Json["deprecated"]!);
        (await Api.Post($"/api/v1/images/{image}/deprecate")).Is(200);
        (await Api.Post($"/api/v1/images/{image[..^1]}9/deprecate")).Is(404, "not-found");
        Assert.Equal(["id"], (await Api.Post($"/api/v1/images/{image.Split('@')[0]}/deprecate")).Is(400, "invalid").Fields);
        // The next version counts on from the versions, whatever else happened to the image.
        var next = System.Security.Cryptography.RandomNumberGenerator.GetBytes(1000);
        var nextSha = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(next));
        (await Api.Put($"/api/v1/images/content/{nextSha}", next, "Content-Type", "application/octet-stream")).Is(201);
        Assert.Equal($"{image[..^1]}2", (string?)(await Api.Post("/api/v1/images", Things.ImageBody(Node.Signer, image.Split('@')[0], next))).Is(201).Json["id"]);
        Assert.Equal(image, (string?)(await Api.Post("/api/v1/images", Things.ImageBody(Node.Signer, image.Split('@')[0], content))).Is(201).Json["id"]); // known already
    }
}
