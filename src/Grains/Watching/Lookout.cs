using Ppec.Contracts.Machines;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Bmc;

namespace Ppec.Grains.Watching;

/// <summary>One look at one BMC: a session of its own, one reading, and the session is closed. It asks for nothing and changes nothing.</summary>
public sealed class Lookout(IBmcConnector connector, ISecretStore secrets, TimeProvider time)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="machine">Whose BMC, and how to open it; null is answered where there is none.</param>
    /// <param name="missed">How many looks before this one went unanswered.</param>
    public async Task<BmcReport?> At(MachineContext machine, int missed)
    {
        if (machine.Bmc is not { } access) return null;
        try
        {
            using var limit = new CancellationTokenSource(Patience, time);
            if (await secrets.Get(access.Secret, limit.Token) is not { } password) return Missed("its password is not in the secret store");
            // Generation 0: an observer is older than every operation, and ends nobody's session.
            await using var bmc = await connector.Open(new(access.Address, access.User, password, access.PinnedCertificate, 0), limit.Token);
            var sight = await bmc.Look(limit.Token);
            return new(null, 0, sight.Identity.Serial, sight.Identity.Uuid, null, Power(sight.Power), sight.MemoryMiB, sight.Sockets);
        }
        catch (BmcException e)
        {
            return Missed(Words(e.Failure));
        }
        catch (OperationCanceledException)
        {
            return Missed(Words(BmcFailure.Timeout));
        }

        BmcReport Missed(string why) => new(why, missed + 1, "", "", null, null, null, null);
    }

    static string? Power(PowerState state) => state switch { PowerState.On => "on", PowerState.Off => "off", _ => null };

    /// <summary>The same words for the same trouble each time: what a BMC says itself may differ from one look to the next.</summary>
    static string Words(BmcFailure failure) => failure switch
    {
        BmcFailure.Unreachable or BmcFailure.Timeout => "it does not answer",
        BmcFailure.Unauthorized     => "it refuses the user and password PPEC has",
        BmcFailure.WrongCertificate => "it shows another certificate than the pinned one",
        BmcFailure.Garbage          => "its answers cannot be read",
        _                           => "it answers with errors",
    };
}
