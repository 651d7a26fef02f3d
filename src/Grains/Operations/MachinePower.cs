using Microsoft.Extensions.Logging;
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

    public Task<StepResult> Off(StepContext context, CancellationToken cancellation) =>
        With(context, bmc => TurnOff(context, bmc, gracefully: false, cancellation), cancellation);

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

    async Task<StepResult> With(StepContext context, Func<IBmc, Task> act, CancellationToken cancellation)
    {
        var machine = context.Machine;
        if (machine.Bmc is not { } access) return StepResult.Fail("PPEC does not know how to reach its BMC: set it first.");
        if (await secrets.Get(access.Secret, cancellation) is not { } password) return StepResult.Fail("The BMC's password is no longer in the secret store: set the BMC again.");
        try
        {
            await using var bmc = await connector.Open(new(access.Address, access.User, password, access.PinnedCertificate, context.Generation), cancellation);
            var seen = await bmc.Identify(cancellation);
            if (NotIts(machine, access, seen) is { } why)
            {
                logger.BmcMismatch(machine.View.Id, why);
                return new(null, why, Final: true) { BelongsTo = seen.Serial };
            }
            await act(bmc);
            return StepResult.Done;
        }
        catch (BmcException e)
        {
            return e.Failure is BmcFailure.Unauthorized or BmcFailure.WrongCertificate ? StepResult.Fail(e.Message) : StepResult.Retry(e.Message);
        }
    }

    /// <summary>Why this BMC must not be used for this machine; null when its serial or UUID, or the pinned certificate, says it is the right one.</summary>
    static string? NotIts(MachineContext machine, BmcAccess access, BmcIdentity seen)
    {
        var (serial, uuid) = (machine.View.Serial, machine.View.Evidence?.Uuid ?? "");
        if (seen.Serial.Length > 0 && !string.Equals(seen.Serial, serial, StringComparison.OrdinalIgnoreCase))
            return $"The BMC at {access.Address} belongs to serial {seen.Serial}, not {serial}: nothing was sent. Check the BMC cabling.";
        if (uuid.Length > 0 && seen.Uuid.Length > 0 && !string.Equals(seen.Uuid, uuid, StringComparison.OrdinalIgnoreCase))
            return $"The BMC at {access.Address} belongs to UUID {seen.Uuid}, not {uuid}: nothing was sent. Check the BMC cabling.";
        var known = seen.Serial.Length > 0 || (uuid.Length > 0 && seen.Uuid.Length > 0) || access.PinnedCertificate is not null;
        return known ? null : $"The BMC at {access.Address} tells neither serial nor UUID, and no certificate is pinned: nothing was sent.";
    }
}
