using System.Text;

namespace Ppec.Api.Tests.Requests;

/// <summary>What is wrong with a request is said with a code of its own, a status by who must react, and a sentence that names the field and what to do.</summary>
public sealed class RefusalTests(SharedNode shared)
{
    const string NoSuchDigest = "0000000000000000000000000000000000000000000000000000000000000000";

    Calls Api => shared.Node.Api;

    [Fact]
    public async Task A_rack_needs_its_region() =>
        Assert.Contains("nowhere", (await Api.Post("/api/v1/racks", new { id = "nowhere.r1" })).Is(409, "region-unknown").Detail!, StringComparison.Ordinal);

    [Fact]
    public async Task A_machine_needs_its_rack_its_region_and_its_profile()
    {
        var rack = await Api.Rack();
        var region = rack.Split('.')[0];
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack = "nowhere.r1", unit = 1 })).Is(409, "region-unknown");
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack = $"{region}.r9", unit = 1 })).Is(409, "rack-unknown");
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 1, profile = "nothing" })).Is(409, "profile-unknown");
        Assert.Empty((await Api.Get($"/api/v1/racks/{rack}")).Is(200).Json["slots"]!.AsArray());
    }

    [Fact]
    public async Task Two_machines_do_not_share_a_unit()
    {
        var rack = await Api.Rack();
        await Api.Machine(rack, 10, Things.New("HIGH"));
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 9, height = 2 })).Is(409, "rack-unit-taken");
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 9 })).Is(201);
    }

    [Theory]
    [InlineData(43, 1, 409, "rack-unit-outside")]
    [InlineData(42, 2, 409, "rack-unit-outside")]
    [InlineData(0, 1, 400, "invalid")]
    [InlineData(-1, 1, 400, "invalid")]
    [InlineData(101, 1, 400, "invalid")]
    [InlineData(1, 0, 400, "invalid")]
    [InlineData(1, 51, 400, "invalid")]
    [InlineData(int.MaxValue, int.MaxValue, 400, "invalid")]
    public async Task A_machine_stands_inside_its_rack(int unit, int height, int status, string code)
    {
        var rack = await Api.Rack();
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit, height })).Is(status, code);
    }

    [Theory]
    [InlineData("To be filled by O.E.M.")]
    [InlineData("0000000000")]
    [InlineData("Default string")]
    [InlineData("System Serial Number")]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("--")]
    [InlineData("äöüß")]
    [InlineData("xx")]
    public async Task A_placeholder_is_no_serial_number(string serial)
    {
        var refused = (await Api.Post("/api/v1/machines", new { serial, rack = await Api.Rack(), unit = 1 })).Is(400, "invalid");
        Assert.Equal(["serial"], refused.Fields.Distinct());
        Assert.Contains("label", refused.Detail!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_serial_number_is_racked_once()
    {
        var (rack, serial) = (await Api.Rack(), Things.New("Twice"));
        await Api.Machine(rack, 1, serial);
        (await Api.Post("/api/v1/machines", new { serial, rack, unit = 2 })).Is(409, "machine-exists");
        (await Api.Post("/api/v1/machines", new { serial = serial.ToLowerInvariant(), rack, unit = 3 })).Is(409, "machine-exists");
        var slots = (await Api.Get($"/api/v1/racks/{rack}")).Is(200).Json["slots"]!.AsArray();
        Assert.Equal([1], slots.Select(s => (int)s!["unit"]!)); // the refusals moved nothing
    }

    [Fact]
    public async Task A_MAC_address_has_one_owner()
    {
        var rack = await Api.Rack();
        var first = (string)(await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 1, macs = new[] { "52:54:00:AA:00:01" } })).Is(201).Json["id"]!;
        var refused = (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 2, macs = new[] { "52:54:00:aa:00:02", "52:54:00:aa:00:01" } })).Is(409, "name-taken");
        Assert.Contains(first, refused.Detail!, StringComparison.Ordinal);
        // What the refused one had claimed already is free again.
        (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit = 2, macs = new[] { "52:54:00:aa:00:02" } })).Is(201);
    }

    [Theory]
    [InlineData("https://bmc-a.example", "https://bmc-a.example/")]
    [InlineData("https://bmc-b.example", "HTTPS://BMC-B.example")]
    [InlineData("https://bmc-c.example", "https://bmc-c.example:443")]
    [InlineData("https://bmc-d.example/", "https://bmc-d.example/./")]
    public async Task A_BMC_address_has_one_owner_however_it_is_written(string first, string second)
    {
        var rack = await Api.Rack();
        object Body(int unit, string address) => new { serial = Things.New("SN"), rack, unit, bmc = new { address, user = "admin", password = "p" } };
        (await Api.Post("/api/v1/machines", Body(1, first))).Is(201);
        (await Api.Post("/api/v1/machines", Body(2, second))).Is(409, "name-taken");
    }

    [Theory]
    [InlineData("http://bmc.example")]
    [InlineData("https://user:secret@bmc.example")]
    [InlineData("https://bmc.example?x=1")]
    [InlineData("https://bmc.example/#x")]
    [InlineData("ftp://bmc.example")]
    [InlineData("https://169.254.169.254")]
    [InlineData("https://[fe80::1]")]
    [InlineData("https://[::ffff:169.254.169.254]/redfish")]
    [InlineData("https://0.0.0.0")]
    [InlineData("https://239.1.1.1")]
    [InlineData("https://2852039166")] // 169.254.169.254 as one number
    [InlineData("bmc.example")]
    [InlineData("")]
    [InlineData("https://")]
    [InlineData(" https://bmc.example")]
    [InlineData("https://bmc.example\n")]
    [InlineData("file:///etc/passwd")]
    public async Task A_BMC_is_at_an_https_address(string address)
    {
        var refused = (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack = await Api.Rack(), unit = 1, bmc = new { address, user = "admin", password = "p" } })).Is(400, "invalid");
        Assert.Equal(["bmc.address"], refused.Fields.Distinct());
    }

    public static TheoryData<string, string> WrongSpecs => new()
    {
        { "{\"cpu\":{\"sockets\":0}}", "cpu.sockets" },
        { "{\"cpu\":{\"sockets\":65}}", "cpu.sockets" },
        { "{\"cpu\":{\"sockets\":1,\"coresPerSocket\":0}}", "cpu.coresPerSocket" },
        { "{\"memoryMiB\":0}", "memoryMiB" },
        { "{\"memoryMiB\":-1}", "memoryMiB" },
        { "{\"dimms\":[{\"slot\":\"\",\"sizeMiB\":1}]}", "dimms" },
        { "{\"dimms\":[{\"slot\":\"A1\",\"sizeMiB\":0}]}", "dimms" },
        { "{\"disks\":[{\"count\":0,\"sizeMiB\":1}]}", "disks" },
        { "{\"disks\":[{\"count\":1,\"sizeMiB\":-5}]}", "disks" },
        { "{\"nics\":[{\"count\":0}]}", "nics" },
        { "{\"nics\":[{\"count\":1,\"minSpeedMbps\":-1}]}", "nics" },
        { "{\"firmware\":[{\"component\":\"bios\",\"version\":\"1\",\"rule\":\"newest\"}]}", "firmware" },
        { "{\"firmware\":[{\"component\":\"\",\"version\":\"1\",\"rule\":\"exact\"}]}", "firmware" },
        { "{\"bootMode\":\"floppy\"}", "bootMode" },
        { "{\"tpm\":\"3\"}", "tpm" },
        { "{\"diskTolerancePercent\":51}", "diskTolerancePercent" },
        { "{\"diskTolerancePercent\":-1}", "diskTolerancePercent" },
    };

    [Theory]
    [MemberData(nameof(WrongSpecs))]
    public async Task A_profile_is_checked_field_by_field(string spec, string field)
    {
        var refused = (await Api.Post("/api/v1/profiles", $$"""{"name":"{{Things.New("wrong")}}","spec":{{spec}}}""")).Is(400, "invalid");
        Assert.Contains(refused.Fields, f => f.StartsWith(field, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("has space")]
    [InlineData("Upper")]
    [InlineData("-dash")]
    [InlineData("")]
    [InlineData("blr1\n")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("ünïcode")]
    public async Task Names_are_slugs(string id)
    {
        Assert.Equal(["id"], (await Api.Post("/api/v1/regions", new { id })).Is(400, "invalid").Fields);
        Assert.Equal(["id"], (await Api.Post("/api/v1/racks", new { id = $"blr1.{id}" })).Is(400, "invalid").Fields);
        Assert.Contains("name", (await Api.Post("/api/v1/profiles", new { name = id, spec = new { } })).Is(400, "invalid").Fields);
    }

    [Fact]
    public async Task A_profiles_name_has_no_version() =>
        Assert.Equal(["name"], (await Api.Post("/api/v1/profiles", new { name = "compute-v3", spec = new { } })).Is(400, "invalid").Fields);

    [Fact]
    public async Task Too_large_a_body_is_413()
    {
        (await Api.Post("/api/v1/regions", $$"""{"id":"big","description":"{{new string('x', 1 << 20)}}"}""")).Is(413, "too-large");
        (await Api.Post("/agent/v1/session", $$"""{"token":"{{new string('x', 1 << 20)}}"}""")).Is(413, "too-large");
    }

    public static TheoryData<string, string> BrokenBodies => new()
    {
        { "not JSON", "{ nonsense" },
        { "nothing", "" },
        { "null", "null" },
        { "a list", "[]" },
        { "a word", "\"blr1\"" },
        { "a number", "42" },
        { "unknown field", "{\"id\":\"blr1\",\"colour\":\"red\"}" },
        { "field in other case", "{\"Id\":\"blr1\"}" },
        { "twice the same", "{\"id\":\"a\",\"id\":\"b\"}" },
        { "a comment", "{\"id\":\"blr1\" /* here */}" },
        { "a comma too many", "{\"id\":\"blr1\",}" },
        { "text after it", "{\"id\":\"blr1\"} {}" },
        { "a number as text", "{\"id\":1}" },
        { "missing", "{}" },
        { "a lone surrogate", "{\"id\":\"\\ud800\"}" },
        { "too deep", string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 200) },
        { "too deep a list", new string('[', 5000) + new string(']', 5000) },
    };

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task A_body_that_cannot_be_read_is_400(string what, string body)
    {
        var refused = (await Api.Post("/api/v1/regions", body)).Is(400, "malformed");
        Assert.True(refused.Detail!.Length > 20, what);
    }

    [Fact]
    public async Task A_body_that_is_not_UTF_8_is_400() =>
        (await Api.Post("/api/v1/regions", (byte[])[.. "{\"id\":\""u8, 0xff, 0xfe, .. "\"}"u8])).Is(400, "malformed");

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/xml")]
    [InlineData("")]
    public async Task Another_content_type_is_415(string type) =>
        (await Api.Post("/api/v1/regions", "{\"id\":\"blr1\"}", "Content-Type", type)).Is(415, "unsupported-media-type");

    [Fact]
    public async Task No_body_at_all_is_415() => (await Api.Post("/api/v1/regions")).Is(415, "unsupported-media-type");

    [Theory]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api/v2/machines")]
    [InlineData("/api/v1/machines/a/b/c")]
    [InlineData("/nowhere")]
    [InlineData("/agent/v2/task")]
    [InlineData("/boot/nothing/here")]
    [InlineData("/openapi/v9.json")]
    public async Task There_is_nothing_at_an_unknown_path(string path) => (await Api.Get(path)).Is(404, "not-found");

    [Theory]
    [InlineData("DELETE", "/api/v1/machines")]
    [InlineData("PUT", "/api/v1/machines/x")]
    [InlineData("PATCH", "/api/v1/regions")]
    [InlineData("GET", "/api/v1/machines/x/inspect")]
    [InlineData("POST", "/api/v1/events")]
    [InlineData("POST", "/api/v1/images/content/" + NoSuchDigest)]
    [InlineData("POST", "/boot/ipxe")]
    [InlineData("GET", "/agent/v1/session")]
    public async Task A_wrong_method_is_405(string method, string path) =>
        (await Api.Send(new HttpMethod(method), path, null)).Is(405, "method-not-allowed");

    [Theory]
    [InlineData("machines", "machine-unknown")]
    public async Task Verbs_on_what_is_not_there_are_404(string noun, string code)
    {
        foreach (var (verb, body) in new (string, string?)[] { ("inspect", null), ("promote", null), ("provision", "{\"image\":\"a@1\",\"hostname\":\"h\",\"owner\":\"o\"}"), ("release", null), ("retire", null), ("hold", "{\"reason\":\"r\"}"), ("unhold", "{}"), ("tag", "{\"set\":{\"a\":\"b\"}}") })
            (await Api.Post($"/api/v1/{noun}/nobody/{verb}", body)).Is(404, code);
        foreach (var (verb, body) in new (string, string?)[] { ("cancel", "{\"reason\":\"r\"}"), ("retry", null) })
            (await Api.Post($"/api/v1/operations/nothing/{verb}", body)).Is(404, "operation-unknown");
        foreach (var path in (string[])["machines/y", "machines/y/history", "machines/y/diff?from=2020-01-01T00:00:00Z", "operations/y", "operations/y/log", "regions/no-such", "racks/x", "profiles/y", "images/y"])
            (await Api.Get($"/api/v1/{path}")).Is(404, "not-found");
    }

    [Fact]
    public async Task Odd_ids_find_nothing_and_break_nothing()
    {
        foreach (var id in (string[])["..%2f..%2fetc%2fpasswd", "%2e%2e%2fadmin-credential", "a%0d%0ab", "%ff%fe", "%F0%9F%92%A9", "a'%20OR%20'1'='1", "%25", "*", "~", "sn~999999999999", "%20", "a%0a", new string('a', 4000)])
        {
            foreach (var path in (string[])[$"machines/{id}", $"machines/{id}?at=2030-01-01T00:00:00Z", $"machines/{id}/history", $"machines/{id}/diff?from=2020-01-01T00:00:00Z", $"operations/{id}", $"operations/{id}/log", $"profiles/{id}?at=2030-01-01T00:00:00Z", $"images/{id}?at=2030-01-01T00:00:00Z", $"racks/{id}", $"regions/{id}"])
                Assert.Contains((await Api.Get($"/api/v1/{path}")).Status, (int[])[400, 404]);
            foreach (var verb in (string[])["inspect", "promote", "release", "retire"]) Assert.Contains((await Api.Post($"/api/v1/machines/{id}/{verb}")).Status, (int[])[400, 404]);
            Assert.Contains((await Api.Post($"/api/v1/operations/{id}/retry")).Status, (int[])[400, 404]);
            Assert.Contains((await Api.Put($"/api/v1/images/content/{id}", new byte[3], "Content-Type", "application/octet-stream")).Status, (int[])[400, 404]);
        }
    }

    [Fact]
    public async Task Wrong_stages_are_refused_by_name()
    {
        var rack = await Api.Rack();
        var id = await Api.Machine(rack, 1);
        (await Api.Post($"/api/v1/machines/{id}/promote")).Is(409, "machine-wrong-stage");
        (await Api.Post($"/api/v1/machines/{id}/release")).Is(409, "machine-wrong-stage");
        (await Api.Post($"/api/v1/machines/{id}/provision", new { image = "x@1", hostname = "h", owner = "o" })).Is(409, "machine-wrong-stage");
        (await Api.Post($"/api/v1/machines/{id}/inspect")).Is(409, "machine-no-bmc");
        (await Api.Post($"/api/v1/machines/{id}/retire")).Is(409);
        Assert.Equal(1, (int)(await Api.Post($"/api/v1/machines/{id}/unhold", new { source = "nobody" })).Is(200).Json["version"]!); // what is not held is not held
    }

    [Fact]
    public async Task What_is_too_long_is_refused()
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        Assert.Equal(["reason"], (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = new string('x', 1001) })).Is(400, "invalid").Fields);
        Assert.Contains("set", (await Api.Post($"/api/v1/machines/{id}/tag", new { set = new Dictionary<string, string> { [new string('k', 64)] = "v" } })).Is(400, "invalid").Fields.Select(f => f.Split('[')[0]));
        Assert.Contains("set", (await Api.Post($"/api/v1/machines/{id}/tag", new { set = new Dictionary<string, string> { ["k"] = new('v', 256) } })).Is(400, "invalid").Fields.Select(f => f.Split('[')[0]));
        Assert.Equal(["set"], (await Api.Post($"/api/v1/machines/{id}/tag", new { set = Enumerable.Range(0, 65).ToDictionary(n => $"k{n}", n => "v") })).Is(400, "invalid").Fields);
        (await Api.Post($"/api/v1/machines/{id}/tag", new { })).Is(400, "invalid");
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "late", expiresAt = "2001-01-01T00:00:00Z" })).Is(400, "invalid");
    }

    [Fact]
    public async Task Words_of_every_language_survive()
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        const string Text = "Netzteil „links“ getauscht – 電源 ⚡ 🏳️‍🌈 \u202Eabc <b>&amp;'\"\\";
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = Text }, "Ppec-Reason", Uri.EscapeDataString(Text))).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/tag", new { set = new Dictionary<string, string> { ["note"] = Text } })).Is(200);
        var machine = await Api.Show(id);
        Assert.Equal(Text, (string?)machine["holds"]![0]!["reason"]);
        Assert.Equal(Text, (string?)machine["tags"]!["note"]);
        Assert.Equal(Text, (string?)(await Api.Get($"/api/v1/machines/{id}/history")).Is(200).Items[1]!["reason"]);
    }
}
