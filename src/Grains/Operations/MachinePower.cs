using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Bmc;

namespace Ppec.Grains.Operations;

/// <summary>
/// Power and boot, believed on evidence only: the BMC must be this machine's own, and every state asked for is read back.
/// Escalation: graceful, forced, BMC reset, failure.
/// </summary>
public sealed class MachinePower(IBmcConnector connector, ISecretStore secrets, PpecOptions options, TimeProvider time, ILogger<MachinePower> logger)
{
    static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(15);
    static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(2);

    /// <summary>Restarts the machine from <paramref name="source"/>: off, read back, boot once, on, read back.</summary>
    public Task<StepResult> Restart(StepContext context, BootOverride source, bool gracefully, CancellationToken cancellation) =>
        With(context, async bmc =>
        {
            await TurnOff(context, bmc, gracefully, cancellation);
            await Ask(() => bmc.SetBootOnce(source, cancellation), async () => await bmc.ReadBootOnce(cancellation) == source);
            if (await bmc.ReadBootOnce(cancellation) is var set && set != source)
                throw new BmcException(BmcFailure.Refused, $"It accepted the boot source {source} and kept {set}.");
            await Ask(() => bmc.RequestPower(PowerRequest.On, cancellation), async () => await bmc.ReadPower(cancellation) is PowerState.On or PowerState.PoweringOn);
            await Reach(bmc, PowerState.On, options.PowerTimeout, cancellation);
            context.Log($"power on, next boot from {(source == BootOverride.Network ? "network" : "disk")}");
        }, cancellation);

    public Task<StepResult> Off(StepContext context, CancellationToken cancellation, bool gracefully = false) =>
        With(context, bmc => TurnOff(context, bmc, gracefully, cancellation), cancellation);

    public Task<StepResult> On(StepContext context, CancellationToken cancellation) =>
        With(context, async bmc =>
        {
            await Ask(() => bmc.RequestPower(PowerRequest.On, cancellation), async () => await bmc.ReadPower(cancellation) is PowerState.On or PowerState.PoweringOn);
            await Reach(bmc, PowerState.On, options.PowerTimeout, cancellation);
            context.Log("power on");
        }, cancellation);

    public Task<StepResult> Light(StepContext context, bool on, CancellationToken cancellation) =>
        With(context, async bmc =>
        {
            await Ask(() => bmc.SetIndicator(on, cancellation), async () => await bmc.ReadIndicator(cancellation) == on);
            if (await bmc.ReadIndicator(cancellation) != on) throw new BmcException(BmcFailure.Refused, $"The BMC accepted to switch its light {(on ? "on" : "off")}, and it is not so.");
            context.Log($"light {(on ? "on" : "off")}");
        }, cancellation);

    /// <summary>
    /// Gives the BMC its pending password, and opens it with that. Where the pending one opens it already, an earlier attempt got so far.
    /// </summary>
    public async Task<StepResult> ChangePassword(StepContext context, CancellationToken cancellation)
    {
        if (context.Machine.Bmc is not { Pending: { } pending } access) return StepResult.Fail("Its BMC was set anew meanwhile: there is no password pending.");
        if (await secrets.Get(pending, cancellation) is not { } password) return StepResult.Fail("The pending password is not in the secret store: set the BMC again.");
        return await With(context, async (bmc, isPending) =>
        {
            if (isPending)
            {
                context.Log("the BMC has the new password already");
                return;
            }
            await bmc.SetPassword(password, cancellation);
            await Opens(access, password, context.Generation, cancellation);
            context.Log("the BMC has a new password, and opens with it");
        }, cancellation);
    }

    async Task Opens(BmcAccess access, string password, long generation, CancellationToken cancellation)
    {
        try
        {
            await using var again = await connector.Open(Target(access, password, generation), cancellation);
            await again.Identify(cancellation);
        }
        catch (BmcException e) when (e.Failure == BmcFailure.Unauthorized)
        {
            throw new BmcException(BmcFailure.Refused, $"The BMC at {access.Address} accepted a new password, and does not open with it.");
        }
    }

    /// <summary>The power as the BMC says it now, if it is this machine's.</summary>
    public async Task<PowerAnswer> Read(MachineContext machine, DateTimeOffset at)
    {
        using var limit = new CancellationTokenSource(ReadLimit, time);
        var state = PowerState.Off;
        try
        {
            var result = await With(machine, 0, async (bmc, _) => state = await bmc.ReadPower(limit.Token), limit.Token);
            return result.Failure is { } why
                ? new(null, new(machine.Bmc is null ? ProblemCodes.MachineNoBmc : ProblemCodes.MachineBmcFailed, why))
                : new(new(machine.View.Id, JsonNamingPolicy.KebabCaseLower.ConvertName($"{state}"), at), null);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return new(null, new(ProblemCodes.MachineBmcFailed, $"The BMC at {machine.Bmc!.Address} did not answer within {ReadLimit.TotalSeconds:0} s."));
        }
    }

