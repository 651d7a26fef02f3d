using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Inventory = Ppec.Domain.Machines.MachineState.Inventory;
using Disk = Ppec.Contracts.Hardware.Disk;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using static Ppec.Contracts.Gate.ProblemCodes;
using static Ppec.Domain.Decide;
using static Ppec.Domain.Machines.MachineState;

namespace Ppec.Domain.Machines;

/// <summary>What a command would do to a machine: pure functions of its state. Deciding uses the same functions, so a plan cannot differ from its execution.</summary>
public static class MachinePlans
{
    /// <summary>A plan with what the operation needs to carry it out, or why there is none.</summary>
    public readonly record struct Result<T>(T? Work, Plan? Plan, Problem? Problem);

    /// <summary>The plan of any command that has one.</summary>
    public static Planned Of(MachineState state, MachineCommand command) => (state, command) switch
    {
        (Unknown, _) => new(null, No(MachineUnknown, $"There is no machine {command.Machine}.")),
        (Enlisted, _) => new(null, No(MachineNotAccepted, $"{command.Machine} enlisted itself and waits to be accepted or rejected.")),
        (Known { About.Operation: { } busy }, _) => new(null, No(MachineBusy, $"Operation {busy.Id} ({busy.Kind}) is under way: wait for it, or cancel it first.")),
        (Known { About.Reserved: { } r }, _) when r.Until > command.At && r.Change != command.ForChange => new(null, Machine.KeptFor(r)),
        (Spare s, ProvisionMachine c) => Answer(Provision(s, s.Type, c.Spec, c.Image, c.At, c.Quota)),
        (Baremetal s, ReimageMachine c) => Answer(Reimage(s, c.Spec, c.Image, c.At)),
        (Baremetal or Inventory, ReleaseMachine) => Answer(Release((Known)state)),
        (Racked or Inventory or Spare, RetireMachine) => Answer(Retire((Known)state)),
        _ => new(null, No(MachineWrongStage, $"A machine that is {state.Stage} cannot do this ({command.Permission}).")),
    };

    /// <summary>The plan of a command that does just what it says.</summary>
    public static Planned Plain(MachineState state, MachineCommand command, string text)
    {
        var decided = Machine.Decide(state, command);
        return decided.Problem is { } problem ? new(null, problem)
            : new(Plan(command.Permission, [command.Machine], decided.Events.IsEmpty ? [] : [new PlanEffect(command.Permission.Split('.')[1], command.Machine, text)], command is IStartsOperation ? [new PlanInput("stage", state.Stage)] : []), null);
    }

    /// <summary>Begins the planned work, unless the plan moved since the caller saw it.</summary>
    public static Decision<MachineEvent> Start<T>(Result<T> result, string? expectedHash, Func<T, Plan, MachineEvent> begin)
    {
        if (result.Problem is { } problem) return problem;
        if (expectedHash is not null && expectedHash != result.Plan!.Hash)
            return No(PlanStale, "What this would do has changed since you planned it. Plan again, look, and apply the new plan.");
        return begin(result.Work!, result.Plan!);
    }

