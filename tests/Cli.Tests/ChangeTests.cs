using System.Text.Json.Nodes;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>What is sent when something is changed, and how severe commands ask first.</summary>
public sealed class ChangeTests : AgainstStub
{
    static void Equal(string expected, string json) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(json)), json);

    [Fact]
    public async Task A_machine_is_racked_with_the_password_from_standard_input()
    {
        _server.On("POST /api/v1/machines", Canned.Machine(stage: "racked"), 201);
        _terminal.In = "s3cret\n";
        var ran = await _terminal.RunAsync("machine", "rack", "--serial", "SN-1", "--rack", "blr1.r12", "--unit", "10", "--mac", "52:54:00:00:00:01", "--mac", "52:54:00:00:00:02",
            "--bmc-address", "https://127.0.0.1:8000", "--bmc-user", "admin", "--password-file", "-");
        Assert.True(ran.Exit == 0, ran.Error);
        Equal("""{"serial":"SN-1","rack":"blr1.r12","unit":10,"height":1,"macs":["52:54:00:00:00:01","52:54:00:00:00:02"],"bmc":{"address":"https://127.0.0.1:8000","user":"admin","password":"s3cret","protocol":"redfish"}}""",
            Assert.Single(_server.Requests).Body);
        Assert.DoesNotContain("s3cret", ran.Out + ran.Error, StringComparison.Ordinal);
        Assert.Contains("next: ppec machine inspect sn-1", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_accompanies_a_change_arrives()
    {
        _server.On("POST /api/v1/machines/sn-1/hold", Canned.Machine());
        _terminal["PPEC_CREDENTIAL_FILE"] = _terminal.Write("credential", "ppec_abc\n");
        var ran = await _terminal.RunAsync("machine", "hold", "sn-1", "--reason", "fan rattles – naïve", "--ticket", "OPS-1", "--if-match", "7", "--idempotency-key", "k-1", "--until", "2026-02-07T12:00Z");
        Assert.True(ran.Exit == 0, ran.Error);
        var seen = Assert.Single(_server.Requests);
        Equal("""{"reason":"fan rattles – naïve","source":"operator","expiresAt":"2026-02-07T12:00:00+00:00"}""", seen.Body);
        Assert.Equal(("Bearer ppec_abc", "k-1", "\"7\"", "fan%20rattles%20%E2%80%93%20na%C3%AFve", "OPS-1"),
            (seen.Headers["Authorization"], seen.Headers["Idempotency-Key"], seen.Headers["If-Match"], seen.Headers["Ppec-Reason"], seen.Headers["Ppec-Ticket"]));
    }

    [Fact]
    public async Task Tags_are_set_and_removed_at_once()
    {
        _server.On("POST /api/v1/machines/sn-1/tag", Canned.Machine());
        await _terminal.RunAsync("machine", "tag", "sn-1", "team=payments", "expr=a=b", "canary-");
        Equal("""{"set":{"team":"payments","expr":"a=b"},"remove":["canary"]}""", Assert.Single(_server.Requests).Body);
    }

    [Fact]
    public async Task Provision_sends_what_was_asked_for()
    {
        _server.WithWork(verb: "provision");
        var key = _terminal.Write("id.pub", "# mine\nssh-ed25519 AAAA ada\n\n");
        var data = _terminal.Write("user-data", "#cloud-config\n");
        var ran = await _terminal.RunAsync("machine", "provision", "sn-1", "--image", "deb@1", "--hostname", "pay-001", "--owner", "payments", "--dns", "10.0.0.1", "--ssh-key", key, "--user-data", data, "--yes", "--no-wait");
        Assert.Equal((0, Canned.Op + "\n"), (ran.Exit, ran.Out));
        Equal("""{"image":"deb@1","hostname":"pay-001","owner":"payments","dns":["10.0.0.1"],"sshKeys":["ssh-ed25519 AAAA ada"],"userData":"#cloud-config\n"}""", Assert.Single(_server.Requests).Body);
        Assert.Contains($"ppec op watch {Canned.Op}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_private_key_is_never_sent()
    {
        var key = _terminal.Write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
        var ran = await _terminal.RunAsync("machine", "provision", "sn-1", "--image", "i", "--hostname", "h", "--owner", "o", "--ssh-key", key, "--yes");
        Assert.Equal(2, ran.Exit);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task A_plan_is_printed_and_nothing_is_changed()
    {
        _server.On("POST /api/v1/machines/sn-1/release", Canned.Plan);
        var ran = await _terminal.RunAsync("machine", "release", "sn-1", "--plan");
        Assert.Contains("disk-wipe", ran.Out, StringComparison.Ordinal);
        Assert.Contains("abc123", ran.Out, StringComparison.Ordinal);
        Assert.Equal("?plan=true", Assert.Single(_server.Requests).Query);
        Equal(Canned.Plan, (await _terminal.RunAsync("machine", "release", "sn-1", "--plan", "-o", "json")).Out);
        Assert.Equal("abc123\n", (await _terminal.RunAsync("machine", "release", "sn-1", "--plan", "-o", "name")).Out);
    }

    [Fact]
    public async Task A_plan_hash_goes_along()
    {
        _server.WithWork(verb: "retire");
        await _terminal.RunAsync("machine", "retire", "sn-1", "--plan-hash", "abc123", "--yes", "--no-wait");
        Assert.Equal("abc123", Assert.Single(_server.Requests).Headers["Ppec-Plan"]);
    }

    [Fact]
    public async Task On_a_terminal_the_plan_is_shown_and_just_that_plan_is_applied_once_the_id_is_typed()
    {
        _server.WithWork(verb: "release");
        _server.On("POST /api/v1/machines/sn-1/release", context => context.Request.QueryString.HasValue
            ? StubServer.Json(Canned.Plan)(context) : StubServer.Json(Canned.Operation(kind: "release"), 202)(context));
        (_terminal.IsTerminal, _terminal["TERM"], _terminal.In) = (true, "dumb", "sn-1\n");
        var ran = await _terminal.RunAsync("machine", "release", "sn-1");
        Assert.Equal(0, ran.Exit);
        Assert.Contains("disk-wipe", ran.Error, StringComparison.Ordinal);
        Assert.Contains("type the machine's id (sn-1)", ran.Error, StringComparison.Ordinal);
        Assert.Equal("abc123", _server.Of("POST /api/v1/machines/sn-1/release").Last().Headers["Ppec-Plan"]);
    }

    [Theory]
    [InlineData("y\n")]
    [InlineData("sn-2\n")]
    [InlineData("")]
    public async Task Anything_but_the_id_changes_nothing(string typed)
    {
        _server.On("POST /api/v1/machines/sn-1/retire", Canned.Plan);
        (_terminal.IsTerminal, _terminal.In) = (true, typed);
        var ran = await _terminal.RunAsync("machine", "retire", "sn-1");
        Assert.Equal(1, ran.Exit);
        Assert.Contains("Nothing was changed.", ran.Error, StringComparison.Ordinal);
        Assert.Equal("?plan=true", Assert.Single(_server.Requests).Query);
    }

    [Fact]
    public async Task A_profile_is_read_from_yaml_where_a_version_stays_text()
    {
        _server.On("POST /api/v1/profiles", """{"id":"compute-v1","name":"compute","version":1,"spec":{},"createdAt":"2026-01-31T12:00:00Z"}""", 201);
        var file = _terminal.Write("compute.yaml", """
            name: compute
            spec:
              memoryMiB: 1024
              disks:
                - {count: 2, sizeMiB: 10240, rotational: false}
              firmware:
                - {component: bios, version: 1.10, rule: minimum}
            """);
        var ran = await _terminal.RunAsync("profile", "create", "-f", file);
        Assert.True(ran.Exit == 0, ran.Error);
        var body = JsonNode.Parse(Assert.Single(_server.Requests).Body)!;
        Equal("""[{"count":2,"sizeMiB":10240,"rotational":false}]""", body["spec"]!["disks"]!.ToJsonString());
        Assert.Equal("1.10", body["spec"]!["firmware"]![0]!["version"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("name: compute\n", "missing: 'spec'")]
    [InlineData("name: compute\nspec: {}\ncolour: red\n", "an unknown field")]
    [InlineData("name: compute\nspec: {memoryMiB: much}\n", "spec.memoryMiB")]
    [InlineData("name: [\n", "line ")]
    [InlineData("", "is empty")]
    public async Task A_wrong_file_is_named_with_the_place(string yaml, string says)
    {
        var ran = await _terminal.RunAsync("profile", "create", "-f", _terminal.Write("p.yaml", yaml));
        Assert.Equal(2, ran.Exit);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_uploaded_only_when_the_server_lacks_it()
    {
        var view = """{"id":"deb@1","name":"deb","version":1,"format":"raw","sha256":"x","sizeBytes":5,"diskSha256":"x","diskSizeBytes":5,"bootMode":"any","signedBy":"k","deprecated":false,"registeredAt":"2026-01-31T12:00:00Z"}""";
        var sha = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("image"u8));
        _server.InTurn("POST /api/v1/images", StubServer.Problem(409, "image-content-missing"), StubServer.Json(view, 201))
            .On($"PUT /api/v1/images/content/{sha}", "", 201);
        var yaml = _terminal.Write("image.yaml", $"name: deb\nformat: raw\nsha256: {sha}\nsizeBytes: 5\ndiskSha256: {sha}\ndiskSizeBytes: 5\nbootMode: any\nsignature: c2ln\n");
        var content = _terminal.Write("image.raw", "image");
        var ran = await _terminal.RunAsync("image", "register", "-f", yaml, "--content", content);
        Assert.True(ran.Exit == 0, ran.Error);
        Assert.Equal("image", Assert.Single(_server.Of($"PUT /api/v1/images/content/{sha}")).Body);
        Assert.Equal("application/octet-stream", Assert.Single(_server.Of($"PUT /api/v1/images/content/{sha}")).Headers["Content-Type"]);
        Assert.Single(_server.Of("POST /api/v1/images").Select(seen => seen.Headers["Idempotency-Key"]).Distinct());

        var wrong = await _terminal.RunAsync("image", "register", "-f", yaml, "--content", _terminal.Write("other.raw", "other"));
        Assert.Equal(0, wrong.Exit); // the server has it by now: the file is not looked at
        _server.On("POST /api/v1/images", StubServer.Problem(409, "image-content-missing"));
        Assert.Equal(2, (await _terminal.RunAsync("image", "register", "-f", yaml, "--content", _terminal.Write("other.raw", "other"))).Exit);
        Assert.Equal(3, (await _terminal.RunAsync("image", "register", "-f", yaml)).Exit);
    }

    [Fact]
    public async Task Places_are_created()
    {
        _server.On("POST /api/v1/regions", """{"id":"blr1","description":"","createdAt":"2026-01-31T12:00:00Z","version":1}""", 201)
            .On("POST /api/v1/racks", """{"id":"blr1.r12","region":"blr1","units":42,"row":"A","powerFeed":"","switchPair":"","slots":[],"createdAt":"2026-01-31T12:00:00Z","version":1}""", 201);
        Assert.Equal("blr1\n", (await _terminal.RunAsync("region", "create", "blr1", "-o", "name")).Out);
        Assert.Equal("blr1.r12\n", (await _terminal.RunAsync("rack", "create", "blr1.r12", "--row", "A", "-o", "name")).Out);
        Equal("""{"id":"blr1.r12","units":42,"row":"A","powerFeed":"","switchPair":""}""", _server.Requests.Last().Body);
    }
}
