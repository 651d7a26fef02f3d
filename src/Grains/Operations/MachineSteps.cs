using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Images;
using static Ppec.Domain.Machines.Workflows;

namespace Ppec.Grains.Operations;

/// <summary>What PPEC itself does in each step of kind <see cref="StepKind.Act"/>. Each may be run again at any time.</summary>
public sealed class MachineSteps(IGrainFactory grains, MachinePower power, IImageStore images, ISecretStore secrets, IReadModel readModel, PpecOptions options)
{
    public Task<StepResult> Run(StepContext context, CancellationToken cancellation) => context.Step switch
    {
        Steps.VerifyImage  => VerifyImage(context, cancellation),
        Steps.BootPious    => Power(context, power.Restart(context, BootOverride.Network, gracefully: context.Machine.View is { Stage: "baremetal", Operation.Writing: false }, cancellation)),
        Steps.BootDisk     => Power(context, power.Restart(context, BootOverride.Disk, gracefully: false, cancellation)),
        Steps.PowerOff     => Power(context, power.Off(context, cancellation)),
        Steps.BeginWriting => Tell(context, new RecordWriting(context.Facts.Machine, context.Facts.Id), cancellation),
        Steps.StorePassword  => StorePassword(context, cancellation),
        Steps.ChangePassword => Power(context, power.ChangePassword(context, cancellation)),
        Steps.SwitchOn     => Power(context, power.On(context, cancellation)),
        Steps.SwitchOff    => Power(context, power.Off(context, cancellation, gracefully: true)),
        Steps.Light        => Power(context, power.Light(context, context.Facts.Kind == LocateOn, cancellation)),
        Steps.RecordWipes  => Tell(context, new RecordWipes(context.Facts.Machine, context.Facts.Id, context.Facts.Output(o => o.Wipe, Steps.Wipe)!.Disks), cancellation),
        Steps.Record       => Record(context, cancellation),
        _ => throw new ArgumentException($"Step {context.Step} has nothing to run.", nameof(context)),
    };

    /// <summary>The compensation: back to production when it was there and is still whole, otherwise off.</summary>
    public async Task<StepResult> RestorePower(StepContext context, CancellationToken cancellation)
    {
        var result = context.Machine.View is { Stage: "baremetal", Operation.Writing: false }
            ? await power.Restart(context, BootOverride.Disk, gracefully: false, cancellation)
            : await power.Off(context, cancellation);
        return result.BelongsTo is null ? result : StepResult.Done;
    }

    async Task<StepResult> VerifyImage(StepContext context, CancellationToken cancellation)
    {
        var wanted = context.Facts.Input.Plan!.Image;
        var (name, version) = Versioned.Parse(wanted.Image);
        if (await grains.GetGrain<IImageGrain>(name).Read(version) is not { } image) return StepResult.Fail($"Image {wanted.Image} is no longer registered.");
        if (Domain.Images.Image.Signer(image.Name, image.Content, image.Signature, options.TrustedImageKeys) is null)
            return StepResult.Fail($"The signature of image {wanted.Image} is not by a key that is trusted now.");
        return await images.Verify(wanted.Sha256, wanted.SizeBytes, cancellation)
            ? StepResult.Done
            : StepResult.Fail($"The stored content of image {wanted.Image} is missing or altered (sha256:{wanted.Sha256}): upload it again.");
    }

    /// <summary>The new password is in the store, and the machine knows of it, before the BMC does. One that an earlier rotation left pending is the one that is taken.</summary>
    async Task<StepResult> StorePassword(StepContext context, CancellationToken cancellation)
    {
        if (context.Machine.Bmc is not { } bmc) return StepResult.Fail("PPEC does not know how to reach its BMC: set it first.");
        if (bmc.Pending is not null) return StepResult.Done;
        var secret = await secrets.Put($"bmc/{context.Facts.Machine}", RandomPassword.New(), cancellation);
        return await Tell(context, new RecordPendingPassword(context.Facts.Machine, context.Facts.Id, secret), cancellation);
    }