    public static Result<InstallPlan> Provision(Known s, string type, ProvisionSpec spec, ImageVersion? image, DateTimeOffset at, string? quota = null)
    {
        if (s.About.Bmc is null) return Refuse<InstallPlan>(MachineNoBmc, $"PPEC does not know how to reach the BMC of {s.About.Id}: set it first.");
        if (s.About.HoldsAt(at).FirstOrDefault() is { } hold) return Refuse<InstallPlan>(ProblemCodes.MachineHeld, $"Lift the hold first: {hold.Source}: {hold.Why}");
        if (image is null) return Refuse<InstallPlan>(ImageUnknown, $"There is no image {spec.Image}.");
        if (image.Deprecated) return Refuse<InstallPlan>(ImageDeprecated, $"Image {image.Id} is deprecated: choose a newer one.");
        if (s.About.Inspection?.Inventory is not { } hardware) return Refuse<InstallPlan>(MachineDisksUnseen, Unseen(s));
        if (image.Content.BootMode != "any" && image.Content.BootMode != hardware.BootMode)
            return Refuse<InstallPlan>(MachineBootModeMismatch, $"Image {image.Id} boots by {image.Content.BootMode}, {s.About.Id} by {hardware.BootMode}.");
        if (Choose(hardware, spec.RootDisk ?? "first") is not { } disk)
            return Refuse<InstallPlan>(MachineDiskUnknown, $"It has no local disk '{spec.RootDisk ?? "first"}'. It has: {string.Join(", ", Parts.LocalDisks(hardware).Select(d => d.Serial))}.");
        if (disk.SizeBytes < image.Content.DiskSizeBytes)
            return Refuse<InstallPlan>(MachineDiskTooSmall, $"Disk {disk.Serial} holds {disk.SizeBytes} bytes, image {image.Id} needs {image.Content.DiskSizeBytes}.");

        var port = hardware.Nics.FirstOrDefault(n => n.Link) ?? hardware.Nics.FirstOrDefault();
        ImmutableArray<InterfacePlan> interfaces = port is null ? [] : [new(port.Mac, spec.Address ?? "dhcp", spec.Gateway, spec.Dns.OrEmpty())];
        var install = new InstallPlan(s.About.Id, image.Ref, new(disk.Serial, disk.Wwn), spec.Hostname, spec.Owner, interfaces, spec.SshKeys.OrEmpty(), spec.UserData ?? "");
        return new(install, Plan("machine.provision", s.About.Id,
            [
                new("power", s.About.Id, "restarted into PIOUS, then into the installed system"),
                new("disk-write", disk.Serial, $"{disk.Model} {disk.SizeBytes} bytes: everything on it is lost"),
                new("image", image.Id, $"sha256:{image.Content.Sha256}"),
                new("hostname", spec.Hostname, $"owned by {spec.Owner}"),
                .. interfaces.Select(i => new PlanEffect("address", i.Mac, Describe(i))),
                new("seed", s.About.Id, $"sha256:{Sha256([.. install.SshKeys, install.UserData])}"),
                .. quota is null ? Array.Empty<PlanEffect>() : [new("quota", spec.Owner, quota)],
                new("stage", s.About.Id, $"{s.Stage} → baremetal"),
            ],
            [new("type", type), new("signed-by", image.SignedBy), .. HardwareInputs(s.About, hardware)]), null);
    }

    public static Result<InstallPlan> Reimage(Baremetal s, ProvisionSpec spec, ImageVersion? image, DateTimeOffset at)
    {
        var kept = spec with { Hostname = s.Hostname, Owner = s.About.Owner ?? s.Plan?.Owner ?? spec.Owner };
        if (s.Plan?.Interfaces.FirstOrDefault() is { } port) kept = kept with { Address = port.Address, Gateway = port.Gateway, Dns = port.Dns };
        var result = Provision(s, s.Type ?? "", kept, image, at);
        return result.Plan is { } p ? result with { Plan = Plan("machine.reimage", s.About.Id, p.Effects, p.Inputs) } : result;
    }

    public static Result<ImmutableArray<DiskRef>> Release(Known s) => s switch
    {
        Inventory i when !i.About.Holds.ContainsKey(Holds.Dirty)
            => Refuse<ImmutableArray<DiskRef>>(MachineNotDirty, "It is not in use and its disks are not half written: inspect it instead."),
        _ => Wipe(s, "machine.release", new PlanEffect("stage", s.About.Id, $"{s.Stage} → inventory, then spare when it passes")),
    };

    public static Result<ImmutableArray<DiskRef>> Retire(Known s) =>
        Wipe(s, "machine.retire",
            new PlanEffect("power", s.About.Id, "off, for good"),
            new PlanEffect("secret", s.About.Id, "BMC password destroyed"),
            new PlanEffect("stage", s.About.Id, $"{s.Stage} → retired, terminal"));

