using System.Diagnostics;
using Grpc.Core;

namespace Ppec.Stores.Kurrent;

/// <summary>How long one request is repeated: until <c>defaultDeadline</c> after it began or, once it made progress, after the first failure since.</summary>
sealed class Patience(KurrentConnection connection, string doing)
{
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(20), Longest = TimeSpan.FromSeconds(1);

    readonly TimeSpan _limit = connection.Options.DefaultDeadline;
    long _since = Stopwatch.GetTimestamp();
    TimeSpan _pause = First;
    bool _progressed;

    /// <summary>What is left, at least a moment.</summary>
    public TimeSpan Left => _limit - Stopwatch.GetElapsedTime(_since) is var left && left > First ? left : First;

    public void Progress() => _progressed = true;

    /// <summary>Returns when it is time for another attempt.</summary>
    /// <exception cref="Contracts.Events.EventStoreUnavailableException">No further attempt makes sense.</exception>
    /// <exception cref="OperationCanceledException">The caller wants no further attempt.</exception>
    public async Task Failed(RpcException error, CancellationToken cancellation)
    {
        connection.ThrowIfClosed();
        cancellation.ThrowIfCancellationRequested();
        if (_progressed) (_since, _pause, _progressed) = (Stopwatch.GetTimestamp(), First, false);
        if (!KurrentErrors.IsTransient(error) || Stopwatch.GetElapsedTime(_since) + _pause > _limit) throw KurrentErrors.Translate(error, connection.Options, doing);
        await Task.Delay(_pause, cancellation);
        _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, Longest.Ticks));
    }
}
