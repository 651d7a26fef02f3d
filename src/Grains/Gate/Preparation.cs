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
using Ppec.Domain.Access;
using Ppec.Domain.Images;
using Ppec.Drivers.Images;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>
/// What a command needs from elsewhere before its aggregate can decide: an image looked up, a secret stored, names claimed.
/// Claims belong to the machine that is to be; a refusal gives back what this request took, and the sweep what a crash left.
/// </summary>
public sealed class Preparation(IGrainFactory grains, ISecretStore secrets, IImageStore images, PpecOptions options, TagSchemas tags, AccessBook book, Passwords passwords, Tickets tickets)
{
    public async Task<Prepared> Of(Command command, SecretText? secret, Caller? caller) => command switch
    {
        _ when Unreachable(command) is { } never => new(command, never),
        UnholdMachine c    => await Lift(c, c.Machine, c.Source),
        HoldMachine c      => await Lift(c, c.Machine, c.Source),
        ProvisionMachine c => await Provision(c, caller),
        ReimageMachine c   => new(c with { Image = await Image(c.Spec.Image) }),
        RackMachine c      => await Rack(c, secret, caller!),
        AcceptMachine c    => await Accept(c, secret, caller!),
        MergeMachine c     => await Merge(c, caller!),
        SetMachine c       => await Within(c.Machine, c.Owner, caller, () => Describe(c, caller!)),
        SetMachineBmc c    => await SetBmc(c, secret, caller!),
        RekeyMachine c     => await Rekey(c, caller!),
        AdoptMachine c     => await Within(c.Machine, c.Owner, caller, () => Adopt(c, caller!)),
        UnrackMachine c    => await Unrack(c, caller!),
        RetireDestroyed c  => await Destroyed(c, caller!),
        CreateRack c       => new(c, await grains.GetGrain<IRegionGrain>(c.Region).Exists() ? null : new(ProblemCodes.RegionUnknown, $"There is no region {c.Region}: create it first.")),
        RegisterImage c    => await Register(c),
        TagMachine c       => await tags.Check(c),
        SaveFilter c       => new(c with { Owner = caller!.Actor }),
        DeleteFilter c     => new(c with { By = caller!.Actor }),
        SetPassword c      => await Password(c, secret!),
        IssueCredential c  => await Issue(c, caller!),
        RotateCredential c => Rotate(c, caller!),
        _                  => new(command),
    };

    async Task<Prepared> Provision(ProvisionMachine c, Caller? caller)
    {
        c = c with { Image = await Image(c.Spec.Image) };
        return await QuotasOf(c.Spec.Owner) is { } quotas && await grains.GetGrain<IMachineGrain>(c.Machine).Read() is { } view
            ? await Within(c.Machine, c.Spec.Owner, caller, () => Task.FromResult(new Prepared(c with { Quota = Quotas.Said(quotas, view.Type ?? "") })))
            : new(c);
    }

    /// <summary>What gives a machine to a team takes room in the team's quotas first, and gives it back if it is refused after all. Without a caller it is only asked whether there is any.</summary>
    async Task<Prepared> Within(string machine, string? owner, Caller? caller, Func<Task<Prepared>> prepare)
    {
        if (string.IsNullOrEmpty(owner) || await QuotasOf(owner) is not { } quotas || await grains.GetGrain<IMachineGrain>(machine).Read() is not { } view || view.Owner == owner) return await prepare();
        var quota = grains.GetGrain<IQuotaGrain>(owner);
        var full = caller is null ? await quota.Room(view.Type ?? "", 1, quotas) : await quota.Take(machine, view.Type ?? "", quotas);
        var prepared = await prepare();
        if (full is not null)
        {
            await prepared.Undo();
            return new(prepared.Command, full);
        }
        if (caller is null) return prepared;
        if (prepared.Problem is not null) await quota.Free(machine);
        return prepared with { GiveBack = [.. prepared.GiveBack ?? [], () => quota.Free(machine)] };
    }

    /// <summary>What a team may have; null where nothing is said of it.</summary>
    async Task<ImmutableSortedDictionary<string, long>?> QuotasOf(string owner) =>
        (await book.Now()).Directory.Owners.GetValueOrDefault(owner) is { Quotas: { Count: > 0 } quotas } ? quotas : null;

