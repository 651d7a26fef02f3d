using System.Collections.Immutable;
using System.Diagnostics;
using Ppec.EndToEnd.Running;

namespace Ppec.Cluster.Tests.Rig;

/// <summary>Commands that never stop, one caller a machine. How long a fault is felt is how long until each of them was answered again.</summary>
sealed class Pulses : IAsyncDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    readonly CancellationTokenSource _stop = new();
    readonly (long Began, long Ended)[] _last;
    readonly Task _beating;

    public Pulses(Site site, Ledger ledger, IReadOnlyList<LabMachine> machines)
    {
        _last = new (long, long)[machines.Count];
        _beating = Task.WhenAll(machines.Select((m, i) => Task.Run(() => Beat(site, ledger, m, i))));
    }

    /// <summary>From <paramref name="since"/> until every caller has sent a command after it and been answered.</summary>
    public async Task<TimeSpan> Recovered(long since, TimeSpan within)
    {
        while (true)
        {
            if (_beating.IsFaulted) await _beating;
            lock (_last)
                if (_last.All(l => l.Began >= since)) return Stopwatch.GetElapsedTime(since, _last.Max(l => l.Ended));
            if (Stopwatch.GetElapsedTime(since) > within)
                throw new TimeoutException($"After {within.TotalSeconds:0} s {_last.Count(l => l.Began < since)} of {_last.Length} callers have no answer.");
            await Task.Delay(10);
        }
    }

    async Task Beat(Site site, Ledger ledger, LabMachine machine, int index)
    {
        for (var n = 0; !_stop.IsCancellationRequested; n++)
        {
            var began = Stopwatch.GetTimestamp();
            var beat = ImmutableDictionary<string, string>.Empty.Add("beat", $"{n}");
            await ledger.Send($"tag {machine.Id} {n}", async options =>
            {
                var answer = await site.Client.Machines.TagAsync(machine.Id, beat, [], options);
                return new(answer.Value.Id, answer.Position);
            });
            lock (_last) _last[index] = (began, Stopwatch.GetTimestamp());
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
