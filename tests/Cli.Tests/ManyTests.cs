using System.Text.Json.Nodes;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>Many machines at once: the plan names them, their number is typed, and exactly they are done.</summary>
public sealed class ManyTests : AgainstStub
{
    const string Plan = """
        {"command":"machine.provision","machines":["sn-1","sn-2"],"effects":[{"kind":"disk-write","target":"D1","detail":"all of it"},{"kind":"substitute","target":"sn-3","detail":"in place of one"},{"kind":"left-out","target":"sn-4","detail":"it is held"}],"inputs":[],"hash":"abc123"}
        """;

    const string Started = """
        {"id":"b1","kind":"provision","machine":"","state":"running","percent":0,"steps":[],"startedAt":"2026-01-31T12:00:00Z","actor":"admin","version":1,
         "children":{"total":2,"pending":1,"running":1,"succeeded":0,"failed":0,"cancelled":0,"items":[{"index":1,"target":"sn-1","verb":"provision","state":"running","attempt":1,"hostname":"pay-001","row":1}]}}
        """;

    static readonly string Failed = Started.Replace("\"running\",\"percent\":0", "\"failed\",\"percent\":100,\"error\":\"1 of 2 failed.\",\"endedAt\":\"2026-01-31T12:05:00Z\"", StringComparison.Ordinal)
        .Replace("\"pending\":1,\"running\":1,\"succeeded\":0,\"failed\":0", "\"pending\":0,\"running\":0,\"succeeded\":1,\"failed\":1", StringComparison.Ordinal)
        .Replace("\"verb\":\"provision\",\"state\":\"running\"", "\"verb\":\"provision\",\"state\":\"failed\",\"message\":\"no boot\"", StringComparison.Ordinal);

