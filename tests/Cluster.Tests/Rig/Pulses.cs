using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.EndToEnd.Running;

namespace Ppec.Cluster.Tests.Rig;

/// <summary>Commands that never stop, one caller a machine. How long a fault is felt is how long until each of them was answered again.</summary>
sealed class Pulses : IAsyncDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    readonly CancellationTokenSource _stop = new();
    readonly List<(long Began, long Ended)>[] _answered;
    readonly Task _beating;

    /// <param name="machines">Ids of machines that may be tagged.</param>
    public Pulses(Site site, Ledger ledger, IReadOnlyList<string> machines)
    {
        _answered = [.. machines.Select(_ => new List<(long, long)>())];
        _beating = Task.WhenAll(machines.Select((m, i) => Task.Run(() => Beat(site, ledger, m, _answered[i]))));
    }

    /// <summary>From <paramref name="since"/> until every caller has sent a command after it and been answered.</summary>
    public async Task<TimeSpan> Recovered(long since, TimeSpan within) => (await Each(since, within)).Max();

    /// <summary>From <paramref name="since"/> until the first answer to a command sent after it, of each machine.</summary>
    public async Task<ImmutableArray<TimeSpan>> Each(long since, TimeSpan within)
    {
        while (true)
        {
            if (_beating.IsFaulted) await _beating;
            var first = _answered.Select(a => FirstAfter(a, since)).ToList();
            if (first.TrueForAll(f => f is not null)) return [.. first.Select(f => Stopwatch.GetElapsedTime(since, f!.Value))];
            if (Stopwatch.GetElapsedTime(since) > within)
                throw new TimeoutException($"After {within.TotalSeconds:0} s {first.Count(f => f is null)} of {first.Count} callers have no answer.");
            await Task.Delay(10);
        }
    }

    static long? FirstAfter(List<(long Began, long Ended)> answered, long since)
    {
        lock (answered)
        {
            var index = answered.Count;
            while (index > 0 && answered[index - 1].Began >= since) index--;
            return index < answered.Count ? answered[index].Ended : null;
        }
    }

    async Task Beat(Site site, Ledger ledger, string machine, List<(long Began, long Ended)> answered)
    {
        for (var n = 0; !_stop.IsCancellationRequested; n++)
        {
            var began = Stopwatch.GetTimestamp();
            var beat = ImmutableDictionary<string, string>.Empty.Add("beat", $"{n}");
            await ledger.Send($"tag {machine} {n}", async options =>
            {
                var answer = await site.Client.Machines.TagAsync(machine, beat, [], options);
                return new(answer.Value.Id, answer.Position);
            });
            lock (answered) answered.Add((began, Stopwatch.GetTimestamp()));
            await Task.Delay(Pause);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beating;
        _stop.Dispose();
    }
}
