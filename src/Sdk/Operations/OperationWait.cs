using System.Collections.Immutable;
using Ppec.Contracts.Operations;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>How to wait for an operation.</summary>
public sealed record WaitOptions
{
    /// <summary>The pause between two looks while things change; it grows to <see cref="LongestPause"/> while they do not.</summary>
    public TimeSpan ShortestPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause between two looks.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the server may be away before waiting is given up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The position that the start of the operation answered, so that the first look sees it.</summary>
    public string? After { get; init; }
}

/// <summary>One look at an operation.</summary>
/// <param name="Operation">The operation as last seen; null before it was seen at all.</param>
/// <param name="Lines">Log lines since the look before.</param>
/// <param name="Live">How far the agent is in the current step; null when it does not say.</param>
/// <param name="Away">Why the server did not answer this look; null when it did.</param>
public sealed record OperationProgress(OperationView? Operation, ImmutableArray<LogLine> Lines, LiveProgress? Live, Exception? Away);

/// <summary>Looks at an operation until it has ended. Holds the place in the log, and the patience with a server that is away.</summary>
sealed class OperationWait(OperationsClient operations, TimeProvider time, string id, Action<OperationProgress>? progress, WaitOptions options)
{
    string? _after = options.After;
    long _line;
    OperationView? _seen;
    LiveProgress? _live;

    public async Task<Answer<OperationView>> RunAsync(CancellationToken cancellation)
    {
        var pause = options.ShortestPause;
        var heard = time.GetTimestamp();
        while (true)
        {
            try
            {
                var before = (_seen?.Version, _live);
                var answer = await LookAsync(cancellation);
                if (HasEnded(answer)) return answer;
                heard = time.GetTimestamp();
                pause = before == (_seen?.Version, _live) ? Longer(pause) : options.ShortestPause;
            }
            catch (Exception e) when (IsAway(e) && time.GetElapsedTime(heard) < options.Patience)
            {
                progress?.Invoke(new(_seen, [], null, e));
                pause = Longer(pause);
            }
            await Task.Delay(pause, time, cancellation);
        }
    }

    async Task<Answer<OperationView>> LookAsync(CancellationToken cancellation)
    {
        var answer = await operations.GetAsync(id, new() { After = _after }, cancellation);
        _after = null; // seen once, it stays visible
        var log = await LogAsync(cancellation);
        var lines = (log.Lines.IsDefault ? [] : log.Lines).Where(line => line.Number > _line).ToImmutableArray();
        if (lines is [.., var last]) _line = last.Number;
        (_seen, _live) = (answer.Value, log.Progress);
        progress?.Invoke(new(answer.Value, lines, log.Progress, null));
        return answer;
    }

    /// <summary>The log is disposable: without it the operation is still waited for.</summary>
    async Task<OperationLog> LogAsync(CancellationToken cancellation)
    {
        try { return await operations.LogAsync(id, _line, cancellation); }
        catch (PpecException e) when (e.Status is 403 or 404) { return new([], null); }
    }

    TimeSpan Longer(TimeSpan pause) => pause * 1.5 < options.LongestPause ? pause * 1.5 : options.LongestPause;

    static bool HasEnded(OperationView operation) => operation.State is "succeeded" or "failed" or "cancelled";

    static bool IsAway(Exception e) => e is ServerUnreachableException || (e is PpecException problem && Transport.IsPassing(problem));
}