    static void Equal(string expected, string json) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(json)), json);

    void Serve(string verb) => _server.On($"POST /api/v1/machines/{verb}", context => context.Request.QueryString.HasValue ? StubServer.Json(Plan)(context) : StubServer.Json(Started, 202)(context));

    [Fact]
    public async Task A_filter_is_sent_with_its_pace()
    {
        Serve("inspect");
        var ran = await _terminal.RunAsync("machine", "inspect", "--filter", "stage:racked", "--max-parallel", "40", "--stop-after-failures", "3", "--yes", "--no-wait");
        Assert.Equal((0, "b1\n"), (ran.Exit, ran.Out));
        Equal("""{"filter":"stage:racked","machines":[],"maxParallel":40,"stopAfterFailures":3,"remove":[]}""", Assert.Single(_server.Requests).Body);
    }

    [Fact]
    public async Task After_the_plan_exactly_the_machines_it_names_are_done()
    {
        Serve("provision");
        (_terminal.IsTerminal, _terminal["TERM"], _terminal.In) = (true, "dumb", "2\n");
        var ran = await _terminal.RunAsync("machine", "provision", "--type", "compute-v3", "--count", "2", "--image", "deb", "--hostname-pattern", "pay-{n:000}", "--first-number", "7", "--owner", "payments",
            "--spread", "none", "--substitutes", "5", "--no-wait");
        Assert.True(ran.Exit == 0, ran.Error);
        Assert.Contains("it is held", ran.Error, StringComparison.Ordinal);
        var applied = _server.Requests.Last();
        Assert.Equal("abc123", applied.Headers["Ppec-Plan"]);
        Equal("""{"type":"compute-v3","count":2,"image":"deb","hostnamePattern":"pay-{n:000}","owner":"payments","spread":"none","firstNumber":7,"substitutes":1,"machines":["sn-1","sn-2"],"substituteMachines":["sn-3"],"sshKeys":[],"dns":[],"maxParallel":10,"stopAfterFailures":2}""", applied.Body);
    }

    [Theory]
    [InlineData("1\n")]
    [InlineData("y\n")]
    [InlineData("")]
    public async Task Anything_but_their_number_changes_nothing(string typed)
    {
        Serve("retire");
        (_terminal.IsTerminal, _terminal.In) = (true, typed);
        var ran = await _terminal.RunAsync("machine", "retire", "--filter", "rack:blr1.r12");
        Assert.Equal(1, ran.Exit);
        Assert.Equal("?plan=true", Assert.Single(_server.Requests).Query);
    }

    [Theory]
    [InlineData("machine", "inspect")]
    [InlineData("machine", "inspect", "sn-1", "--filter", "stage:racked")]
    [InlineData("machine", "inspect", "--filter", "stage:racked")] // no terminal, no --yes
    [InlineData("machine", "provision", "sn-1", "--type", "c-v1", "--count", "1", "--image", "i", "--owner", "o", "--hostname-pattern", "x-{n}")]
    [InlineData("machine", "provision", "--type", "c-v1", "--image", "i", "--owner", "o")]
    [InlineData("machine", "provision", "sn-1", "--image", "i", "--owner", "o")]
    [InlineData("machine", "tag", "sn-1")]
    [InlineData("machine", "rack")]
    public async Task What_is_ambiguous_is_not_sent(params string[] args)
    {
        var ran = await _terminal.RunAsync(args);
        Assert.Equal(2, ran.Exit);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Many_are_tagged_without_a_question()
    {
        Serve("tag");
        var ran = await _terminal.RunAsync("machine", "tag", "team=payments", "canary-", "--filter", "stage:spare", "--no-wait");
        Assert.True(ran.Exit == 0, ran.Error);
        Equal("""{"filter":"stage:spare","machines":[],"maxParallel":10,"stopAfterFailures":0,"set":{"team":"payments"},"remove":["canary"]}""", Assert.Single(_server.Requests).Body);
    }

    [Fact]
    public async Task A_file_of_machines_is_racked()
    {
        Serve("rack");
        var file = _terminal.Write("delivery.yaml", "machines:\n- serial: SN-1\n  rack: blr1.r1\n  unit: 1\n- serial: SN-2\n  rack: blr1.r1\n  unit: 2\n  bmc: {address: https://10.0.0.2, user: admin, password: s3cret}\n");
        var ran = await _terminal.RunAsync("machine", "rack", "--file", file, "--no-wait");
        Assert.True(ran.Exit == 0, ran.Error);
        Equal("""{"machines":[{"serial":"SN-1","rack":"blr1.r1","unit":1,"height":1,"macs":[]},{"serial":"SN-2","rack":"blr1.r1","unit":2,"height":1,"macs":[],"bmc":{"address":"https://10.0.0.2","user":"admin","password":"s3cret","protocol":"redfish"}}],"maxParallel":64}""", Assert.Single(_server.Requests).Body);
        Assert.DoesNotContain("s3cret", ran.Out + ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_counts_and_failures_are_named_with_the_way_to_retry()
    {
        Serve("retire");
        _server.InTurn("GET /api/v1/operations/b1", StubServer.Json(Started), StubServer.Json(Failed));
        _server.On("GET /api/v1/operations/b1/log", """{"lines":[]}""");
        var ran = await _terminal.RunAsync("machine", "retire", "--filter", "rack:blr1.r12", "--yes");
        Assert.Equal(7, ran.Exit);
        Assert.Contains("1 running, 1 pending", ran.Error, StringComparison.Ordinal);
        Assert.Contains("sn-1: provision failed: no boot", ran.Error, StringComparison.Ordinal);
        Assert.Contains("ppec op retry b1", ran.Error, StringComparison.Ordinal);
        _server.On("GET /api/v1/operations/b1", Failed);
        var shown = await _terminal.RunAsync("op", "show", "b1");
        Assert.Contains("1 succeeded, 1 failed", shown.Out, StringComparison.Ordinal);
        Assert.Contains("pay-001", shown.Out, StringComparison.Ordinal);
    }
}