    static Result<ImmutableArray<DiskRef>> Wipe(Known s, string command, params ReadOnlySpan<PlanEffect> then)
    {
        if (s.About.Bmc is null) return Refuse<ImmutableArray<DiskRef>>(MachineNoBmc, $"PPEC does not know how to reach the BMC of {s.About.Id}: set it first.");
        if (s.About.Inspection?.Inventory is not { } hardware)
            return Refuse<ImmutableArray<DiskRef>>(MachineDisksUnseen, Unseen(s));
        if (hardware.Disks.FirstOrDefault(d => Parts.IsLocal(d) && !Parts.IsNamed(d)) is { } nameless)
            return Refuse<ImmutableArray<DiskRef>>(MachineDiskUnknown, $"Disk {nameless.Slot} has no serial and no WWN, so its wipe could not be proven: take it out, or retire the machine as destroyed.");
        ImmutableArray<DiskRef> disks = [.. Parts.LocalDisks(hardware).Select(d => new DiskRef(d.Serial, d.Wwn))];
        return new(disks, Plan(command, s.About.Id,
            [
                new("power", s.About.Id, "shut down, restarted into PIOUS, then off"),
                .. Parts.LocalDisks(hardware).Select(d => new PlanEffect("disk-wipe", d.Serial, $"{d.Model} {d.SizeBytes} bytes: erased and verified")),
                .. then,
            ],
            [.. HardwareInputs(s.About, hardware)]), null);
    }

    /// <summary>What is erased or overwritten is named first, so the disks must have been seen; the way there depends on the stage.</summary>
    static string Unseen(Known s) => s is Baremetal
        ? "Its disks were never seen, because it was adopted as it ran, and nothing is written to what was not seen. When it is out of use: hold it, and retire it as destroyed, attesting every disk by serial; rack it anew if it is to return."
        : "Its disks were never seen: inspect it first, or retire it as destroyed, attesting every disk by serial.";

    static string Describe(InterfacePlan i) =>
        $"{i.Address}{(i.Gateway is null ? "" : $" via {i.Gateway}")}{(i.Dns.IsEmpty ? "" : $", DNS {string.Join(" ", i.Dns)}")}";

    static Disk? Choose(Contracts.Hardware.Inventory hardware, string rule) => rule switch
    {
        "first" => Parts.LocalDisks(hardware).FirstOrDefault(),
        "smallest" => Parts.LocalDisks(hardware).MinBy(d => d.SizeBytes),
        "largest" => Parts.LocalDisks(hardware).MaxBy(d => d.SizeBytes),
        _ => Parts.LocalDisks(hardware).FirstOrDefault(d => d.Serial == rule),
    };

    /// <summary>The hardware a plan rests on. Tags, names and notes are left out on purpose.</summary>
    static IEnumerable<PlanInput> HardwareInputs(Dossier about, Contracts.Hardware.Inventory hardware)
    {
        yield return new("bmc", about.Bmc?.Address ?? "");
        yield return new("system", $"{hardware.System.Serial} {hardware.System.Uuid}");
        foreach (var disk in hardware.Disks) yield return new($"disk {disk.Slot}", $"{disk.Serial} {disk.Wwn} {disk.SizeBytes}");
        foreach (var nic in hardware.Nics) yield return new($"nic {nic.Slot}", nic.Mac);
    }

    static Plan Plan(string command, string machine, ImmutableArray<PlanEffect> effects, ImmutableArray<PlanInput> inputs) => Plan(command, [machine], effects, inputs);

    /// <summary>With the hash over all of it.</summary>
    public static Plan Plan(string command, ImmutableArray<string> machines, ImmutableArray<PlanEffect> effects, ImmutableArray<PlanInput> inputs) =>
        new(command, machines, effects, inputs, Sha256([command, .. machines, $"{effects.Length}", .. effects.SelectMany(e => new[] { e.Kind, e.Target, e.Detail }), .. inputs.SelectMany(i => new[] { i.Name, i.Value })]));

    /// <summary>Over the parts, each with its length before it, so that no two lists of parts read the same.</summary>
    static string Sha256(IEnumerable<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Select(p => $"{p.Length}:{p}\n")))));

    static Result<T> Refuse<T>(string code, string message) => new(default, null, No(code, message));

    static Planned Answer<T>(Result<T> result) => new(result.Plan, result.Problem);

    static ImmutableArray<T> OrEmpty<T>(this ImmutableArray<T> array) => array.IsDefault ? [] : array;
}
