using System.Collections.Immutable;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Filters;
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
/// Claims belong to the machine that is to be; a refusal gives back what this request took, and the sweep what a crash left.
/// </summary>
public sealed class Preparation(IGrainFactory grains, ISecretStore secrets, IImageStore images, PpecOptions options, TagSchemas tags)
{
    public async Task<Prepared> Of(Command command, SecretText? secret, Caller? caller) => command switch
    {
        ProvisionMachine c => new(c with { Image = await Image(c.Spec.Image) }),
        ReimageMachine c   => new(c with { Image = await Image(c.Spec.Image) }),
        RackMachine c      => await Rack(c, secret, caller!),
        CreateRack c       => new(c, await grains.GetGrain<IRegionGrain>(c.Region).Exists() ? null : new(ProblemCodes.RegionUnknown, $"There is no region {c.Region}: create it first.")),
        RegisterImage c    => await Register(c),
        TagMachine c       => await tags.Check(c),
        SaveFilter c       => new(c with { Owner = caller!.Actor }),
        DeleteFilter c     => new(c with { By = caller!.Actor }),
        _                  => new(command),
    };

    async Task<ImageVersion?> Image(string id)
    {
        var (name, version) = Versioned.Parse(id);
        return await grains.GetGrain<IImageGrain>(name).Read(version);
    }

    async Task<Prepared> Register(RegisterImage c)
    {
        var signer = Domain.Images.Image.Signer(c.Name, c.Content, c.Signature, options.TrustedImageKeys);
        if (signer is null) return new(c, new(ProblemCodes.ImageSignatureRefused, "The signature is not by a trusted key over exactly these values. Sign the image with a key that this node trusts."));
        return await images.Verify(c.Content.Sha256, c.Content.SizeBytes, CancellationToken.None)
            ? new(c with { SignedBy = signer })
            : new(c, new(ProblemCodes.ImageContentMissing, $"No content with sha256:{c.Content.Sha256} and {c.Content.SizeBytes} bytes is here: upload it first."));
    }

    async Task<Prepared> Rack(RackMachine c, SecretText? password, Caller caller)
    {
        if (await grains.GetGrain<IRackGrain>(c.Place.Rack).Region() is not { } region) return new(c, await NoRack(c.Place.Rack));
        if (c.Profile is { } profile)
        {
            var (name, version) = Versioned.ParseProfile(profile);
            if (await grains.GetGrain<IProfileGrain>(name).Read(version) is not { } found) return new(c, new(ProblemCodes.ProfileUnknown, $"There is no profile {profile}: create it first."));
            c = c with { Profile = found.Id };
        }
        c = c with { Place = c.Place with { Region = region }, Bmc = c.Bmc is { } b ? b with { Address = new Uri(b.Address).GetLeftPart(UriPartial.Path).TrimEnd('/') } : null };
        c = c with { Machine = await FreeId(c, caller) };
        // What is there already is asked, and claims nothing: it knows whether this is the same request again.
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Context() is { } existing)
            return new(c with { Bmc = await Known(c.Bmc, existing.Bmc, password) });

        var taken = new List<Func<Task>>();
        if (await Claim(c, caller, taken) is { } refused)
        {
            await new Prepared(c, GiveBack: taken).Undo();
            return new(c, refused);
        }
        if (c.Bmc is { } bmc && password is not null)
        {
            var secret = await secrets.Put($"bmc/{c.Machine}", password.Value, CancellationToken.None);
            taken.Add(() => secrets.Destroy(secret, CancellationToken.None));
            c = c with { Bmc = bmc with { Secret = secret } };
        }
        return new(c, GiveBack: taken);
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

    /// <summary>Takes the units and names in turn; <paramref name="taken"/> gets the way back of each that was free before.</summary>
    async Task<Problem?> Claim(RackMachine c, Caller caller, List<Func<Task>> taken)
    {
        // Ids of this attempt alone: a claim that was given back must not be answered from memory as taken.
        var take = caller with { CommandId = $"{caller.CommandId}/{Guid.NewGuid():N}", Cause = caller.CommandId };
        var undo = take with { CommandId = $"{take.CommandId}/undo" };
        var rack = grains.GetGrain<IRackGrain>(c.Place.Rack);
        var units = await rack.Execute(new OccupyUnits(c.Place.Rack, c.Machine, c.Place.Unit, c.Place.Height) { At = c.At }, take);
        if (units.Problem is { } occupied) return occupied;
        if (units.Wrote) taken.Add(() => rack.Execute(new VacateUnits(c.Place.Rack, c.Machine) { At = c.At }, undo));
        foreach (var name in Names(c))
        {
            var claim = grains.GetGrain<IClaimGrain>(name);
            var outcome = await claim.Take(c.Machine, c.At, take);
            if (outcome.Problem is { } problem) return problem;
            if (outcome.Wrote) taken.Add(() => claim.Release(c.Machine, c.At, undo));
        }
        return null;
    }

    static IEnumerable<string> Names(RackMachine c) =>
        (c.Macs.IsDefault ? [] : c.Macs).Select(m => $"mac:{m}").Concat(c.Bmc is { } b ? [$"bmc:{b.Address}"] : Array.Empty<string>());
}

/// <summary>A command ready to be decided, or why it cannot be; what to give back if it is refused; and the permission it turned out to need besides its own.</summary>
public sealed record Prepared(Command Command, Problem? Problem = null, IReadOnlyList<Func<Task>>? GiveBack = null, string? AlsoNeeds = null)
{
    public async Task Undo()
    {
        foreach (var giveBack in GiveBack ?? []) await giveBack();
    }
}
