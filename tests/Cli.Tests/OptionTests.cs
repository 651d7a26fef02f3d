using System.Text.Json.Nodes;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>Options that other tests have no reason to use: each arrives where it belongs.</summary>
public sealed class OptionTests : AgainstStub
{
    [Fact]
    public async Task A_tall_machine_is_racked_with_its_BMCs_key_pinned()
    {
        _server.On("POST /api/v1/machines", Canned.Machine(stage: "racked"), 201);
        _terminal.In = "s3cret\n";
        var pin = new string('a', 64);
        await Run("machine", "rack", "--serial", "SN-1", "--rack", "blr1.r12", "--unit", "10", "--height", "4", "--bmc-address", "https://127.0.0.1:8000", "--bmc-user", "admin", "--password-file", "-", "--bmc-certificate", pin, "--output", "name");
        var sent = Sent();
        Assert.Equal((4, pin), ((int)sent["height"]!, (string?)sent["bmc"]!["pinnedCertificate"]));
    }

    [Fact]
    public async Task A_literal_address_with_its_gateway_and_a_chosen_disk_are_asked_for()
    {
        _server.WithWork(verb: "provision");
        await Run("machine", "provision", "sn-1", "--image", "deb@1", "--hostname", "pay-001", "--owner", "payments", "--address", "10.1.2.3/24", "--gateway", "10.1.2.1", "--root-disk", "largest", "--yes", "--no-wait");
        var sent = Sent();
        Assert.Equal(("10.1.2.3/24", "10.1.2.1", "largest"), ((string?)sent["address"], (string?)sent["gateway"], (string?)sent["rootDisk"]));
    }

    [Fact]
    public async Task A_rack_is_made_with_its_failure_domains()
    {
        const string Answer = """{"id":"blr1.r12","region":"blr1","units":48,"row":"A","powerFeed":"F1","switchPair":"sw12","slots":[],"createdAt":"2026-11-23T00:00:00Z","version":1}""";
        _server.On("POST /api/v1/racks", Answer, 201);
        await Run("rack", "create", "blr1.r12", "--units", "48", "--row", "A", "--power-feed", "F1", "--switch-pair", "sw12");
        var sent = Sent();
        Assert.Equal((48, "F1", "sw12"), ((int)sent["units"]!, (string?)sent["powerFeed"], (string?)sent["switchPair"]));
    }

    [Fact]
    public async Task A_profile_is_made_from_a_file()
    {
        _server.On("POST /api/v1/profiles", """{"id":"compute-v1","name":"compute","version":1,"spec":{"dimms":[],"disks":[],"nics":[],"firmware":[],"diskTolerancePercent":2},"createdAt":"2026-11-23T00:00:00Z"}""", 201);
        await Run("profile", "create", "--file", _terminal.Write("profile.yaml", "name: compute\nspec:\n  memoryMiB: 1024\n"));
        Assert.Equal(1024, (int)Sent()["spec"]!["memoryMiB"]!);
    }

    [Fact]
    public async Task Events_of_some_streams_only()
    {
        _server.On("GET /api/v1/events", $$"""{"items":[{{Canned.Event(1)}}],"nextPosition":"1"}""");
        await Run("event", "tail", "--stream", "machine-", "--limit", "1");
        Assert.Contains("stream=machine-", _server.Requests.First().Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_waiting_step_is_tried_now()
    {
        _server.On($"POST /api/v1/operations/{Canned.Op}/retry", Canned.Operation(), 202);
        await Run("op", "retry", Canned.Op, "--no-wait");
        Assert.EndsWith("/retry", Assert.Single(_server.Requests).Path, StringComparison.Ordinal);
    }

    async Task Run(params string[] arguments)
    {
        var ran = await _terminal.RunAsync(arguments);
        Assert.True(ran.Exit == 0, ran.Error);
    }

    JsonNode Sent() => JsonNode.Parse(Assert.Single(_server.Requests).Body)!;
}
