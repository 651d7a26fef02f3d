using Ppec.Lab.Machines;

namespace Ppec.Lab.Bmcs;

/// <summary>The part of a BMC that acts: power and the boot override, honoured once.</summary>
public sealed class BmcPower(IPoweredMachine machine, BmcFaults faults)
{
    /// <summary>The values of ResetType it takes.</summary>
    public static readonly string[] ResetTypes = ["On", "ForceOff", "GracefulShutdown", "ForceRestart", "GracefulRestart"];

    /// <summary>The values of BootSourceOverrideTarget it takes.</summary>
    public static readonly string[] BootTargets = ["None", "Pxe", "Hdd"];

    public static readonly string[] BootEnabled = ["Disabled", "Once", "Continuous"];

    readonly SemaphoreSlim oneAtATime = new(1, 1);
    string? passing;
    int readsLeft;

    public string Target { get; private set; } = "None";

    public string Enabled { get; private set; } = "Disabled";

    public void Override(string? target, string? enabled)
    {
        if (faults.Liar) return;
        Target = target ?? Target;
        Enabled = Target == "None" ? "Disabled" : enabled ?? (target is null ? Enabled : "Once");
        if (Enabled == "Disabled") Target = "None";
    }

    /// <summary>Power actions that arrived, obeyed or not.</summary>
    public int Actions { get; private set; }

    public async Task<string> Read(CancellationToken cancellation)
    {
        if (faults.SaysOn) return "On";
        var seen = passing;
        if (seen is not null && readsLeft-- > 0) return seen;
        passing = null;
        return await machine.IsOn(cancellation) ? "On" : "Off";
    }

    public async Task Reset(string type)
    {
        Actions++;
        if (faults.Liar) return;
        await oneAtATime.WaitAsync();
        try
        {
            var wasOn = await machine.IsOn(CancellationToken.None);
            await (type switch
            {
                "On" => wasOn ? Task.CompletedTask : On(),
                "ForceOff" => machine.PowerOff(CancellationToken.None),
                "GracefulShutdown" => wasOn ? machine.Shutdown(CancellationToken.None) : Task.CompletedTask,
                _ => Restart(), // the graceful one too: what runs here needs no farewell
            });
            if (faults.LagReads > 0 && wasOn != (type == "On")) (passing, readsLeft) = (wasOn ? "PoweringOff" : "PoweringOn", faults.LagReads);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    async Task Restart()
    {
        await machine.PowerOff(CancellationToken.None);
        await On();
    }

    async Task On()
    {
        var device = Target switch { "Pxe" => BootDevice.Network, "Hdd" => BootDevice.Disk, _ => BootDevice.Default };
        await machine.PowerOn(device, CancellationToken.None);
        if (Enabled == "Once") (Target, Enabled) = ("None", "Disabled");
    }
}
