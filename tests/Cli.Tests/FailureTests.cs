using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>Exit statuses, and what is said.</summary>
public sealed class FailureTests : AgainstStub
{
    [Theory]
    [InlineData(400, "malformed", 3)]
    [InlineData(400, "invalid", 3)]
    [InlineData(401, "unauthenticated", 5)]
    [InlineData(403, "forbidden", 5)]
    [InlineData(404, "not-found", 4)]
    [InlineData(404, "machine-unknown", 4)]
    [InlineData(409, "image-unknown", 4)]
    [InlineData(409, "machine-wrong-stage", 3)]
    [InlineData(409, "machine-held", 3)]
    [InlineData(412, "version-stale", 3)]
    [InlineData(412, "plan-stale", 3)]
    [InlineData(413, "too-large", 3)]
    [InlineData(422, "idempotency-key-reused", 3)]
    [InlineData(428, "version-required", 3)]
    [InlineData(429, "too-many", 9)]
    [InlineData(500, "unexpected", 1)]
    [InlineData(503, "unavailable", 9)]
    [InlineData(503, "outcome-unknown", 9)]
    [InlineData(507, "no-capacity", 3)]
    public async Task Each_kind_of_problem_has_its_exit_status(int status, string code, int exit)
    {
        _server.On("POST /api/v1/machines/sn-1/promote", StubServer.Problem(status, code, "It is so."));
        var ran = await _terminal.RunAsync("machine", "promote", "sn-1");
        Assert.Equal((exit, ""), (ran.Exit, ran.Out));
        Assert.Contains("It is so.", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_names_the_code_the_fields_and_what_to_do()
    {
        _server.On("POST /api/v1/machines/sn-1/promote", StubServer.Problem(409, "machine-held", "Lift the hold first.", """[{"field":"machine","message":"is held by monitoring"}]"""));
        var ran = await _terminal.RunAsync("machine", "promote", "sn-1");
        Assert.Equal(
            """
            error: Lift the hold first. [machine-held]
              machine: is held by monitoring
            next: see the holds with ppec machine show ID, lift one with ppec machine unhold ID --source SOURCE.

            """.ReplaceLineEndings("\n"), ran.Error);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_9()
    {
        await _server.StopAsync();
        var ran = await _terminal.RunAsync("machine", "list");
        Assert.Equal(9, ran.Exit);
        Assert.Contains("cannot be reached", ran.Error, StringComparison.Ordinal);
        Assert.Contains("next:", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_answer_is_9_and_names_the_key_to_repeat_with()
    {
        _server.On("POST /api/v1/machines/sn-1/promote", StubServer.LoseAnswer);
        var ran = await _terminal.RunAsync("machine", "promote", "sn-1", "--idempotency-key", "k-1");
        Assert.Equal(9, ran.Exit);
        Assert.Contains("unknown", ran.Error, StringComparison.Ordinal);
        Assert.Contains("--idempotency-key k-1", ran.Error, StringComparison.Ordinal);
        Assert.All(_server.Requests, seen => Assert.Equal("k-1", seen.Headers["Idempotency-Key"]));
    }

    [Fact]
    public async Task Something_that_is_not_ppec_is_said_to_be_so()
    {
        _server.On("GET /api/v1/machines", "<html>hello</html>");
        var ran = await _terminal.RunAsync("machine", "list");
        Assert.Equal(1, ran.Exit);
        Assert.Contains("not PPEC's", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("machine lst", "Unrecognized command or argument 'lst'")]
    [InlineData("machine", "Required command was not provided")]
    [InlineData("machine show", "next: ppec machine show --help")]
    [InlineData("machine list -o xml", "xml")]
    [InlineData("machine list --limit -3", "is not a count")]
    [InlineData("machine show sn-1 --at yesterday", "'yesterday' is not a time")]
    [InlineData("machine inspect sn-1 --timeout soon", "'soon' is not a time span")]
    [InlineData("machine tag sn-1 nonsense", "KEY=VALUE")]
    [InlineData("machine hold sn-1", "--reason")]
    [InlineData("machine release sn-1", "Add --yes")]
    [InlineData("machine rack --serial S --rack r --unit 1 --bmc-address https://x", "--password-file")]
    [InlineData("machine provision sn-1 --image i --hostname h --owner o --ssh-key /nowhere/key --yes", "/nowhere/key")]
    [InlineData("machine inspect sn-1 --ticket naïve", "printable ASCII")]
    [InlineData("machine list --server ftp://x", "not a server's address")]
    [InlineData("machine list --context nope", "no context 'nope'")]
    public async Task What_was_typed_wrong_is_2_and_nothing_is_sent(string line, string says)
    {
        var ran = await _terminal.RunAsync(line.Split(' '));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Equal((2, ""), (ran.Exit, ran.Out));
        Assert.Empty(_server.Requests);
    }
}