    async Task<StepResult> Record(StepContext context, CancellationToken cancellation)
    {
        var (facts, machine) = (context.Facts, context.Facts.Machine);
        switch (facts.Kind)
        {
            case Inspect or Release:
                var inventory = facts.Output(o => o.Inventory, Steps.Inventory)!;
                var health = await WithClaims(context, inventory, facts.Output(o => o.Health, Steps.Health)!);
                var profiles = await Profiles(context.Machine.View.Profile);
                return await Tell(context, facts.Kind == Inspect
                    ? new RecordInspection(machine, facts.Id, inventory, health, profiles)
                    : new RecordReleased(machine, facts.Id, inventory, health, profiles), cancellation);
            case Retire:
                var told = await Tell(context, new RecordRetired(machine, facts.Id), cancellation);
                if (told.Failure is null) await GiveBack(context, cancellation);
                return told;
            case Workflows.RotateBmc:
                // First the old password goes, then the new one is the only one: the other way round a crash in between would keep the old one for ever.
                if (context.Machine.Bmc is { Pending: { } pending } bmc)
                    foreach (var old in Enumerable.Range(1, pending.Version - 1).Select(v => pending with { Version = v }).Append(bmc.Secret))
                        await secrets.Destroy(old, cancellation);
                return await Tell(context, new RecordErrand(machine, facts.Id), cancellation);
            case var kind when IsErrand(kind):
                return await Tell(context, new RecordErrand(machine, facts.Id), cancellation);
            default:
                return await Tell(context, new RecordProvisioned(machine, facts.Id,
                    facts.Output(o => o.Install, Steps.Install)!, facts.Output(o => o.Note, Steps.AwaitFirstBoot) ?? ""), cancellation);
        }
    }

    /// <summary>A network port's address has one owner. A port that claims another machine's fails the inspection, by name.</summary>
    async Task<HealthReport> WithClaims(StepContext context, Inventory inventory, HealthReport health)
    {
        var checks = health.Checks;
        foreach (var nic in inventory.Nics)
        {
            var taken = await grains.GetGrain<IClaimGrain>($"mac:{nic.Mac}").Take(context.Facts.Machine, context.At, Caller(context, $"claim-{nic.Mac}"));
            if (taken.Problem is { } problem) checks = checks.Add(new("mac-address", nic.Slot, HealthStatus.Failed, problem.Message));
        }
        return new(checks);
    }

    /// <summary>The profile that was ordered; when none was, every current one.</summary>
    async Task<ImmutableArray<ProfileVersion>> Profiles(string? ordered)
    {
        if (ordered is not null)
        {
            var (name, version) = Versioned.ParseProfile(ordered);
            return await grains.GetGrain<IProfileGrain>(name).Read(version) is { } profile ? [profile] : [];
        }
        var newest = readModel.List("profile", new(null, null, 1000, null)).Items
            .Select(d => JsonSerializer.Deserialize<ProfileView>(d.Span, PpecJson.Options)!)
            .GroupBy(p => p.Name).Select(g => g.MaxBy(p => p.Version)!);
        return [.. newest.Select(p => new ProfileVersion(p.Name, p.Version, p.Spec))];
    }

    /// <summary>A retired machine keeps its rack unit and nothing else.</summary>
    async Task GiveBack(StepContext context, CancellationToken cancellation)
    {
        var machine = context.Machine;
        var macs = machine.View.Inventory?.Nics.Select(n => n.Mac) ?? [];
        foreach (var name in macs.Concat(machine.View.Evidence?.Macs ?? []).Distinct().Select(m => $"mac:{m}").Append(machine.Bmc is { } b ? $"bmc:{b.Address}" : "").Where(n => n.Length > 0))
            await grains.GetGrain<IClaimGrain>(name).Release(machine.View.Id, context.At, Caller(context, $"release-{name}"));
        if (machine.Bmc is { } bmc) await secrets.Destroy(bmc.Secret, cancellation);
        if (machine.Bmc?.Pending is { } pending) await secrets.Destroy(pending, cancellation);
    }

    /// <summary>An attempt that was stopped tells the machine nothing more: its compensation may already have looked at it.</summary>
    async Task<StepResult> Tell(StepContext context, MachineCommand command, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var outcome = await grains.GetGrain<IMachineGrain>(context.Facts.Machine).Execute(command with { At = context.At }, Caller(context, "tell"));
        return outcome.Problem is { } problem ? StepResult.Retry(problem.Message) : StepResult.Done;
    }

    /// <summary>A BMC that belongs to another machine holds both: whichever cable is wrong, neither may be acted on.</summary>
    async Task<StepResult> Power(StepContext context, Task<StepResult> act)
    {
        var result = await act;
        if (result.BelongsTo is not { } serial) return result;
        await Hold(context, context.Facts.Machine, result.Failure!);
        if (MachineId.Of(serial) is { Length: > 0 } other && other != context.Facts.Machine && await grains.GetGrain<IMachineGrain>(other).Read() is not null)
            await Hold(context, other, $"Its BMC answers at the address of {context.Facts.Machine}: nothing was sent. Check the BMC cabling.");
        return result;
    }

    async Task Hold(StepContext context, string machine, string why) =>
        await grains.GetGrain<IMachineGrain>(machine).Execute(
            new HoldMachine(machine, Holds.Identity, why, null, null) { At = context.At }, Caller(context, $"hold-{machine}"));

    static Caller Caller(StepContext context, string what) => Contracts.Gate.Caller.ForOperation(context.Facts.Id, context.CommandId(what));
}
