using System.Text.Json.Nodes;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>What each verb of a machine's life sends.</summary>
public sealed class VerbTests : AgainstStub
{
    /// <summary>Runs it, and answers the body that was sent to <c>POST /api/v1/machines/sn-1/VERB</c>.</summary>
    async Task<string> Sent(string verb, params string[] arguments)
    {
        var path = $"POST /api/v1/machines/sn-1/{verb}";
        if (verb is "rotate" or "power" or "locate" or "reimage") _server.WithWork(verb: verb);
        else _server.On(path, Canned.Machine());
        var ran = await _terminal.RunAsync(arguments);
        Assert.True(ran.Exit == 0, ran.Error);
        var seen = _server.Of(path).Last();
        Assert.NotEmpty(seen.Headers["Idempotency-Key"]);
        return seen.Body;
    }

    static void Equal(string expected, string json) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(json)), json);

    [Fact]
    public async Task An_enlisted_machine_is_accepted_to_a_place_with_its_BMC()
    {
        _terminal.In = "l4bel\n";
        Equal("""{"rack":"blr1.r12","unit":10,"height":2,"profile":"compute","name":"web-1","keepPassword":true,"bmc":{"address":"https://10.0.0.7","user":"admin","password":"l4bel","protocol":"redfish","pinnedCertificate":"ab"}}""",
            await Sent("accept", "machine", "accept", "sn-1", "--rack", "blr1.r12", "--unit", "10", "--height", "2", "--profile", "compute", "--name", "web-1", "--keep-password",
                "--bmc-address", "https://10.0.0.7", "--bmc-user", "admin", "--password-file", "-", "--bmc-certificate", "ab"));
    }

    [Fact]
    public async Task Or_as_one_that_is_racked_already() => Equal("""{"as":"sn-2","unit":0,"height":1,"keepPassword":false}""", await Sent("accept", "machine", "accept", "sn-1", "--as", "sn-2"));

    [Fact]
    public async Task Or_rejected_with_a_reason()
    {
        _server.On("POST /api/v1/machines/sn-1/reject", "", 204);
        Assert.Equal(2, (await _terminal.RunAsync("machine", "reject", "sn-1")).Exit);
        var ran = await _terminal.RunAsync("machine", "reject", "sn-1", "--reason", "not ours");
        Assert.True(ran.Exit == 0, ran.Error);
        Equal("""{"reason":"not ours"}""", Assert.Single(_server.Requests).Body);
    }

    [Fact]
    public async Task A_place_or_a_machine_is_needed_to_accept() => Assert.Equal(2, (await _terminal.RunAsync("machine", "accept", "sn-1", "--rack", "blr1.r12")).Exit);

    [Fact]
    public async Task What_is_set_is_sent_and_nothing_else()
    {
        Equal("""{"name":"","note":"hot"}""", await Sent("set", "machine", "set", "sn-1", "--name", "", "--note", "hot"));
        Equal("""{"owner":"payments","profile":"compute","rack":"blr1.r13","unit":4,"height":1}""", await Sent("set", "machine", "set", "sn-1", "--owner", "payments", "--profile", "compute", "--rack", "blr1.r13", "--unit", "4", "--height", "1"));
        Assert.Equal(2, (await _terminal.RunAsync("machine", "set", "sn-1")).Exit);
    }

    [Fact]
    public async Task A_BMC_is_set_or_its_password_rotated()
    {
        var file = _terminal.Write("password", "s3cret\n");
        Equal("""{"address":"https://10.0.0.7","user":"admin","password":"s3cret","protocol":"redfish","pinnedCertificate":"ab"}""",
            await Sent("bmc", "machine", "bmc", "sn-1", "--address", "https://10.0.0.7", "--user", "admin", "--password-file", file, "--certificate", "ab"));
        await Sent("rotate", "machine", "bmc", "sn-1", "--rotate", "--no-wait");
        Assert.Equal(2, (await _terminal.RunAsync("machine", "bmc", "sn-1")).Exit);
        Assert.Equal(2, (await _terminal.RunAsync("machine", "bmc", "sn-1", "--rotate", "--address", "https://10.0.0.7", "--user", "a", "--password-file", file)).Exit);
    }

    [Fact]
    public async Task Evidence_is_given_whole()
    {
        Equal("""{"hostname":"old-db","owner":"databases","serial":"S-1","uuid":"u-1","boardSerial":"B-1","macs":["52:54:00:00:00:01"]}""",
            await Sent("adopt", "machine", "adopt", "sn-1", "--hostname", "old-db", "--owner", "databases", "--serial", "S-1", "--uuid", "u-1", "--board", "B-1", "--mac", "52:54:00:00:00:01"));
        Equal("""{"reason":"new board","serial":"S-1","uuid":"","boardSerial":"","macs":[]}""", await Sent("rekey", "machine", "rekey", "sn-1", "--serial", "S-1", "--reason", "new board"));
        Assert.Equal(2, (await _terminal.RunAsync("machine", "rekey", "sn-1", "--serial", "S-1")).Exit);
    }

    [Fact]
    public async Task What_is_done_for_a_machine_that_is_not_well()
    {
        Equal("""{"gap":"dimm:A2","until":"2026-02-07T12:00:00+00:00","reason":"on order"}""", await Sent("waive", "machine", "waive", "sn-1", "dimm:A2", "--until", "2026-02-07T12:00Z", "--reason", "on order"));
        Equal("""{"slot":"A2","serial":"D-9","rma":"RMA-1"}""", await Sent("repair", "machine", "repair", "sn-1", "--slot", "A2", "--serial", "D-9", "--rma", "RMA-1"));
        Equal("""{"reason":"fan","expiresAt":"2026-02-07T12:00:00+00:00"}""", await Sent("maintain", "machine", "maintain", "start", "sn-1", "--until", "2026-02-07T12:00Z", "--reason", "fan"));
        Assert.Equal("", await Sent("end-maintenance", "machine", "maintain", "end", "sn-1"));
        Assert.Equal("", await Sent("unrack", "machine", "unrack", "sn-1"));
        Assert.Equal(2, (await _terminal.RunAsync("machine", "waive", "sn-1", "dimm:A2", "--until", "2026-02-07T12:00Z")).Exit);
        Assert.Equal(2, (await _terminal.RunAsync("machine", "maintain", "start", "sn-1", "--until", "2026-02-07T12:00Z")).Exit);
    }

    [Fact]
    public async Task Lights_and_power()
    {
        Equal("""{"on":true}""", await Sent("locate", "machine", "locate", "on", "sn-1", "--no-wait"));
        Equal("""{"on":false}""", await Sent("locate", "machine", "locate", "off", "sn-1", "--no-wait"));
        Equal("""{"on":true}""", await Sent("power", "machine", "power", "sn-1", "--on", "--no-wait"));
        Equal("""{"on":false}""", await Sent("power", "machine", "power", "sn-1", "--off", "--no-wait"));
        _server.On("GET /api/v1/machines/sn-1/power", """{"machine":"sn-1","power":"powering-on","readAt":"2026-01-31T12:00:00Z"}""");
        var read = await _terminal.RunAsync("machine", "power", "sn-1");
        Assert.Contains("powering-on", read.Out, StringComparison.Ordinal);
        Assert.Contains("2026-01-31T12:00:00Z", read.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await _terminal.RunAsync("machine", "power", "sn-1", "--on", "--off")).Exit);
    }

    [Fact]
    public async Task A_machine_is_installed_again_as_planned()
    {
        var key = _terminal.Write("id.pub", "ssh-ed25519 AAAA ada\n");
        var data = _terminal.Write("user-data", "#cloud-config\n");
        Equal("""{"image":"deb@2","rootDisk":"first","sshKeys":["ssh-ed25519 AAAA ada"],"userData":"#cloud-config\n"}""",
            await Sent("reimage", "machine", "reimage", "sn-1", "--image", "deb@2", "--root-disk", "first", "--ssh-key", key, "--user-data", data, "--plan-hash", "abc", "--yes", "--no-wait"));
        Assert.Equal("abc", _server.Of("POST /api/v1/machines/sn-1/reimage").Last().Headers["Ppec-Plan"]);
        Assert.Equal(2, (await _terminal.RunAsync("machine", "reimage", "sn-1", "--image", "deb@2")).Exit);
    }

    [Fact]
    public async Task Destroyed_disks_are_attested_and_asked_about()
    {
        string[] retire = ["machine", "retire", "sn-1", "--destroyed", "D-1=shredder 7", "--destroyed", "D-2=shredder=7"];
        Equal("""{"disks":[{"serial":"D-1","evidence":"shredder 7"},{"serial":"D-2","evidence":"shredder=7"}]}""", await Sent("retire-destroyed", [.. retire, "--yes"]));
        Assert.Equal(2, (await _terminal.RunAsync(retire)).Exit);
        Assert.Equal(2, (await _terminal.RunAsync("machine", "retire", "sn-1", "--destroyed", "D-1", "--yes")).Exit);
        (_terminal.IsTerminal, _terminal.In) = (true, "sn-2\n");
        Assert.Equal(1, (await _terminal.RunAsync(retire)).Exit);
        Assert.Single(_server.Of("POST /api/v1/machines/sn-1/retire-destroyed"));
    }

    [Fact]
    public async Task The_log_is_of_what_is_under_way_or_was_last()
    {
        _server.On("GET /api/v1/machines/sn-1", Canned.Machine())
            .On("GET /api/v1/operations", $$"""{"items":[{{Canned.Operation()}}],"total":1,"totalIsMore":false}""")
            .On($"GET /api/v1/operations/{Canned.Op}/log", Canned.Log);
        var ran = await _terminal.RunAsync("machine", "log", "sn-1");
        Assert.True(ran.Exit == 0, ran.Error);
        Assert.Contains("hello", ran.Out, StringComparison.Ordinal);
        _server.On("GET /api/v1/operations", """{"items":[],"total":0,"totalIsMore":false}""");
        Assert.Contains("Nothing was ever done", (await _terminal.RunAsync("machine", "log", "sn-1")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Places_and_images_change()
    {
        _server.On("POST /api/v1/regions/blr1/set", """{"id":"blr1","description":"both","createdAt":"2026-01-31T12:00:00Z","version":2}""")
            .On("POST /api/v1/racks/blr1.r12/set", """{"id":"blr1.r12","region":"blr1","units":48,"row":"B","powerFeed":"F2","switchPair":"s","slots":[],"createdAt":"2026-01-31T12:00:00Z","version":2}""")
            .On("POST /api/v1/racks/blr1.r12/retire", "", 204)
            .On("POST /api/v1/images/deb@1/deprecate", """{"id":"deb@1","name":"deb","version":1,"format":"raw","sha256":"x","sizeBytes":5,"diskSha256":"x","diskSizeBytes":5,"bootMode":"any","signedBy":"k","deprecated":true,"registeredAt":"2026-01-31T12:00:00Z"}""");
        foreach (var arguments in (string[][])[["region", "set", "blr1", "--description", "both"], ["rack", "set", "blr1.r12", "--units", "48", "--row", "B", "--power-feed", "F2", "--switch-pair", "s"], ["rack", "retire", "blr1.r12"], ["image", "deprecate", "deb@1"]])
        {
            var ran = await _terminal.RunAsync(arguments);
            Assert.True(ran.Exit == 0, ran.Error);
        }
        Equal("""{"units":48,"row":"B","powerFeed":"F2","switchPair":"s"}""", _server.Of("POST /api/v1/racks/blr1.r12/set").Single().Body);
    }
}
