using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Services;
using Ppec.Contracts;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Queries;
using Ppec.Domain.Machines;

namespace Ppec.Grains.Watching;

public interface IWatcher : IGrainService;

/// <summary>
/// Looks at every machine once in an interval and tells its grain what it saw; what that means is the domain's question. Each silo looks at the machines
/// of its part of the ring. Nothing is ever asked of a machine, and none is looked at while an operation works on it or a person does.
/// </summary>
[Reentrant]
public sealed class Watcher(
    GrainId id, Silo silo, ILoggerFactory loggers, IGrainFactory grains, IReadModel readModel, Lookout lookout, PpecOptions options, TimeProvider time)
    : GrainService(id, silo, loggers), IWatcher
{
    /// <summary>Looks at once. A healthy BMC needs some ten milliseconds; the room is for those that let us wait.</summary>
    const int AtOnce = 256;

    /// <summary>A BMC that stays silent is asked less and less often, down to once in so many intervals.</summary>
    const int RarestTurn = 8;

    static readonly TimeSpan LongestBeat = TimeSpan.FromSeconds(1);

    readonly ILogger<Watcher> _logger = loggers.CreateLogger<Watcher>();
    readonly Queue<string> _queue = new();
    readonly HashSet<string> _queued = [];
    readonly Dictionary<string, (int Missed, DateTimeOffset Until)> _silent = [];
    ImmutableArray<string> _machines = [];
    DateTimeOffset _listed;
    DateTimeOffset _since;
    int _looking;
    IDisposable? _timer;

    public override async Task Start()
    {
        await base.Start();
        if (options.Observe) _logger.ObservesOnly();
        if (options.WatchEvery <= TimeSpan.Zero) return;
        _since = time.GetUtcNow();
        var beat = options.WatchEvery / 10 < LongestBeat ? options.WatchEvery / 10 : LongestBeat;
        _timer = RegisterGrainTimer(Tick, beat, beat);
    }

    public override Task Stop()
    {
        _timer?.Dispose();
        return base.Stop();
    }

    Task Tick(CancellationToken cancellation)
    {
        try
        {
            var now = time.GetUtcNow();
            if (now - _listed >= options.WatchEvery / 12)
            {
                _machines = [.. readModel.Watched().Where(m => RingRange.InRange(Turns.Place(m)))];
                foreach (var gone in _silent.Keys.Except(_machines).ToList()) _silent.Remove(gone);
                _listed = now;
            }
            foreach (var machine in _machines)
                if (Turns.Has(machine, _since, now, options.WatchEvery) && !(_silent.TryGetValue(machine, out var s) && now < s.Until) && _queued.Add(machine)) _queue.Enqueue(machine);
            _since = now;
            Next();
        }
        catch (Exception e)
        {
            _logger.WatchFailed(e);
        }
        return Task.CompletedTask;
    }

    void Next()
    {
        while (_looking < AtOnce && _queue.TryDequeue(out var machine)) Turn(machine).Ignore();
    }

    async Task Turn(string machine)
    {
        _looking++;
        try
        {
            await Look(machine);
        }
        catch (Exception e)
        {
            _logger.LookFailed(machine, e);
        }
        finally
        {
            _looking--;
            _queued.Remove(machine);
            Next();
        }
    }

    async Task Look(string id)
    {
        var machine = grains.GetGrain<IMachineGrain>(id);
        if (await machine.Context() is not { } context || context.View.Operation is not null) return;
        var maintained = context.View.Maintenance is { } m && m.ExpiresAt > time.GetUtcNow();
        var report = maintained ? null : await lookout.At(context, _silent.GetValueOrDefault(id).Missed);
        if (report is not null) Mark(id, report);
        if (report is { Trouble: null }) report = report with { Owner = await Owner(context.View, report.Serial) };
        // Only if nothing happened to it meanwhile: an operation may have begun since the BMC was asked.
        var now = time.GetUtcNow();
        var outcome = await machine.Execute(new RecordLook(id, report) { At = now, IfVersion = context.View.Version },
            new("system:watcher", "internal", "internal", $"look/{id}/{Guid.NewGuid():N}", ""));
        if (outcome.Wrote) _logger.DriftChanged(id);
    }

    void Mark(string id, BmcReport report)
    {
        if (report.Trouble is null) _silent.Remove(id);
        else
        {
            var skip = Math.Min(1 << Math.Clamp(report.Tries - Drifts.UnansweredLooks, 0, 8), RarestTurn);
            _silent[id] = (report.Tries, time.GetUtcNow() + (options.WatchEvery * (skip - 0.5)));
        }
    }

    /// <summary>Whose serial it is, when it is another's.</summary>
    async Task<string?> Owner(MachineView view, string serial)
    {
        if (serial.Length == 0 || string.Equals(serial, view.Serial, StringComparison.OrdinalIgnoreCase)) return null;
        return MachineId.Of(serial) is { Length: > 0 } other && await grains.GetGrain<IMachineGrain>(other).Read() is not null ? other : null;
    }
}
