using Ppec.Contracts.Events;
using Ppec.Contracts.Feeds;
using Ppec.Contracts.Gate;

namespace Ppec.Grains.Feeds;

/// <summary>
/// Follows the log from where this follower stood, one event after the other. Its place is written down once in a while: what was dealt with since comes again after a crash,
/// so whoever follows must bear that.
/// </summary>
sealed class Following(string who, IEventStore store, IGrainFactory grains, TimeProvider time)
{
    const int MostPassed = 10_000;
    static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(30);

    readonly IFollowerGrain _place = grains.GetGrain<IFollowerGrain>(who);
    LogPosition _written, _reached;
    bool _dealt;
    int _passed;
    long? _wroteAt;

    /// <param name="from">Where it begins when it never did.</param>
    /// <param name="deal">Deals with an event; whether it was one that mattered.</param>
    /// <param name="cancellation">Ends it. The place is written down first.</param>
    public async Task Run(LogPosition from, Func<RecordedEvent, Task<bool>> deal, CancellationToken cancellation)
    {
        var reached = await _place.Reached();
        _written = _reached = reached == LogPosition.Start ? from : reached;
        if (reached == LogPosition.Start && from > reached) await Write(); // once begun, it never begins later than here
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var late = Late(ended.Token);
        try
        {
            await foreach (var item in store.Subscribe(_reached, cancellation))
            {
                if (item.Event is { } e)
                {
                    _dealt |= await deal(e);
                    (_reached, _passed) = (e.Position, _passed + 1);
                }
                if ((_dealt && !(_wroteAt is { } wrote && time.GetElapsedTime(wrote) < WriteEvery)) || _passed >= MostPassed) await Write();
            }
        }
        finally
        {
            await ended.CancelAsync();
            await late;
            try
            {
                if (_dealt && _reached > _written) await Write();
            }
            catch (Exception) when (cancellation.IsCancellationRequested) { /* the silo stops: what was dealt with since comes again */ }
        }
    }

    /// <summary>After a burst the log may be quiet for long: the place is written all the same.</summary>
    async Task Late(CancellationToken ended)
    {
        try
        {
            while (true)
            {
                await Task.Delay(WriteEvery, time, ended);
                if (_dealt && _reached > _written) await Write();
            }
        }
        catch (Exception) { /* it is ended, or what is wrong with the log the one who follows hears too */ }
    }

    async Task Write()
    {
        await _place.Reach(_reached, time.GetUtcNow(), new("system:feeds", "internal", "internal", $"follower/{who}/{_reached}", ""));
        (_written, _dealt, _passed, _wroteAt) = (_reached, false, 0, time.GetTimestamp());
    }
}
