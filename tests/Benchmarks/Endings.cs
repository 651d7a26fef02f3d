using System.Collections.Concurrent;
using Ppec.Contracts.Operations;
using Ppec.Sdk;

namespace Ppec.Benchmarks;

/// <summary>How operations ended. One open feed tells of every end: asking again and again would be measured too.</summary>
sealed class Endings : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _ended = new(StringComparer.Ordinal);
    readonly CancellationTokenSource _stop = new();
    readonly Task _feed;

    public Endings(PpecClient client) => _feed = Follow(client);

    public async Task<string> Of(OperationView operation)
    {
        var result = await Awaited(operation.Id).Task;
        _ended.TryRemove(operation.Id, out _);
        return result;
    }

    async Task Follow(PpecClient client)
    {
        try
        {
            await foreach (var e in client.Events.FollowAsync(stream: "operation-", cancellation: _stop.Token))
                if (e.Value.Type.StartsWith("operation.ended", StringComparison.Ordinal))
                    Awaited(e.Value.Stream["operation-".Length..]).TrySetResult(e.Value.Data.GetProperty("result").GetString()!);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested) { /* measured */ }
    }

    TaskCompletionSource<string> Awaited(string operation) => _ended.GetOrAdd(operation, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _feed;
        _stop.Dispose();
    }
}