    async Task TurnOff(StepContext context, IBmc bmc, bool gracefully, CancellationToken cancellation)
    {
        if (await bmc.ReadPower(cancellation) == PowerState.Off) return;
        if (gracefully)
        {
            await bmc.RequestPower(PowerRequest.GracefulShutdown, cancellation);
            if (await Becomes(bmc, PowerState.Off, options.ShutdownGrace, cancellation)) { context.Log("shut down"); return; }
            context.Log($"did not shut down within {options.ShutdownGrace.TotalSeconds:0} s: cutting the power");
        }
        await Ask(() => bmc.RequestPower(PowerRequest.ForceOff, cancellation), async () => await bmc.ReadPower(cancellation) is PowerState.Off or PowerState.PoweringOff);
        if (await Becomes(bmc, PowerState.Off, options.PowerTimeout, cancellation)) { context.Log("power off"); return; }
        context.Log("the BMC accepted power-off and the machine stayed on: resetting the BMC");
        await bmc.ResetController(cancellation);
        throw new BmcException(BmcFailure.Refused, $"The BMC accepted power-off, and {options.PowerTimeout.TotalSeconds:0} s later the machine was still on. The BMC was reset.");
    }

    /// <summary>An answer that was lost says nothing of what was done: the state does.</summary>
    static async Task Ask(Func<Task> request, Func<Task<bool>> done)
    {
        try
        {
            await request();
        }
        catch (BmcException e) when (e.Failure is BmcFailure.Unreachable or BmcFailure.Timeout)
        {
            if (!await done()) throw;
        }
    }

    async Task Reach(IBmc bmc, PowerState wanted, TimeSpan within, CancellationToken cancellation)
    {
        if (!await Becomes(bmc, wanted, within, cancellation))
            throw new BmcException(BmcFailure.Refused, $"The BMC accepted power {wanted}, and {within.TotalSeconds:0} s later it was not so.");
    }

    async Task<bool> Becomes(IBmc bmc, PowerState wanted, TimeSpan within, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        for (var look = FirstLook; ; look = look * 2 < LongestLook ? look * 2 : LongestLook)
        {
            if (await bmc.ReadPower(cancellation) == wanted) return true;
            if (time.GetElapsedTime(since) > within) return false;
            await Task.Delay(look, time, cancellation);
        }
    }

    Task<StepResult> With(StepContext context, Func<IBmc, Task> act, CancellationToken cancellation) =>
        With(context, (bmc, _) => act(bmc), cancellation);

    Task<StepResult> With(StepContext context, Func<IBmc, bool, Task> act, CancellationToken cancellation) =>
        With(context.Machine, context.Generation, act, cancellation);

    /// <param name="act">Gets the session, and whether it was the pending password that opened it.</param>
    async Task<StepResult> With(MachineContext machine, long generation, Func<IBmc, bool, Task> act, CancellationToken cancellation)
    {
        if (machine.Bmc is not { } access) return StepResult.Fail("PPEC does not know how to reach its BMC: set it first.");
        var password = await secrets.Get(access.Secret, cancellation);
        var pending = access.Pending is { } p ? await secrets.Get(p, cancellation) : null;
        if ((password ?? pending) is not { } first) return StepResult.Fail("The BMC's password is no longer in the secret store: set the BMC again.");
        try
        {
            var (opened, isPending) = await Open(access, first, first == pending ? null : pending, generation, cancellation);
            await using var bmc = opened;
            isPending |= first == pending;
            var seen = await bmc.Identify(cancellation);
            if (NotIts(machine, access, seen) is { } why)
            {
                logger.BmcMismatch(machine.View.Id, why);
                return new(null, why, Final: true) { BelongsTo = seen.Serial };
            }
            await act(bmc, isPending);
            return StepResult.Done;
        }
        catch (BmcException e)
        {
            return e.Failure is BmcFailure.Unauthorized or BmcFailure.WrongCertificate ? StepResult.Fail(e.Message) : StepResult.Retry(e.Message);
        }
    }

    /// <summary>Between a rotation's two writes either password may be the BMC's: the one that opens it is.</summary>
    async Task<(IBmc Bmc, bool IsSecond)> Open(BmcAccess access, string first, string? second, long generation, CancellationToken cancellation)
    {
        try
        {
            return (await connector.Open(Target(access, first, generation), cancellation), false);
        }
        catch (BmcException e) when (e.Failure == BmcFailure.Unauthorized && second is not null)
        {
            return (await connector.Open(Target(access, second, generation), cancellation), true);
        }
    }

    static BmcTarget Target(BmcAccess access, string password, long generation) => new(access.Address, access.User, password, access.PinnedCertificate, generation);

    /// <summary>Why this BMC must not be used for this machine; null when its serial or UUID, or the pinned certificate, says it is the right one.</summary>
    static string? NotIts(MachineContext machine, BmcAccess access, BmcIdentity seen)
    {
        var (serial, uuid) = (machine.View.Evidence is { Serial.Length: > 0 } e ? e.Serial : machine.View.Serial, machine.View.Evidence?.Uuid ?? "");
        if (seen.Serial.Length > 0 && !string.Equals(seen.Serial, serial, StringComparison.OrdinalIgnoreCase))
            return $"The BMC at {access.Address} belongs to serial {seen.Serial}, not {serial}: nothing was sent. Check the BMC cabling.";
        if (uuid.Length > 0 && seen.Uuid.Length > 0 && !string.Equals(seen.Uuid, uuid, StringComparison.OrdinalIgnoreCase))
            return $"The BMC at {access.Address} belongs to UUID {seen.Uuid}, not {uuid}: nothing was sent. Check the BMC cabling.";
        var known = seen.Serial.Length > 0 || (uuid.Length > 0 && seen.Uuid.Length > 0) || access.PinnedCertificate is not null;
        return known ? null : $"The BMC at {access.Address} tells neither serial nor UUID, and no certificate is pinned: nothing was sent.";
    }
}
