using System.Runtime.CompilerServices;
using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Kurrent;

/// <summary>
/// Follows the log. The server's subscription starts behind a position, so when it is lost (the server restarts, leads no longer, or drops a slow reader)
/// it is taken up again behind the last position seen, and nothing is missed or comes twice.
/// </summary>
static class KurrentSubscription
{
    public static async IAsyncEnumerable<FeedItem> Follow(KurrentReader reader, Wired wired, LogPosition after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var chain = new FeedChain();
        var seen = after;     // the last event handed out
        var reached = after;  // and what is known to hold none of ours behind it
        var live = false;
        var told = false;     // that the reader has caught up with what it was handed
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var messages = reader.Subscribe(() => reached, stop.Token).GetAsyncEnumerator(stop.Token);
        var next = Task.FromResult(true);
        try
        {
            while (true)
            {
                next = messages.MoveNextAsync().AsTask();
                if (live && !told && !next.IsCompleted)
                {
                    // The server says it only once, when it turns to live events. A reader that gathers what it is handed needs to hear it after each of them.
                    told = true;
                    yield return new(null, seen);
                }
                if (!await next) yield break;
                var message = messages.Current;
                switch (message.ContentCase)
                {
                    case ReadResp.ContentOneofCase.Confirmation:
                        live = false;
                        await EnsureWithinLog(reader, reached, cancellation); // each time: after a restart the log may be another
                        break;
                    case ReadResp.ContentOneofCase.Event:
                        var e = wired.Event(message.Event.Event);
                        if (e.Position <= reached) continue;
                        seen = reached = e.Position;
                        told = false;
                        yield return new(chain.Check(e), seen);
                        break;
                    case ReadResp.ContentOneofCase.Checkpoint:
                        var checkpoint = new LogPosition(message.Checkpoint.CommitPosition, message.Checkpoint.PreparePosition);
                        if (checkpoint <= reached) continue; // the first may be 0
                        reached = checkpoint;
                        if (live) yield return new(null, seen = checkpoint); // only others' events passed: the reader need not see them again
                        break;
                    case ReadResp.ContentOneofCase.CaughtUp:
                        live = told = true;
                        yield return new(null, seen);
                        break;
                    case ReadResp.ContentOneofCase.FellBehind:
                        live = false;
                        break;
                }
            }
        }
        finally
        {
            await stop.CancelAsync(); // a reader that leaves may do so while the next message is awaited
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await messages.DisposeAsync();
        }
    }

    static async Task EnsureWithinLog(KurrentReader reader, LogPosition after, CancellationToken cancellation)
    {
        if (after == LogPosition.Start) return;
        var end = await reader.End(ours: false, cancellation);
        if (after > end)
            throw new ArgumentOutOfRangeException(nameof(after), $"Position {after} lies beyond the end of the log ({end}). The reader followed another log, or this one was restored from a backup: start it again from an earlier position.");
    }
}
