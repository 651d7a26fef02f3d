using Ppec.Contracts.Operations;
using Ppec.Sdk;

namespace Ppec.Cli.Operations;

/// <summary>Waiting for an operation. Whatever stops the waiting, the work goes on, and how to follow it is said.</summary>
static class Waiting
{
    /// <summary>After the start of an operation: print its id, or wait for it.</summary>
    public static async Task<int> FinishAsync(Call call, Answer<OperationView> started, string goal = "succeeded")
    {
        if (!call.Get(call.Options.NoWait)) return await WaitAsync(call, started.Value.Id, started.Position, goal, withLog: false);
        if (call.Format is not "table") return Show(call, started);
        call.Screen.Line(started.Value.Id);
        call.Screen.Say($"Follow it: ppec op watch {started.Value.Id}");
        return ExitCodes.Done;
    }

    public static async Task<int> WaitAsync(Call call, string id, string? after, string goal, bool withLog)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        if (call.Get(call.Options.Timeout) is { } time) limit.CancelAfter(time);
        Answer<OperationView> ended;
        try
        {
            var options = new WaitOptions { After = after };
            ended = call.Screen.Live() is { } console
                ? await LiveProgressTable.FollowAsync(console, withLog, look => call.Client.Operations.WaitAsync(id, look, options, limit.Token))
                : await call.Client.Operations.WaitAsync(id, new ProgressLines(call.Screen, withLog).Look, options, limit.Token);
        }
        catch (OperationCanceledException)
        {
            var interrupted = call.Cancellation.IsCancellationRequested;
            call.Screen.Say(interrupted ? $"Stopped waiting; operation {id} goes on." : $"Not ended in time; operation {id} goes on.");
            Follow(call, id);
            return interrupted ? ExitCodes.Interrupted : ExitCodes.TimedOut;
        }
        catch (ServerUnreachableException e)
        {
            call.Screen.Say($"error: {e.Message}");
            call.Screen.Say($"Operation {id} goes on when the server is back.");
            Follow(call, id);
            return ExitCodes.Unreachable;
        }
        Show(call, ended);
        if (ended.Value.State == goal) return ExitCodes.Done;
        call.Screen.Say($"error: the {ended.Value.Kind} of {OperationSheets.On(ended.Value)} {(ended.Value.State == "succeeded" ? "had already succeeded" : $"ended {ended.Value.State}")}{(ended.Value.Error is { } why ? $": {why}" : "")}");
        call.Screen.Say(ended.Value.Children is null ? $"next: ppec op show {id}; ppec machine show {ended.Value.Machine}" : $"next: ppec op show {id}; ppec op retry {id} tries those that failed again");
        return ExitCodes.OperationFailed;
    }

    static void Follow(Call call, string id) => call.Screen.Say($"Follow it: ppec op watch {id}   Stop it: ppec op cancel {id}");

    static int Show(Call call, Answer<OperationView> answer) =>
        call.Show(answer, (operation, wide) => [OperationSheets.Table([operation], wide)], operation => [operation.Id]);
}
