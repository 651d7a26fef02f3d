using System.Diagnostics;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Ppec.Api;

/// <summary>
/// Calls of the gates. A silo that dies takes the calls it was answering with it, and Orleans tells its client only after 30 s: so a call that has no answer yet is made again beside the first,
/// through another gateway, and the first answer counts. Every call of a gate is safe to repeat: a command carries its key.
/// </summary>
static class Insistence
{
    const int AtOnce = 4;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Again = TimeSpan.FromSeconds(1.5);
    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    static readonly ConditionalWeakTable<IGrainFactory, object> Near = [];

    /// <summary>Calls by <paramref name="grains"/> stay in this process: a gate is a stateless worker, and a silo has its own. Whoever waits for it dies with it, so that asking again would help nobody.</summary>
    public static void KeepNear(IGrainFactory grains) => Near.AddOrUpdate(grains, Near);

    public static bool IsNear(IGrainFactory grains) => Near.TryGetValue(grains, out _);

    /// <param name="ask">The call.</param>
    /// <param name="longer">How long its answer may rightly take beyond the usual.</param>
    public static async Task<T> Insist<T>(Func<Task<T>> ask, TimeSpan longer = default)
    {
        var since = Stopwatch.GetTimestamp();
        var only = ask();
        // Most answers come at once, or in time: only for one that does not is there a timer beside it, and a list.
        if (only.IsCompletedSuccessfully) return await only;
        var asked = new List<Task<T>> { only };
        while (true)
        {
            using var stop = new CancellationTokenSource();
            var first = await Task.WhenAny([.. asked, Task.Delay(longer + (Again * asked.Count), stop.Token)]);
            await stop.CancelAsync();
            if (first is Task<T> answered && asked.Contains(answered))
            {
                if (answered.IsCompletedSuccessfully) return await answered;
                if (!MayPass(answered) || Stopwatch.GetElapsedTime(since) > longer + Patience) return await answered; // throws what it met
                asked.Remove(answered);
                if (asked.Count == 0) await Task.Delay(Breath);
            }
            if (asked.Count < AtOnce) asked.Add(ask());
        }
    }

    /// <summary>The silo that was asked is gone, or none was there.</summary>
    static bool MayPass(Task failed) => failed.Exception?.InnerException is OrleansException or TimeoutException;
}