    /// <summary>What would be refused here, as far as that is seen without taking anything: for a plan.</summary>
    public async Task<Problem?> Foreseen(MachineCommand command) => Unreachable(command) ?? command switch
    {
        SetMachine c   => (await Within(c.Machine, c.Owner, null, () => Task.FromResult(new Prepared(c)))).Problem,
        AdoptMachine c => (await Within(c.Machine, c.Owner, null, () => Task.FromResult(new Prepared(c)))).Problem,
        _              => null,
    };

    Problem? Unreachable(Command command) =>
        command switch
        {
            RackMachine c   => c.Bmc,
            AcceptMachine c => c.Bmc,
            SetMachineBmc c => c.Bmc,
            _               => null,
        } is { } bmc && options.BmcGuard.Refusal(new Uri(bmc.Address)) is { } never ? Problem.Invalid("bmc.address", never) : null;

    /// <summary>A hold that was given with a permission is taken away, or replaced, by nobody without it.</summary>
    async Task<Prepared> Lift(Command c, string machine, string source) =>
        await grains.GetGrain<IMachineGrain>(machine).Read() is { } view && view.Holds.FirstOrDefault(h => h.Source == source) is { LiftPermission: { } permission }
            ? new(c, AlsoNeeds: (permission, Reaches.Of(view)))
            : new(c);

    /// <summary>The old hash goes once the new one is believed.</summary>
    async Task<Prepared> Password(SetPassword c, SecretText password)
    {
        if ((await book.Now()).Directory.Users.GetValueOrDefault(c.User) is not { } user) return new(c);
        if (c.By == c.User && user.PasswordVersion > 0 && !await passwords.Matches(c.User, user.PasswordVersion, c.Current?.Value ?? ""))
            return new(c, new(ProblemCodes.PasswordWrong, "Your current password is another."));
        var kept = await passwords.Keep(c.User, password.Value);
        return new(c with { Current = null, Version = kept.Version }, GiveBack: [() => passwords.Destroy(c.User, kept.Version)], Afterwards: [() => passwords.Destroy(c.User, user.PasswordVersion)]);
    }

    /// <summary>The token follows from the request and from who presents it: whoever lost the answer asks again with the same key and hears the same.</summary>
    async Task<Prepared> Issue(IssueCredential c, Caller caller)
    {
        var kind = (await book.Now()).Directory.Users.GetValueOrDefault(c.Principal) is { Kind: "service" } ? "svc" : "pat";
        var token = tickets.Credential(kind, c.Credential, $"{caller.CommandId}/{caller.Credential}");
        return new(c with { Sha256 = Tokens.Hash(token) }, Token: new(token));
    }

    Prepared Rotate(RotateCredential c, Caller caller)
    {
        var token = tickets.Credential("pat", c.Credential, $"{caller.CommandId}/{caller.Credential}");
        return new(c with { Sha256 = Tokens.Hash(token) }, Token: new(token));
    }

    async Task<ImageVersion?> Image(string id)
    {
        var (name, version) = Versioned.Parse(id);
        return await grains.GetGrain<IImageGrain>(name).Read(version);
    }

    async Task<Prepared> Register(RegisterImage c)
    {
        var signer = Domain.Images.Image.Signer(c.Name, c.Content, c.Signature, options.TrustedImageKeys);
        if (signer is null) return new(c, new(ProblemCodes.ImageSignatureRefused, "The signature is not by a trusted key over exactly these values. Sign the image with a key that this node trusts."));
        if (await images.Verify(c.Content.Sha256, c.Content.SizeBytes, CancellationToken.None)) return new(c with { SignedBy = signer });
        await using var stored = images.Open(c.Content.Sha256);
        return stored is not null
            ? new(c, new(ProblemCodes.ImageContentAltered, $"What is stored under sha256:{c.Content.Sha256} is not {c.Content.SizeBytes} bytes with that digest: upload it again."))
            : new(c, new(ProblemCodes.ImageContentMissing, $"No content with sha256:{c.Content.Sha256} and {c.Content.SizeBytes} bytes is here: upload it first."));
    }

