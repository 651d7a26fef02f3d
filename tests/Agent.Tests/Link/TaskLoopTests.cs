using Ppec.Agent.Link;
using Ppec.Agent.Tasks;
using Ppec.Agent.Tests.Fakes;
using Ppec.Contracts.Agents;
using static Ppec.Agent.Tests.Fakes.Machinery;

namespace Ppec.Agent.Tests.Link;

public sealed class TaskLoopTests : IAsyncLifetime
{
    readonly FakePpec _ppec = new();

    public async ValueTask InitializeAsync() => await _ppec.Start();
    public async ValueTask DisposeAsync() => await _ppec.DisposeAsync();

    [Fact]
    public async Task A_session_is_bought_with_the_token_and_the_evidence()
    {
        using var link = await Connect(_ppec);
        var request = Assert.Single(_ppec.Sessions);
        Assert.Equal("the-token", request.Token);
        Assert.Equal(Evidence.Macs, request.Evidence.Macs);
    }

    [Fact]
    public async Task A_refused_token_ends_it()
    {
        _ppec.SessionStatus = 403;
        await Assert.ThrowsAsync<SessionEndedException>(() => Connect(_ppec));
    }

    [Fact]
    public async Task A_finished_task_that_is_fetched_again_is_answered_again_and_done_once()
    {
        using var link = await Connect(_ppec);
        var done = 0;
        _ppec.Give("op.install.1", new GatherInventory());
        _ppec.Give("op.install.1", new GatherInventory());
        _ppec.Give("op.off.2", new PowerDown(), 2);
        await Loop(link, (_, _, _) => { done++; return Task.FromResult(new TaskResult($"result {done}")); }).Run(Soon);
        Assert.Equal(["result 1", "result 1"], _ppec.Results.Where(r => r.Task == "op.install.1").Select(r => r.Result.Error));
        Assert.Equal(2, done); // the task, and the power-down
    }

    [Fact]
    public async Task The_journal_outlives_the_program()
    {
        var path = Path.Combine(Path.GetTempPath(), $"journal-{Guid.NewGuid():N}");
        var task = new AgentTask("op.wipe.7", 7, DateTimeOffset.MaxValue, new GatherInventory());
        var first = new Journal(path);
        first.Start(task);
        first.Finish(task, new TaskResult("kept"));
        await File.AppendAllTextAsync(path, "{\"id\":\"torn", Soon); // the power failed in mid-write
        var second = new Journal(path);
        Assert.Equal("kept", second.Find("op.wipe.7")?.Error);
        Assert.Equal(7, second.Generation);
        File.Delete(path);
    }

    [Fact]
    public async Task An_older_generation_is_refused_without_acting()
    {
        using var link = await Connect(_ppec);
        List<string> ran = [];
        _ppec.Give("op.install.5", new GatherInventory(), 5);
        _ppec.Give("op.wipe.4", new GatherInventory(), 4);
        _ppec.Give("op.off.5", new PowerDown(), 5);
        await Loop(link, (task, _, _) => { ran.Add(task.Id); return Task.FromResult(new TaskResult(null)); }).Run(Soon);
        Assert.Equal(["op.install.5", "op.off.5"], ran);
        Assert.Contains("older than 5", (await _ppec.ResultOf("op.wipe.4")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_in_mid_task_is_survived_and_the_result_and_every_line_are_heard_afterwards()
    {
        using var link = await Connect(_ppec);
        var (begun, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        _ppec.Give("op.health.1", new GatherInventory());
        var running = Loop(link, async (task, log, _) =>
        {
            if (task.Work is PowerDown) return new TaskResult(null);
            begun.SetResult();
            await finish.Task;
            log.Line("written while PPEC was away");
            await Task.Delay(200);
            return new TaskResult("the result");
        }).Run(Soon);
        await begun.Task;
        await _ppec.Stop();
        finish.SetResult();
        await Task.Delay(600, Soon);
        await _ppec.Start();
        Assert.Equal("the result", (await _ppec.ResultOf("op.health.1").WaitAsync(Soon)).Error);
        _ppec.Give("op.off.2", new PowerDown(), 2);
        await running;
        Assert.DoesNotContain(_ppec.Sessions, s => s != _ppec.Sessions.First()); // the token was not spent again
    }

    [Fact]
    public async Task A_409_on_progress_stops_the_work_at_its_next_safe_point()
    {
        using var link = await Connect(_ppec);
        _ppec.ProgressStatus = 409;
        _ppec.Give("op.health.1", new GatherInventory());
        var running = Loop(link, async (task, _, stop) =>
        {
            if (task.Work is not PowerDown) await Task.Delay(Timeout.Infinite, stop);
            return new TaskResult(null);
        }).Run(Soon);
        Assert.Contains("as PPEC asked", (await _ppec.ResultOf("op.health.1").WaitAsync(Soon)).Error, StringComparison.Ordinal);
        _ppec.Give("op.off.2", new PowerDown(), 2);
        Assert.Equal("powered down as asked", await running);
    }

    [Fact]
    public async Task A_passed_deadline_stops_the_work()
    {
        using var link = await Connect(_ppec);
        _ppec.Give("op.health.1", new GatherInventory(), deadline: DateTimeOffset.UtcNow.AddMilliseconds(200));
        var running = Loop(link, async (task, _, stop) =>
        {
            if (task.Work is not PowerDown) await Task.Delay(Timeout.Infinite, stop);
            return new TaskResult(null);
        }).Run(Soon);
        Assert.Contains("deadline", (await _ppec.ResultOf("op.health.1").WaitAsync(Soon)).Error, StringComparison.Ordinal);
        _ppec.Give("op.off.2", new PowerDown(), 2);
        await running;
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task The_end_of_the_session_stops_the_work_and_the_loop(int status)
    {
        using var link = await Connect(_ppec);
        _ppec.Give("op.health.1", new GatherInventory());
        var running = Loop(link, async (_, _, stop) =>
        {
            _ppec.SessionStatus = status;
            await Task.Delay(Timeout.Infinite, stop);
            return new TaskResult(null);
        }).Run(Soon);
        Assert.Equal("PPEC ended the session", await running);
    }

    [Fact]
    public async Task Work_that_throws_is_a_result_with_a_sentence()
    {
        using var link = await Connect(_ppec);
        _ppec.Give("op.install.1", new GatherInventory());
        var running = Loop(link, (task, _, _) => task.Work is PowerDown ? Task.FromResult(new TaskResult(null)) : throw new IOException("the disk went away")).Run(Soon);
        Assert.Equal("IOException: the disk went away", (await _ppec.ResultOf("op.install.1").WaitAsync(Soon)).Error);
        _ppec.Give("op.off.2", new PowerDown(), 2);
        await running;
    }

    [Fact]
    public void The_secret_of_an_installation_is_not_in_its_text() =>
        Assert.DoesNotContain("the-first-boot-token", new InstallImage(Samples.Plan("S", new byte[512]), "the-first-boot-token", "http://x").ToString(), StringComparison.Ordinal);
}
