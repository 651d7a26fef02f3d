using System.Net;
using System.Text;
using Ppec.Api.Tests.Machines;

namespace Ppec.Api.Tests.Import;

/// <summary>A site as a file: in by each format, out again, and what a machine does that is only on paper.</summary>
public sealed class ImportTests(SharedNode shared, EnlistTests.EnlistingNode enlisting) : IClassFixture<EnlistTests.EnlistingNode>
{
    Calls Api => shared.Node.Api;

    async Task<System.Text.Json.Nodes.JsonObject> Import(Calls api, string format, string file)
    {
        var ended = await api.Ends((string)(await api.Post($"/api/v1/import?format={format}", file, "Content-Type", Types[format])).Is(202).Json["id"]!);
        Assert.True((string?)ended["state"] == "succeeded", ended.ToJsonString());
        return ended;
    }

    static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal) { ["csv"] = "text/csv", ["yaml"] = "application/yaml", ["netbox"] = "application/json" };

    [Fact]
    public async Task A_site_comes_in_as_yaml_and_goes_out_without_its_passwords()
    {
        var r = Things.New("site");
        var file = $$"""
            # a delivery
            regions:
            - id: {{r}}
              description: "Räume: 3"
            racks:
            - {id: {{r}}.r1, units: 48, row: B, powerFeed: A+B}
            profiles:
            - name: {{r}}-kind
              spec: {memoryMiB: 65536, disks: [{count: 2, sizeMiB: 457862, rotational: false}]}
            machines:
            - serial: "{{r}}0001"
              rack: {{r}}.r1
              unit: 3
              height: 2
              profile: {{r}}-kind
              name: web one
              macs: ["02:33:00:00:00:01"]
              bmc: {address: "https://{{r}}.example", user: root, password: not-for-anyone}
            """;
        var plan = (await Api.Post("/api/v1/import?plan=true", file, "Content-Type", "application/yaml")).Is(200);
        Assert.Equal(["place", "create", "create", "create"], plan.Json["effects"]!.AsArray().Select(e => (string?)e!["kind"]));
        Assert.DoesNotContain("not-for-anyone", plan.Text, StringComparison.Ordinal);
        (await Api.Get($"/api/v1/regions/{r}")).Is(404);
        var ended = await Import(Api, "yaml", file);
        Assert.Equal(("import", 4), ((string?)ended["kind"], (int)ended["children"]!["succeeded"]!));
        Assert.Equal(3, (int)ended["children"]!["items"]!.AsArray().First(i => (string?)i!["target"] == r)!["row"]!); // its line

        foreach (var format in Types.Keys)
        {
            var exported = (await Api.Get($"/api/v1/export?format={format}&filter=region:{r}")).Is(200).Text;
            Assert.DoesNotContain("not-for-anyone", exported, StringComparison.Ordinal);
            Assert.Contains($"{r}0001", exported, StringComparison.Ordinal);
        }
        Assert.Equal($"kind,id,units,row,power_feed,switch_pair\nrack,{r}.r1,48,B,A+B,\n", (await Api.Get($"/api/v1/export?format=csv&noun=racks&filter=region:{r}")).Is(200).Text);
    }

    [Fact]
    public async Task A_table_of_one_noun_needs_no_kind_and_every_problem_has_its_line()
    {
        var rack = await Api.Rack();
        var file = $"serial,rack,unit,name,macs\nT{rack}1,{rack},1,\"one, two\",02:44:00:00:00:01 02:44:00:00:00:02\nT{rack}2,{rack},1,,\nT{rack}3,{rack},x,,\nT{rack}4,{rack}\n";
        var refused = (await Api.Post("/api/v1/import", file, "Content-Type", "text/csv")).Is(400);
        Assert.Equal(["machines[2].unit", "body"], refused.Fields);
        Assert.Contains("line 4: unit", refused.Text, StringComparison.Ordinal);
        Assert.Contains("line 5: 2 fields, and the header has 5", refused.Text, StringComparison.Ordinal);

        var lines = file.Split('\n');
        refused = (await Api.Post("/api/v1/import?plan=true", string.Join('\n', lines[..3]), "Content-Type", "text/csv")).Is(400, "invalid");
        Assert.Contains($"line 3: Unit 1 of rack {rack} is in line 2 already.", refused.Text, StringComparison.Ordinal);
        await Import(Api, "csv", string.Join('\n', lines[..2]));
        Assert.Equal("one, two", (string?)(await Api.Get($"/api/v1/machines?filter=rack:{rack}")).Is(200).Items.Single()!["name"]);

        (await Api.Post("/api/v1/import", "serial,rack,unit,colour\n", "Content-Type", "text/csv")).Is(400, "malformed");
        (await Api.Post("/api/v1/import", file, "Content-Type", "text/plain")).Is(415, "unsupported-media-type");
        (await Api.Post("/api/v1/import?format=xml", file, "Content-Type", "text/csv")).Is(400, "invalid");
        (await Api.Get("/api/v1/export?noun=vms")).Is(400, "invalid");
        (await Api.Get("/api/v1/export?filter=nosuch:x")).Is(400, "invalid");
        (await shared.Node.As(null).Post("/api/v1/import", file, "Content-Type", "text/csv")).Is(401, "unauthenticated");
        (await shared.Node.As(null).Get("/api/v1/export")).Is(401, "unauthenticated");
    }

    [Fact]
    public async Task What_NetBox_shows_comes_in()
    {
        var r = Things.New("nb");
        var file = $$$"""
            {"sites": [{"id": 1, "url": "x", "name": "Site One", "slug": "{{{r}}}", "status": {"value": "active"}}],
             "racks": [{"id": 7, "name": "R 12", "site": {"id": 1, "slug": "{{{r}}}"}, "u_height": 42, "device_count": 1, "custom_fields": {"row": "A"}}],
             "device_types": [{"id": 3, "slug": "r750", "model": "R750", "u_height": 2.0}, {"slug": "{{{r}}}-kind", "model": "k", "custom_fields": {"spec": {"memoryMiB": 1024} } }],
             "devices": [
              {"id": 9, "name": "web-1", "serial": "{{{r}}}-9", "site": {"slug": "{{{r}}}"}, "rack": {"name": "R 12"}, "position": 11.0, "device_type": {"slug": "r750", "u_height": 2.0},
               "oob_ip": {"address": "10.9.8.7/24"}, "custom_fields": {"bmc_user": "root", "bmc_password": "p"},
               "interfaces": [{"name": "eth0", "mac_address": "02:55:00:00:0A:01"}, {"name": "mgmt", "mac_address": "02:55:00:00:0A:02", "mgmt_only": true}]},
              {"serial": "{{{r}}}-10", "site": {"slug": "{{{r}}}"}, "rack": {"name": "r-12"}, "position": 1, "device_type": {"slug": "{{{r}}}-kind", "u_height": 1}}]}
            """;
        await Import(Api, "netbox", file);
        var machine = await Api.Show($"{r}-9");
        Assert.Equal(($"{r}.r-12", 11, 2, "web-1", "https://10.9.8.7"), ((string?)machine["rack"], (int)machine["unit"]!, (int)machine["height"]!, (string?)machine["name"], (string?)machine["bmc"]!["address"]));
        Assert.Equal("""["02:55:00:00:0a:01"]""", machine["macs"]!.ToJsonString());
        Assert.Equal($"{r}-kind-v1", (string?)(await Api.Show($"{r}-10"))["profile"]);
        var refused = (await Api.Post("/api/v1/import", file.Replace("\"oob_ip\"", "\"oob_id\"", StringComparison.Ordinal), "Content-Type", "application/json")).Is(400, "malformed");
        Assert.Contains("line 6: NetBox has no field 'oob_id' here.", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_imported_machine_boots_from_its_disk_where_a_stranger_is_enlisted()
    {
        var api = enlisting.Node.Api;
        var rack = await api.Rack();
        await Import(api, "csv", $"serial,rack,unit,macs\nPAPER-{rack},{rack},1,02:66:00:00:00:01\n");
        var stranger = (await enlisting.Node.As(null).Get("/boot/ipxe/02-66-00-00-00-02?serial=STRANGER-1")).Is(200).Text;
        Assert.Contains("ppec.token=", stranger, StringComparison.Ordinal);
        foreach (var path in (string[])["/boot/ipxe/02-66-00-00-00-01?serial=ANYTHING", $"/boot/ipxe/02-66-00-00-00-99?serial=PAPER-{rack}"])
            Assert.DoesNotContain("ppec.token=", (await enlisting.Node.As(null).Get(path)).Is(200).Text, StringComparison.Ordinal);
    }

    /// <summary>Out, into an empty node, and out again: the same bytes in every format.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(20261123)]
    public async Task What_went_out_comes_in_and_goes_out_the_same(int seed)
    {
        await using var first = new TestNode();
        await first.Up();
        await Import(first.Api, "yaml", Generated(new Random(seed)));
        foreach (var format in Types.Keys)
        {
            var exported = (await first.Api.Get($"/api/v1/export?format={format}")).Is(200);
            await using var second = new TestNode();
            await second.Up();
            await Import(second.Api, format, exported.Text);
            Assert.Equal(exported.Text, (await second.Api.Get($"/api/v1/export?format={format}")).Is(200).Text);
            // What one format says, the others say.
            foreach (var other in Types.Keys) Assert.Equal((await first.Api.Get($"/api/v1/export?format={other}")).Text, (await second.Api.Get($"/api/v1/export?format={other}")).Text);
        }
    }

    static readonly string[] Hostile = ["", "plain", "yes", "null", "007", "1e3", "a: b # c", "\"quoted\"", "'", ",", "- x", "*alias", "&anchor", "!tag", "%", "back\\slash", " spaced ", "Größe", "日本", "😀", "=1+1", "{a}", "[a]", "\u2028", "\u00a0", "@x", "`", "|", ">", "?", "~", "<<"];

    static string Generated(Random random)
    {
        string Text() => Quoted(string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Hostile[random.Next(Hostile.Length)])));
        static string Quoted(string text) => '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\u2028", "\\u2028", StringComparison.Ordinal) + '"';
        var yaml = new StringBuilder("regions:\n");
        for (var r = 0; r < 3; r++) yaml.Append($"- id: g{r}\n  description: {Text()}\n");
        yaml.Append("racks:\n");
        for (var r = 0; r < 9; r++) yaml.Append($"- id: g{r % 3}.r--{r}\n  units: {random.Next(45, 60)}\n  row: {Text()}\n  powerFeed: {Text()}\n  switchPair: {Text()}\n");
        yaml.Append("profiles:\n");
        for (var p = 0; p < 6; p++) yaml.Append($"- name: kind{p % 2}\n  spec:\n    memoryMiB: {p + 1}\n    cpu: {{sockets: 2, model: {Text()}}}\n    firmware: [{{component: bios, version: \"1.{p}0\", rule: minimum}}]\n    nics: [{{count: 2, minSpeedMbps: 25000}}]\n    dimms: [{{slot: A1, sizeMiB: 1024}}]\n");
        yaml.Append("machines:\n");
        for (var m = 0; m < 120; m++)
        {
            yaml.Append($"- serial: {Quoted(random.Next(2) == 0 ? $"S/N {m:0000} x" : $"{700000 + m}")}\n  rack: g{m % 9 % 3}.r--{m % 9}\n  unit: {1 + (m / 9 * 3)}\n  height: {random.Next(1, 4)}\n");
            if (random.Next(2) == 0) yaml.Append($"  name: {Text()}\n");
            if (random.Next(2) == 0) yaml.Append($"  profile: kind{random.Next(2)}-v{random.Next(1, 4)}\n");
            if (random.Next(2) == 0) yaml.Append($"  macs: [\"02:77:00:00:{m:x2}:02\", \"02:77:00:00:{m:x2}:01\"]\n");
            var address = random.Next(4) switch { 0 => $"https://10.1.2.{m}", 1 => $"https://[fd00::{m + 1:x}]", 2 => $"https://bmc{m}.example/redfish", _ => null };
            if (address is not null) yaml.Append($"  bmc: {{address: \"{address}\", user: {Quoted($"u {m}")}, password: \"p{m}\"{(random.Next(2) == 0 ? $", pinnedCertificate: {new string('a', 64)}" : "")}}}\n");
        }
        return yaml.ToString();
    }
}
