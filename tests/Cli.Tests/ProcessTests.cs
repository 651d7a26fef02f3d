using Microsoft.AspNetCore.Http;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>The program itself: streams, signals, the lab.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Data_goes_to_standard_output_and_words_to_standard_error()
    {
        await using var server = await StubServer.StartAsync();
        server.On("POST /api/v1/machines", Canned.Machine(stage: "racked"), 201);
        using var terminal = new Terminal(server.Address) { In = "s3cret\n" };
        var ran = await terminal.RunProcessAsync("machine", "rack", "--serial", "SN-1", "--rack", "blr1.r12", "--unit", "10",
            "--bmc-address", "https://127.0.0.1:8000", "--bmc-user", "admin", "--password-file", "-", "-o", "name");
        Assert.Equal((0, "sn-1\n", "next: ppec machine inspect sn-1\n"), (ran.Exit, ran.Out, ran.Error));
        Assert.Contains("\"password\":\"s3cret\"", Assert.Single(server.Requests).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_severe_command_in_a_pipe_is_2()
    {
        using var terminal = new Terminal(new Uri("http://127.0.0.1:9"));
        var ran = await terminal.RunProcessAsync("machine", "retire", "sn-1");
        Assert.Equal(2, ran.Exit);
        Assert.Contains("--yes", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_ppecs()
    {
        using var terminal = new Terminal();
        var ran = await terminal.RunProcessAsync("version");
        Assert.Equal((0, "ppec 0.1.0\n", ""), (ran.Exit, ran.Out, ran.Error));
    }

    [Fact]
    public async Task Following_events_prints_each_and_ends_with_ctrl_c()
    {
        await using var server = await StubServer.StartAsync();
        server.On("GET /api/v1/events", async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync($"id: 5\ndata: {Canned.Event(5)}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        using var terminal = new Terminal(server.Address);
        using var process = terminal.Start("event", "tail", "--follow", "--from", "4", "-o", "json");
        Assert.Equal(Canned.Event(5), await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Terminal.Signal(process, "-INT");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.Equal("?from=4", server.Requests.First().Query);
    }

    [Fact]
    public async Task The_lab_gets_its_arguments_and_its_exit_status_comes_back()
    {
        using var terminal = new Terminal();
        terminal["PPEC_LAB"] = terminal.Write("lab.sh", "#!/bin/sh\necho \"lab: $*\"\nexit 4\n", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        terminal["PATH"] = Environment.GetEnvironmentVariable("PATH")!;
        var ran = await terminal.RunProcessAsync("lab", "up", "--machines", "3", "-v", "--", "x y");
        Assert.Equal((4, "lab: up --machines 3 -v -- x y\n"), (ran.Exit, ran.Out));
        terminal["PPEC_LAB"] = "/nowhere/ppec-lab";
        Assert.Equal(2, (await terminal.RunProcessAsync("lab", "status")).Exit);
    }
}