    async Task<Prepared> Rack(RackMachine c, SecretText? password, Caller caller)
    {
        if (await grains.GetGrain<IRackGrain>(c.Place.Rack).Region() is not { } region) return new(c, await NoRack(c.Place.Rack));
        var ordered = await Ordered(c.Profile);
        if (ordered.Problem is { } unordered) return new(c, unordered);
        c = c with { Place = c.Place with { Region = region }, Profile = ordered.Id, Bmc = Canonical(c.Bmc) };
        c = c with { Machine = await FreeId(c, caller) };
        // What is there already is asked, and claims nothing: it knows whether this is the same request again.
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Context() is { } existing)
            return new(c with { Bmc = await Known(c.Bmc, existing.Bmc, password) });

        return await Taking(c, async taken =>
        {
            var claims = new Claims(grains, c.Machine, c.At, caller, taken);
            if (await claims.Units(c.Place, moving: false) is { } occupied) return (c, occupied);
            if (await claims.Names(Macs(c.Macs).Concat(Address(c.Bmc))) is { } owned) return (c, owned);
            return (c with { Bmc = await Stored(c.Machine, c.Bmc, password, taken) }, null);
        });
    }

    /// <summary>As racking does, for a machine that is there already and knows its ports.</summary>
    async Task<Prepared> Accept(AcceptMachine c, SecretText? password, Caller caller)
    {
        if (await grains.GetGrain<IRackGrain>(c.Place.Rack).Region() is not { } region) return new(c, await NoRack(c.Place.Rack));
        var ordered = await Ordered(c.Profile);
        if (ordered.Problem is { } unordered) return new(c, unordered);
        c = c with { Place = c.Place with { Region = region }, Profile = ordered.Id, Bmc = Canonical(c.Bmc) };
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Context() is not { View: { Enlisted: true } view }) return new(c);
        return await Taking(c, async taken =>
        {
            var claims = new Claims(grains, c.Machine, c.At, caller, taken);
            if (await claims.Units(c.Place, moving: true) is { } occupied) return (c, occupied);
            if (await claims.Names(Macs(view.Evidence?.Macs ?? []).Concat(Address(c.Bmc))) is { } owned) return (c, owned);
            return (c with { Bmc = await Stored(c.Machine, c.Bmc, password, taken) }, null);
        });
    }

    /// <summary>Two machines become one: the one on paper first gets the evidence, and only then the enlisted one is no more. Asked again after a crash in between, it goes on.</summary>
    async Task<Prepared> Merge(MergeMachine c, Caller caller)
    {
        if (await grains.GetGrain<IMachineGrain>(c.As).Context() is null) return new(c, new(ProblemCodes.MachineUnknown, $"There is no machine {c.As}. Accept it as what it is, or rack {c.As} first."));
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Context() is not { View: { Enlisted: true, Evidence: { } evidence } }) return new(c);
        return await Taking(c, async taken =>
        {
            var claims = new Claims(grains, c.As, c.At, caller, taken);
            if (await claims.Names(Macs(evidence.Macs)) is { } owned) return (c, owned);
            var told = await grains.GetGrain<IMachineGrain>(c.As).Execute(new TakeEvidence(c.As, evidence, c.Machine) { At = c.At }, claims.Caller);
            return (c, told.Problem);
        });
    }

    /// <summary>A move takes the new units before the old ones are left: what a crash leaves of either, the sweep gives back.</summary>
    async Task<Prepared> Describe(SetMachine c, Caller caller)
    {
        if (c.Profile is { Length: > 0 })
        {
            var ordered = await Ordered(c.Profile);
            if (ordered.Problem is { } unordered) return new(c, unordered);
            c = c with { Profile = ordered.Id };
        }
        if (c.Move is not { } move || await grains.GetGrain<IMachineGrain>(c.Machine).Read() is not { } view) return new(c);
        if ((move.Rack ?? view.Rack, move.Unit ?? view.Unit) is not ({ } rack, { } unit))
            return new(c, Problem.Invalid("rack", "It stands nowhere now: name the rack and the unit."));
        if (await grains.GetGrain<IRackGrain>(rack).Region() is not { } region) return new(c, await NoRack(rack));
        var place = new Placement(region, rack, unit, move.Height ?? view.Height ?? 1);
        c = c with { Place = place };
        if (view.Enlisted || view.Stage == "retired") return new(c);
        var left = view is { Rack: { } from, Unit: { } at } ? (Rack: from, Unit: at, Height: view.Height ?? 1) : ((string Rack, int Unit, int Height)?)null;
        return await Taking(c,
            async taken => (c, await new Claims(grains, c.Machine, c.At, caller, taken).Units(place, moving: true, instead: left is { } l && (l.Rack, l.Unit) == (rack, unit) ? l.Height : null)),
            left is { } old && (old.Rack, old.Unit) != (rack, unit) ? [() => Vacate(old.Rack, c, old.Unit, caller)] : []);
    }

    async Task<Prepared> SetBmc(SetMachineBmc c, SecretText? password, Caller caller)
    {
        c = c with { Bmc = Canonical(c.Bmc)! };
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Context() is not { View: { Enlisted: false, Stage: not "retired" } } machine) return new(c);
        if (await Known(c.Bmc, machine.Bmc, password) is { } same && machine.Bmc is { } known && same.Secret == known.Secret)
            return await Readdressed(c with { Bmc = same }, known, caller);
        return await Taking(c, async taken =>
        {
            if (await new Claims(grains, c.Machine, c.At, caller, taken).Names(Address(c.Bmc)) is { } owned) return (c, owned);
            return (c with { Bmc = (await Stored(c.Machine, c.Bmc, password, taken))! }, null);
        }, Gone(machine.Bmc, c, caller));
    }

    /// <summary>The password is the one that is known; what else was said of the BMC may be new.</summary>
    Task<Prepared> Readdressed(SetMachineBmc c, BmcAccess known, Caller caller) =>
        Taking(c, async taken => (c, await new Claims(grains, c.Machine, c.At, caller, taken).Names(Address(c.Bmc))),
            known.Address == c.Bmc.Address ? [] : [() => Release($"bmc:{known.Address}", c, caller)]);

    /// <summary>What is given back once the machine has another BMC: its old password, whatever was pending, and its old address.</summary>
    IReadOnlyList<Func<Task>> Gone(BmcAccess? old, SetMachineBmc c, Caller caller) => old is null ? [] :
    [
        () => secrets.Destroy(old.Secret, CancellationToken.None),
        () => old.Pending is { } pending ? secrets.Destroy(pending, CancellationToken.None) : Task.CompletedTask,
        () => old.Address == c.Bmc.Address ? Task.CompletedTask : Release($"bmc:{old.Address}", c, caller),
    ];

    async Task<Prepared> Rekey(RekeyMachine c, Caller caller)
    {
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Read() is not { Enlisted: false, Stage: not "retired" } view) return new(c);
        var dropped = (view.Evidence?.Macs ?? []).Except(c.Evidence.Macs).ToList();
        return await Taking(c, async taken => (c, await new Claims(grains, c.Machine, c.At, caller, taken).Names(Macs(c.Evidence.Macs))),
            [.. dropped.Select(mac => (Func<Task>)(() => Release($"mac:{mac}", c, caller)))]);
    }

    async Task<Prepared> Adopt(AdoptMachine c, Caller caller) =>
        await grains.GetGrain<IMachineGrain>(c.Machine).Read() is { Enlisted: false, Stage: "racked" }
            ? await Taking(c, async taken => (c, await new Claims(grains, c.Machine, c.At, caller, taken).Names(Macs(c.Evidence.Macs))))
            : new(c);

    async Task<Prepared> Unrack(UnrackMachine c, Caller caller) =>
        await grains.GetGrain<IMachineGrain>(c.Machine).Read() is { Rack: { } rack, Unit: { } unit }
            ? new(c, Afterwards: [() => Vacate(rack, c, unit, caller)])
            : new(c);

    /// <summary>Its names and secrets are free once it is retired, as after a retirement by wiping.</summary>
    async Task<Prepared> Destroyed(RetireDestroyed c, Caller caller)
    {
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Context() is not { View: { Enlisted: false, Stage: not "retired" } view } machine) return new(c);
        var names = Macs([.. view.Inventory?.Nics.Select(n => n.Mac) ?? [], .. view.Evidence?.Macs ?? []]).Concat(Address(machine.Bmc)).Distinct();
        return new(c, Afterwards:
        [
            .. names.Select(name => (Func<Task>)(() => Release(name, c, caller))),
            () => machine.Bmc is { } bmc ? secrets.Destroy(bmc.Secret, CancellationToken.None) : Task.CompletedTask,
            () => machine.Bmc?.Pending is { } pending ? secrets.Destroy(pending, CancellationToken.None) : Task.CompletedTask,
        ]);
    }

    Task Release(string name, MachineCommand c, Caller caller) => grains.GetGrain<IClaimGrain>(name).Release(c.Machine, c.At, Claims.After(caller));

    Task Vacate(string rack, MachineCommand c, int unit, Caller caller) =>
        grains.GetGrain<IRackGrain>(rack).Execute(new VacateUnits(rack, c.Machine, unit) { At = c.At }, Claims.After(caller));

    /// <summary>Takes what the command needs, and gives it back at once where not everything can be had.</summary>
    static async Task<Prepared> Taking(Command command, Func<List<Func<Task>>, Task<(Command Command, Problem? Problem)>> take, IReadOnlyList<Func<Task>>? afterwards = null)
    {
        var taken = new List<Func<Task>>();
        var (ready, problem) = await take(taken);
        if (problem is null) return new(ready, GiveBack: taken, Afterwards: afterwards);
        await new Prepared(command, GiveBack: taken).Undo();
        return new(command, problem);
    }

    /// <summary>The version that was ordered: the newest when none is named.</summary>
    async Task<(string? Id, Problem? Problem)> Ordered(string? profile)
    {
        if (profile is null) return (null, null);
        var (name, version) = Versioned.ParseProfile(profile);
        return await grains.GetGrain<IProfileGrain>(name).Read(version) is { } found
            ? (found.Id, null)
            : (null, new(ProblemCodes.ProfileUnknown, $"There is no profile {profile}: create it first."));
    }

    async Task<BmcAccess?> Stored(string machine, BmcAccess? bmc, SecretText? password, List<Func<Task>> taken)
    {
        if (bmc is null || password is null) return bmc;
        var secret = await secrets.Put($"bmc/{machine}", password.Value, CancellationToken.None);
        taken.Add(() => secrets.Destroy(secret, CancellationToken.None));
        return bmc with { Secret = secret };
    }

    /// <summary>An address is one name however it is written.</summary>
    static BmcAccess? Canonical(BmcAccess? bmc) => bmc is null ? null : bmc with { Address = new Uri(bmc.Address).GetLeftPart(UriPartial.Path).TrimEnd('/') };

    static IEnumerable<string> Macs(ImmutableArray<string> macs) => (macs.IsDefault ? [] : macs).Where(m => m.Length > 0).Select(m => $"mac:{m}");

    static IEnumerable<string> Address(BmcAccess? bmc) => bmc is null ? [] : [$"bmc:{bmc.Address}"];

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

    /// <summary>Frees what racking this machine would take, unless it was racked meanwhile.</summary>
    public async Task GiveBack(RackMachine c, Caller caller)
    {
        c = c with { Machine = await FreeId(c, caller) };
        if (await grains.GetGrain<IMachineGrain>(c.Machine).Read() is not null) return;
        await grains.GetGrain<IRackGrain>(c.Place.Rack).Execute(new VacateUnits(c.Place.Rack, c.Machine) { At = c.At }, caller);
        foreach (var name in Macs(c.Macs).Concat(Address(c.Bmc))) await grains.GetGrain<IClaimGrain>(name).Release(c.Machine, c.At, caller);
        if (c.Bmc is { } bmc) await secrets.Destroy(bmc.Secret, CancellationToken.None);
    }
}

/// <summary>A command ready to be decided, or why it cannot be; what to give back if it is refused, what to let go once it is done, the permission it turned out to need besides its own, and the token it made.</summary>
public sealed record Prepared(Command Command, Problem? Problem = null, IReadOnlyList<Func<Task>>? GiveBack = null, IReadOnlyList<Func<Task>>? Afterwards = null, (string Permission, Resource On)? AlsoNeeds = null, SecretText? Token = null)
{
    /// <summary>What a crash leaves undone of this, the sweep does, or nothing needs.</summary>
    public async Task Finish()
    {
        foreach (var letGo in Afterwards ?? []) await letGo();
    }

    public async Task Undo()
    {
        foreach (var giveBack in GiveBack ?? []) await giveBack();
    }
}
