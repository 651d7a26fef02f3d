using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using static Ppec.Domain.Machines.Workflows;

namespace Ppec.Domain.Operations;

/// <summary>
/// Whether what came back from a machine is what the step needed. A pure check of evidence: an agent's word that it is done is not enough.
/// </summary>
public readonly record struct Judgement(StepOutput? Output, string? Failure, bool Final)
{
    public static Judgement OfTask(OperationFacts facts, string step, TaskResult result) => (step, result) switch
    {
        (_, { Error: { } error })                                    => Bad(error),
        (Steps.Inventory, { Inventory: { } found })                  => Good(new(Inventory: found)),
        (Steps.CheckHardware or Steps.RecheckHardware, { Inventory: { } found }) => OfHardware(facts, found),
        (Steps.Health, { Health: { } health })                       => Good(new(Health: health)),
        (Steps.Install, { Install: { } install })                    => OfInstall(facts, install),
        (Steps.Wipe, { Wipe: { } wipe })                             => OfWipe(facts, wipe),
        _                                                            => Bad("The agent's answer lacks the report of its task."),
    };

    /// <summary>First boot is believed when the machine that was installed says so, with the hardware that was inspected.</summary>
    public static Judgement OfBeacon(OperationFacts facts, Beacon beacon, string sourceAddress)
    {
        var plan = facts.Input.Plan!;
        if (beacon.Image != plan.Image.Image) return Wrong($"The system that called home is {beacon.Image}, not {plan.Image.Image}.");
        if (facts.Input.Expected is { } expected)
        {
            var known = new MachineEvidence(expected.System.Serial, expected.System.Uuid, expected.Board.Serial, []);
            if (Parts.Contradiction(known, beacon.Evidence) is { } other) return Wrong($"Another machine called home: {other}.");
            var missing = Parts.LocalDisks(expected).Select(d => d.Serial).Where(s => s.Length > 0).Except(beacon.DiskSerials).ToList();
            if (missing.Count > 0) return Wrong($"At first boot a disk is missing: {Where(expected, missing[0])}.");
            if (beacon.MemoryMiB < expected.MemoryMiB * 9 / 10) return Wrong($"At first boot memory is missing: expected {expected.MemoryMiB} MiB, found {beacon.MemoryMiB} MiB.");
        }
        return Good(new(Note: sourceAddress));
    }

    /// <summary>Looked at before and after every write: the hardware is what was inspected, and no disk is attached that is not the machine's own.</summary>
    static Judgement OfHardware(OperationFacts facts, Contracts.Hardware.Inventory found)
    {
        if (found.Disks.Except(Parts.LocalDisks(found)).FirstOrDefault() is { } foreign)
            return Wrong($"Disk {foreign.Slot} ({foreign.Transport}, serial {(foreign.Serial.Length > 0 ? foreign.Serial : "unknown")}) is not a local disk with a name: nothing is written while it is attached.");
        if (facts.Input.Expected is not { } expected) return Good(new(Inventory: found));
        var differences = Parts.Differences(expected, found);
        return differences.IsEmpty ? Good(new(Inventory: found)) : Wrong($"The hardware is not what was inspected: {string.Join("; ", differences)}.");
    }

    static Judgement OfInstall(OperationFacts facts, InstallReport install)
    {
        var plan = facts.Input.Plan!;
        return (install.Sha256Written == plan.Image.DiskSha256, install.Sha256ReadBack == plan.Image.DiskSha256, install.DiskSerial == plan.RootDisk.Serial) switch
        {
            (_, _, false) => Wrong($"It wrote disk {install.DiskSerial}, not {plan.RootDisk.Serial}."),
            (false, _, _) => Bad($"The image written has digest {install.Sha256Written}, not {plan.Image.DiskSha256}."),
            (_, false, _) => Bad($"Disk {install.DiskSerial} reads back {install.Sha256ReadBack}, not {plan.Image.DiskSha256}."),
            _             => Good(new(Install: install)),
        };
    }

    static Judgement OfWipe(OperationFacts facts, WipeReport wipe)
    {
        var proven = wipe.Disks.Where(d => d is { Verified: true, Error: null }).ToList();
        foreach (var disk in facts.Input.Disks)
            if (!proven.Any(p => Is(p, disk)))
                return Bad($"Disk {(disk.Serial.Length > 0 ? disk.Serial : disk.Wwn)} is not proven erased: {wipe.Disks.FirstOrDefault(d => Is(d, disk))?.Error ?? "no report"}.");
        return Good(new(Wipe: wipe));
    }

    /// <summary>By serial, or by WWN where there is none.</summary>
    static bool Is(DiskWipe wiped, DiskRef disk) => wiped.Serial == disk.Serial && (disk.Serial.Length > 0 || wiped.Wwn == disk.Wwn);

    static string Where(Contracts.Hardware.Inventory expected, string serial) =>
        expected.Disks.Where(d => d.Serial == serial).Select(d => $"{d.Slot} ({serial})").FirstOrDefault() ?? serial;

    static Judgement Good(StepOutput output) => new(output, null, false);
    static Judgement Bad(string why) => new(null, why, false);
    static Judgement Wrong(string why) => new(null, why, true);
}
