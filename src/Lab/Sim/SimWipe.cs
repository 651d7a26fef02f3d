using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;

namespace Ppec.Lab.Sim;

/// <summary>Erases simulated disks by the method a real agent would choose for them.</summary>
internal static class SimWipe
{
    const int Samples = 64;

    public static TaskResult Run(SimMachine machine, WipeDisks work)
    {
        var missing = work.Disks.Where(d => machine.Plan.FittedDisks.All(f => f.Serial != d.Serial)).Select(d => d.Serial).ToList();
        return missing.Count > 0
            ? new TaskResult($"There is no disk with serial {string.Join(", ", missing)} here.") // and nothing was written
            : new TaskResult(null, Wipe: new WipeReport([.. work.Disks.Select(d => Erase(machine, d))]));
    }

    static DiskWipe Erase(SimMachine machine, DiskRef disk)
    {
        var fitted = machine.Plan.FittedDisks.First(d => d.Serial == disk.Serial);
        var (method, sanitization) = fitted.Bus switch
        {
            "nvme" => ("nvme-format", "purge"),
            "sata" => ("ata-secure-erase", "purge"),
            _ => ("discard-zeroes", "clear"),
        };
        var started = TimeProvider.System.GetUtcNow();
        if (machine.Plan.Has("failing-wipe")) return new DiskWipe(fitted.Serial, fitted.Wwn, method, sanitization, false, 0, started, TimeProvider.System.GetUtcNow(), "The drive is frozen.");
        machine.Memory.Keep(fitted.Serial, new SimDisk(null, false));
        return new DiskWipe(fitted.Serial, fitted.Wwn, method, sanitization, true, Samples, started, TimeProvider.System.GetUtcNow(), null);
    }
}
