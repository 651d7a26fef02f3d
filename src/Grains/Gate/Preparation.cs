using System.Collections.Immutable;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Images;
using Ppec.Drivers.Images;

namespace Ppec.Grains.Gate;

/// <summary>
/// What a command needs from elsewhere before its aggregate can decide: an image looked up, a secret stored, names claimed.
/// Claims belong to the machine that is to be; a refusal gives them back, and the sweep gives back what a crash left.
/// </summary>
public sealed class Preparation(IGrainFactory grains, ISecretStore secrets, IImageStore images, PpecOptions options)
{
    public async Task<(Command Command, Problem? Problem)> Of(Command command, SecretText? secret, Caller? caller) => command switch
    {
        ProvisionMachine c => (c with { Image = await Image(c.Spec.Image) }, null),
        ReimageMachine c   => (c with { Image = await Image(c.Spec.Image) }, null),
        RackMachine c      => await Rack(c, secret, caller!),
        CreateRack c       => (c, await grains.GetGrain<IRegionGrain>(c.Region).Exists() ? null : new(ProblemCodes.RegionUnknown, $"There is no region {c.Region}: create it first.")),
        RegisterImage c    => await Register(c),
        _                  => (command, null),
    };

    /// <summary>A refused machine leaves nothing claimed, unless it is there already and the claims are its own.</summary>
    public async Task Undo(Command command, Problem refusal, Caller caller)
    {
        if (command is not RackMachine c || refusal.Code == ProblemCodes.OutcomeUnknown) return;
        var existing = await grains.GetGrain<IMachineGrain>(c.Machine).Context();
        if (c.Bmc is { Secret.Version: > 0 } bmc && bmc.Secret != existing?.Bmc?.Secret) await secrets.Destroy(bmc.Secret, CancellationToken.None);
        if (existing is null) await GiveBack(c, caller);
    }

    async Task<ImageVersion?> Image(string id)
    {
        var (name, version) = Versioned.Parse(id);
        return await grains.GetGrain<IImageGrain>(name).Read(version);
    }

    async Task<(Command, Problem?)> Register(RegisterImage c)
    {
        var signer = Domain.Images.Image.Signer(c.Name, c.Content, c.Signature, options.TrustedImageKeys);
        if (signer is null) return (c, new(ProblemCodes.ImageSignatureRefused, "The signature is not by a trusted key over exactly these values. Sign the image with a key that this node trusts."));
        if (!await images.Verify(c.Content.Sha256, c.Content.SizeBytes, CancellationToken.None))
            return (c, new(ProblemCodes.ImageContentMissing, $"No content with sha256:{c.Content.Sha256} and {c.Content.SizeBytes} bytes is here: upload it first."));
        return (c with { SignedBy = signer }, null);
    }

    async Task<(Command, Problem?)> Rack(RackMachine c, SecretText? password, Caller caller)
    {
        if (await grains.GetGrain<IRackGrain>(c.Place.Rack).Region() is not { } region) return (c, await NoRack(c.Place.Rack));
        if (c.Profile is { } profile)
        {
            var (name, version) = Versioned.ParseProfile(profile);
            if (await grains.GetGrain<IProfileGrain>(name).Read(version) is not { } found) return (c, new(ProblemCodes.ProfileUnknown, $"There is no profile {profile}: create it first."));
            c = c with { Profile = found.Id };
        }
        c = c with { Place = c.Place with { Region = region }, Bmc = c.Bmc is { } b ? b with { Address = new Uri(b.Address).GetLeftPart(UriPartial.Path).TrimEnd('/') } : null };
        c = c with { Machine = await FreeId(c, caller) };
        // What is there already is asked, and claims nothing: it knows whether this is the same request again.
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Context() is { } existing)
            return (c with { Bmc = await Known(c.Bmc, existing.Bmc, password) }, null);

        var claimed = await Claim(c, caller);
        if (claimed is not null)
        {
            await Undo(c with { Bmc = null }, claimed, caller);
            return (c, claimed);
        }
        if (c.Bmc is { } bmc && password is not null)
            c = c with { Bmc = bmc with { Secret = await secrets.Put($"bmc/{c.Machine}", password.Value, CancellationToken.None) } };
        return (c, null);
    }

    async Task<Problem> NoRack(string rack)
    {
        var region = rack.Split('.')[0];
        return await grains.GetGrain<IRegionGrain>(region).Exists()
            ? new(ProblemCodes.RackUnknown, $"There is no rack {rack}: create it first.")
            : new(ProblemCodes.RegionUnknown, $"There is no region {region}: create it first, then the rack.");
    }

    /// <summary>The same password is the same secret; any other makes it another BMC than the one that is known.</summary>
    async Task<BmcAccess?> Known(BmcAccess? wanted, BmcAccess? known, SecretText? password) =>
        wanted is not null && known is not null && password is not null && await secrets.Get(known.Secret, CancellationToken.None) == password.Value
            ? wanted with { Secret = known.Secret }
            : wanted;

    /// <summary>Retired hardware that returns is another machine: <c>id~2</c>. A repeated request is the one that it answered when it was racked.</summary>
    async Task<string> FreeId(RackMachine c, Caller caller)
    {
        for (var (n, candidate) = (2, c.Machine); ; candidate = $"{c.Machine}~{n++}")
        {
            var machine = grains.GetGrain<IMachineGrain>(candidate);
            if (await machine.Read() is not { Stage: "retired" } || (await machine.Execute(c with { Machine = candidate }, caller)).Accepted) return candidate;
        }
    }

    async Task<Problem?> Claim(RackMachine c, Caller caller)
    {
        var units = await grains.GetGrain<IRackGrain>(c.Place.Rack).Execute(new OccupyUnits(c.Place.Rack, c.Machine, c.Place.Unit, c.Place.Height) { At = c.At }, caller);
        if (units.Problem is { } taken) return taken;
        foreach (var name in Names(c))
            if ((await grains.GetGrain<IClaimGrain>(name).Take(c.Machine, c.At, caller)).Problem is { } problem) return problem;
        return null;
    }

    async Task GiveBack(RackMachine c, Caller caller)
    {
        var undo = caller with { CommandId = $"{caller.CommandId}/undo" };
        await grains.GetGrain<IRackGrain>(c.Place.Rack).Execute(new VacateUnits(c.Place.Rack, c.Machine) { At = c.At }, undo);
        foreach (var name in Names(c)) await grains.GetGrain<IClaimGrain>(name).Release(c.Machine, c.At, undo);
    }

    static IEnumerable<string> Names(RackMachine c) =>
        (c.Macs.IsDefault ? [] : c.Macs).Select(m => $"mac:{m}").Concat(c.Bmc is { } b ? [$"bmc:{b.Address}"] : Array.Empty<string>());
}
