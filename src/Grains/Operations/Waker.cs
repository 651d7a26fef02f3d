using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Services;
using Orleans.Runtime;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;

namespace Ppec.Grains.Operations;

public interface IWaker : IGrainService;

/// <summary>
/// At start and every few seconds: wakes every operation that the folded log says is open, so that resuming after a crash depends on no timer service;
/// and gives back what was claimed for a machine that never came to be, or that has moved on.
/// </summary>
[Reentrant]
public sealed class Waker(
    GrainId id, Silo silo, ILoggerFactory loggers, IGrainFactory grains, IReadModel readModel, PpecOptions options, TimeProvider time)
    : GrainService(id, silo, loggers), IWaker
{
    readonly ILogger<Waker> _logger = loggers.CreateLogger<Waker>();
    readonly Dictionary<(string Name, string Owner), long> _orphans = [];

    /// <summary>When claims were last looked through. That is a look at every one of them, so it is done as often as the grace asks for and not at every sweep.</summary>
    long? _searched;
    IDisposable? _timer;

    public override async Task Start()
    {
        await base.Start();
        _timer = RegisterGrainTimer(Sweep, TimeSpan.FromMilliseconds(100), options.WakeEvery);
    }

    public override Task Stop()
    {
        _timer?.Dispose();
        return base.Stop();
    }

    async Task Sweep(CancellationToken cancellation)
    {
        try
        {
            // Beside the turn: of a fleet these are long reads.
            foreach (var (operation, machine) in await Task.Run(readModel.OpenOperations, cancellation))
                if (OperationIds.IsParent(operation)) grains.GetGrain<IParentGrain>(operation).Wake().Ignore();
                else grains.GetGrain<IOperationGrain>(operation).Wake(machine).Ignore();
            foreach (var change in await Task.Run(readModel.OpenChanges, cancellation)) grains.GetGrain<IChangeGrain>(change).Wake().Ignore();
            if (_searched is { } searched && time.GetElapsedTime(searched) < options.ClaimGrace / 2) return;
            _searched = time.GetTimestamp();
            foreach (var (name, owner) in OldOrphans(await Task.Run(readModel.OrphanClaims, cancellation))) await GiveBack(name, owner);
        }
        catch (Exception e)
        {
            _logger.WakeFailed(e);
        }
    }

    /// <summary>A machine that is being racked has its claims a moment before it is: only what stays an orphan is one.</summary>
    List<(string Name, string Owner)> OldOrphans(ImmutableArray<(string Name, string Owner)> orphans)
    {
        var now = time.GetTimestamp();
        foreach (var gone in _orphans.Keys.Except(orphans).ToList()) _orphans.Remove(gone);
        foreach (var orphan in orphans) _orphans.TryAdd(orphan, now);
        return [.. orphans.Where(o => time.GetElapsedTime(_orphans[o], now) >= options.ClaimGrace)];
    }

    /// <summary>The read model may be behind: the machine's own grain has the last word.</summary>
    async Task GiveBack(string name, string owner)
    {
        var machine = await grains.GetGrain<IMachineGrain>(owner).Read();
        if (machine is not null && (Parse(name) is var (kind, rest, unit) && kind switch
        {
            "rack" => machine.Rack == rest && machine.Unit == unit,
            "bmc" => machine.Bmc?.Address == rest,
            "change" => machine.ReservedFor != rest,
            _ => true,
        })) return;
        var at = time.GetUtcNow();
        var caller = new Caller("system:sweep", "internal", "internal", $"sweep/{name}/{owner}/{at.UtcTicks}", "", Reason: machine is null ? $"{owner} never came to be" : $"{owner} has another now");
        if (Parse(name) is ("rack", var rack, var stood))
            await grains.GetGrain<IRackGrain>(rack).Execute(new VacateUnits(rack, owner, stood) { At = at }, caller);
        else if (Parse(name) is ("change", var change, _))
            await grains.GetGrain<IMachineGrain>(owner).Execute(new FreeMachine(owner, change) { At = at }, caller);
        else
            await grains.GetGrain<IClaimGrain>(name).Release(owner, at, caller);
        _logger.ClaimSwept(name, owner);
    }

    /// <summary><c>rack:blr1.r12/17</c> is unit 17 of that rack; of every other claim the rest is its name.</summary>
    static (string Kind, string Of, int Unit) Parse(string name)
    {
        var (kind, rest) = (name[..name.IndexOf(':', StringComparison.Ordinal)], name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        var slash = kind == "rack" ? rest.LastIndexOf('/') : -1;
        return slash < 0 ? (kind, rest, 0) : (kind, rest[..slash], int.Parse(rest.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
