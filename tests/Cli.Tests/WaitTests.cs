using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>Waiting for operations: progress, endings, interruptions, a server that goes away.</summary>
public sealed class WaitTests : AgainstStub
{
    [Fact]
    public async Task A_pipe_gets_one_line_for_each_change_and_the_result_as_data()
    {
        _server.WithWork();
        var ran = await _terminal.RunAsync("machine", "inspect", "sn-1");
        Assert.Equal(0, ran.Exit);
        Assert.Contains("succeeded", ran.Out, StringComparison.Ordinal);
        Assert.Equal(
            [$"inspect of sn-1: running ({Canned.Op})", "boot: running", "boot: 42% reading disks", "boot: done", "inventory: running", "inventory: 42% reading disks", $"inspect of sn-1: succeeded ({Canned.Op})", "inventory: done"],
            ran.Error.TrimEnd().Split('\n').Select(line => line[(line.IndexOf('Z', StringComparison.Ordinal) + 2)..]));
        Assert.Equal("?after=41", _server.Of($"GET /api/v1/operations/{Canned.Op}").First().Query); // the first look must see what was just started
    }

    [Fact]
    public async Task A_terminal_gets_a_table_that_is_redrawn()
    {
        _server.WithWork();
        (_terminal.IsTerminal, _terminal["TERM"]) = (true, "xterm");
        var ran = await _terminal.RunAsync("machine", "inspect", "sn-1");
        Assert.Equal(0, ran.Exit);
        Assert.Contains("42% reading disks", ran.Error, StringComparison.Ordinal);
        Assert.Contains("Ctrl-C stops waiting, not the work.", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("cancelled")]
    public async Task An_operation_that_did_not_succeed_is_7(string state)
    {
        _server.WithWork(state, error: "the BMC does not answer");
        var ran = await _terminal.RunAsync("machine", "inspect", "sn-1");
        Assert.Equal(7, ran.Exit);
        Assert.Contains($"ended {state}: the BMC does not answer", ran.Error, StringComparison.Ordinal);
        Assert.Contains($"ppec op show {Canned.Op}", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cancelled", 0)]
    [InlineData("succeeded", 7)]
    public async Task A_cancel_is_done_when_the_operation_was_cancelled(string state, int exit)
    {
        _server.WithWork(state).On($"POST /api/v1/operations/{Canned.Op}/cancel", Canned.Operation(), 202);
        var ran = await _terminal.RunAsync("op", "cancel", Canned.Op, "--reason", "wrong one");
        Assert.Equal(exit, ran.Exit);
        Assert.Equal("""{"reason":"wrong one"}""", _server.Requests.First().Body);
    }

    [Fact]
    public async Task Watching_shows_the_log()
    {
        _server.WithWork();
        var ran = await _terminal.RunAsync("op", "watch", Canned.Op);
        Assert.Equal(0, ran.Exit);
        Assert.Contains("12:00:01Z agent | hello\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Not_ended_in_time_is_8_and_the_work_goes_on()
    {
        _server.WithWork("running");
        var ran = await _terminal.RunAsync("machine", "inspect", "sn-1", "--timeout", "1s");
        Assert.Equal((8, ""), (ran.Exit, ran.Out));
        Assert.Contains($"ppec op watch {Canned.Op}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_restarts_is_waited_for()
    {
        _server.WithWork("running");
        using var error = new Overheard();
        using var output = new StringWriter();
        var run = CommandTree.RunAsync(["machine", "inspect", "sn-1"], _terminal.Surroundings(output, error));
        await error.UntilAsync("inventory: running");
        await _server.StopAsync();
        await error.UntilAsync("still waiting");
        _server.On($"GET /api/v1/operations/{Canned.Op}", Canned.Operation("succeeded", "inventory", version: 4));
        await _server.ListenAsync();
        Assert.Equal(0, await run.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Contains("answers again", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_c_stops_waiting_and_says_how_to_follow()
    {
        _server.WithWork("running");
        using var process = _terminal.Start("machine", "inspect", "sn-1");
        process.StandardInput.Close();
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("inventory: running", StringComparison.Ordinal)) { }
        Terminal.Signal(process, "-INT");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        var rest = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains($"operation {Canned.Op} goes on", rest, StringComparison.Ordinal);
        Assert.Contains($"ppec op watch {Canned.Op}", rest, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.Requests, seen => seen.Path.EndsWith("/cancel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ctrl_c_while_a_change_is_sent_names_its_key()
    {
        using var interrupted = new CancellationTokenSource();
        _server.On("POST /api/v1/machines/sn-1/promote", async context =>
        {
            await interrupted.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        _terminal.Interrupted = interrupted.Token;
        var ran = await _terminal.RunAsync("machine", "promote", "sn-1", "--idempotency-key", "k-1");
        Assert.Equal(130, ran.Exit);
        Assert.Contains("--idempotency-key k-1", ran.Error, StringComparison.Ordinal);
    }
}
