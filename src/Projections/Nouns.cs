using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Tags;
using Ppec.Domain.Access;
using Ppec.Domain.Changes;
using Ppec.Domain.Filters;
using Ppec.Domain.Images;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;
using Ppec.Domain.Profiles;
using Ppec.Domain.Racks;
using Ppec.Domain.Regions;
using Ppec.Domain.Tags;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Projections;

/// <summary>Every noun of the read model.</summary>
public static class Nouns
{
    public static readonly ImmutableArray<Noun> All =
    [
        new Noun<MachineState, MachineEvent>("machine", Domain.Machines.Machine.Initial, Domain.Machines.Machine.Evolve, (s, version, _, first) =>
            MachineViews.Of(s, version) is { } v ? [Machine(v, first.Time)] : []),

        new Noun<OperationState, OperationEvent>("operation", Operation.Initial, Operation.Evolve, (s, version, _, first) =>
            OperationViews.Of(s, version, first.Actor, first.Reason, first.Ticket) is { } v ? [new(v.Id, v, v.StartedAt, [.. Attributes(v), .. On((s as OperationState.Known)?.Facts.On)])] : []),

        // Work on many things is an operation too, in streams of its own.
        new Noun<ParentState?, ParentEvent>("parent", null, Parent.Evolve, (s, version, _, first) =>
            ParentViews.Of(s, version, first.Actor, first.Reason, first.Ticket) is { } v ? [new(v.Id, v, v.StartedAt, Attributes(v))] : []) { Shown = "operation" },

        new Noun<RegionState?, RegionEvent>("region", null, Region.Evolve, (s, version, id, _) =>
            s is null ? [] : [new(id, new RegionView(id, s.Description, s.CreatedAt, version), s.CreatedAt, [("region", id)])]),

        new Noun<RackState?, RackEvent>("rack", null, Rack.Evolve, (s, version, id, _) =>
            s is null ? [] : [new(id, View(s, id, version), s.CreatedAt, [("region", s.Region), ("rack", id), .. s.Machines.Values.Select(m => ("machine", m.Machine)).Distinct(), .. s.Machines.Select(m => ("stands", Stands(id, m.Key, m.Value.Machine)))])]),

        new Noun<ProfileState, ProfileEvent>("profile", Profile.Initial, Profile.Evolve, (s, _, _, _) =>
            [.. s.Versions.Select(v => new Document(v.Version.Id, new ProfileView(v.Version.Id, v.Version.Profile, v.Version.Version, v.Version.Spec, v.CreatedAt), v.CreatedAt, [("name", v.Version.Profile)]))],
            id => Versioned.ParseProfile(id).Name),

        new Noun<ImageState, ImageEvent>("image", Image.Initial, Image.Evolve, (s, _, _, _) =>
            [.. s.Versions.Select(v => new Document(v.Version.Id, View(v.Version, v.RegisteredAt), v.RegisteredAt, [("name", v.Version.Name)]))],
            id => Versioned.Parse(id).Name),

        new Noun<ClaimState, ClaimEvent>("claim", Claim.Initial, Claim.Evolve, (s, _, id, first) =>
            s.Owner is { } owner ? [new(id, new { id, owner }, first.Time, [("owner", owner)]) { Text = "" }] : []),

        new Noun<SavedFilterState?, SavedFilterEvent>("filter", null, SavedFilter.Evolve, (s, version, id, _) =>
            s is null ? [] : [new(id, new FilterView(id, s.Expression, s.Owner, s.SavedAt, version), s.SavedAt, [("owner", s.Owner)])]),

        new Noun<TagKeyState?, TagKeyEvent>("tag", null, TagKey.Evolve, (s, version, id, _) =>
            s is null ? [] : [new(id, new TagView(id, s.Values, s.RequiredOn, s.Protected, s.Description, 0, s.SetAt, version), s.SetAt, []) { Text = $"{id}\n{s.Description}" }]),

        new Noun<Directory, AccessEvent>("user", Directory.Initial, Directory.Evolve, (d, _, _, _) => Each(d.Users, u => new(u.Id, u, u.CreatedAt, [("kind", u.Kind), ("state", u.Disabled ? "disabled" : "enabled"), .. Some("responsible", u.Responsible)])), Of: "access") { Stream = DirectoryStream },
        new Noun<Directory, AccessEvent>("group", Directory.Initial, Directory.Evolve, (d, _, _, _) => Each(d.Groups, g => new(g.Id, g, g.SetAt, [.. g.Members.Select(m => ("member", m))]) { Text = $"{g.Id}\n{g.Description}" }), Of: "access") { Stream = DirectoryStream },
        new Noun<Directory, AccessEvent>("role", Directory.Initial, Directory.Evolve, (d, _, _, _) => Each(d.Roles, r => new(r.Id, r, r.SetAt, []) { Text = $"{r.Id}\n{r.Description}" }), Of: "access") { Stream = DirectoryStream },
        new Noun<Directory, AccessEvent>("grant", Directory.Initial, Directory.Evolve, (d, _, _, _) => Each(d.Grants, g => new(g.Id, g, g.GrantedAt, [("subject", g.Subject), ("role", g.Role), ("scope", g.Scope)])), Of: "access") { Stream = DirectoryStream },
        new Noun<Directory, AccessEvent>("owner", Directory.Initial, Directory.Evolve, (d, _, _, _) => Each(d.Owners, o => new(o.Id, o, o.SetAt, [.. o.Members.Select(m => ("member", m))]) { Text = $"{o.Id}\n{o.Description}" }), Of: "access") { Stream = DirectoryStream },
        new Noun<Directory, AccessEvent>("policy", Directory.Initial, Directory.Evolve, (d, _, _, _) => Each(d.Policies, p => new(p.Id, p, p.SetAt, [("scope", p.Scope)]) { Text = $"{p.Id}\n{p.Description}" }), Of: "access") { Stream = DirectoryStream },

        new Noun<CredentialState?, CredentialEvent>("credential", null, Credential.Evolve, (s, version, id, _) =>
            s is null ? [] : [new(id, new CredentialView(id, s.Principal, s.Kind, s.Name, s.Limits, s.IssuedAt, s.By, s.ExpiresAt, s.RevokedAt, s.RotatedAt, version), s.IssuedAt, [("user", s.Principal), ("kind", s.Kind), ("state", s.RevokedAt is null ? "live" : "revoked")]) { Text = $"{id}\n{s.Name}" }]),

        new Noun<ChangeState, ChangeEvent>("change", Domain.Changes.Change.Initial, Domain.Changes.Change.Evolve, (s, version, id, _) =>
            ChangeViews.Of(id, s, version) is { } v ? [new(id, v, v.OpenedAt, [("state", v.State), ("by", v.Maker), ("kind", v.Permission), .. v.Plan.Machines.Select(m => ("machine", m)), .. s is ChangeState.Ended ? [] : new[] { ("open", "true") }, .. v.Review == "due" ? [("open", "review")] : Array.Empty<(string, string)>(), .. On(Shared(s) is { } on ? new(on.Region, on.Rack, on.Owner) : null)]) { Tags = Shared(s)?.Tags is { } tags ? [.. tags.Select(t => (t.Key, t.Value))] : [], Text = $"{id}\n{v.Reason}\n{v.Ticket}" }] : []),

        new Noun<DiskLives, MachineEvent>("disk", DiskLives.None, Disks.Evolve, (s, _, machine, _) => Disks.Documents(s, machine), Of: "machine"),
    ];

    const string DirectoryStream = $"access-{AccessCommand.Directory}";

    /// <summary>Documents of the directory by what they show: of ten thousand grants one changes, and the others are the same objects as before.</summary>
    static readonly ConditionalWeakTable<object, Document> Shown = [];

    static ImmutableArray<Document> Each<T>(ImmutableSortedDictionary<string, T> all, Func<T, Document> document) where T : class =>
        [.. all.Values.Select(v => Shown.GetValue(v, shown => document((T)shown)))];

    static IEnumerable<(string, string)> Some(string key, string? value) => value is null ? [] : [(key, value)];

    /// <summary>The nouns that a stream tells of, with the id within its category; null for streams that have no documents.</summary>
    public static (ImmutableArray<Noun> Nouns, string Id)? OfStream(string stream)
    {
        var dash = stream.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 || !ByCategory.TryGetValue(stream[..dash], out var nouns) ? null : (nouns, stream[(dash + 1)..]);
    }

    /// <summary>The noun of one thing.</summary>
    public static Noun? Named(string name, string id) => ByName.GetValueOrDefault(name == "operation" && OperationIds.IsParent(id) ? "parent" : name);

    static readonly ImmutableDictionary<string, Noun> ByName = All.ToImmutableDictionary(n => n.Name);

    static readonly ImmutableDictionary<string, ImmutableArray<Noun>> ByCategory = All.GroupBy(n => n.Category).ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray());

    static Document Machine(MachineView v, DateTimeOffset created)
    {
        var (found, numbers) = (new HashSet<(string, string)>(), ImmutableArray.CreateBuilder<(string, long)>(6));
        void Add(string key, string? value) { if (!string.IsNullOrEmpty(value)) found.Add((key, FilterKeys.Fold(key, value))); }
        Add("stage", v.Stage);
        Add("serial", v.Serial);
        Add("name", v.Name);
        Add("type", v.Type);
        Add("region", v.Region);
        Add("rack", v.Rack);
        if (v is { Rack: { } rack, Unit: { } unit }) Add("stands", Stands(rack, unit, v.Id));
        Add("profile", v.Profile);
        Add("owner", v.Owner);
        Add("hostname", v.Hostname);
        Add("image", v.Image);
        Add("ip", v.Address is null or "dhcp" ? null : v.Address.Split('/')[0]);
        Add("bmc", v.Bmc?.Address);
        Add("bmc", Uri.TryCreate(v.Bmc?.Address, UriKind.Absolute, out var bmc) ? bmc.Host : null);
        Add("operation", v.Operation?.Id);
        Add("reserved", v.ReservedFor);
        foreach (var hold in v.Holds) Add("hold", hold.Source);
        foreach (var kind in v.Drift.SelectMany(d => new[] { d.Kind, Drifts.Family(d.Kind) }).Distinct()) Add("drift", kind);
        Add("maintenance", v.Maintenance is null ? null : "open");
        foreach (var waiver in v.Waivers) Add("waiver", waiver.Gap);
        foreach (var mac in v.Inventory?.Nics.Select(n => n.Mac) ?? v.Evidence?.Macs ?? []) Add("mac", mac);
        foreach (var disk in v.Inventory?.Disks ?? []) Add("disk", disk.Serial);
        if (v.Inventory is { } hardware)
        {
            numbers.Add(("cpu", hardware.Cpus.Sum(c => (long)c.Cores)));
            numbers.Add(("memory", hardware.MemoryMiB));
            numbers.Add(("disks", hardware.Disks.Length));
        }
        if (v.Unit is { } at) numbers.Add(("unit", at));
        numbers.Add(("failures", v.Failures));
        return new(v.Id, v, created, [.. found])
        {
            Tags = [.. v.Tags.Select(t => (t.Key, t.Value))],
            Numbers = numbers.ToImmutable(),
            Text = string.Join('\n', new[] { v.Id, v.Serial, v.Name, v.Hostname, v.Note }.Where(t => !string.IsNullOrEmpty(t))),
        };
    }

    static ImmutableArray<(string, string)> Attributes(OperationView v)
    {
        ImmutableArray<(string, string)> found = v.Children is null ? [("state", v.State), ("kind", v.Kind), ("by", v.Actor), ("machine", v.Machine)] : [("state", v.State), ("kind", v.Kind), ("by", v.Actor)];
        if (v.EndedAt is not null) return found;
        // A list that is racked takes all its names first: no claim is an orphan as long as it lasts.
        return v.Children is not null && v.Kind is "rack" or "import" ? [.. found, ("open", "true"), ("claims", "true")] : found.Add(("open", "true"));
    }

    static Resource? Shared(ChangeState s) => (s as ChangeState.Known)?.Facts.On;

    static IEnumerable<(string, string)> On(WorkPlace? on) =>
        new[] { ("region", on?.Region), ("rack", on?.Rack), ("owner", on?.Owner) }.Where(a => !string.IsNullOrEmpty(a.Item2)).Select(a => (a.Item1, a.Item2!));

    /// <summary>A rack and a machine that say this of each other agree; <see cref="ReadModel.OrphanClaims"/> compares.</summary>
    static string Stands(string rack, int unit, string machine) => $"{rack}/{unit} {machine}";

    static RackView View(RackState s, string id, long version) =>
        new(id, s.Region, s.Units, s.Row, s.PowerFeed, s.SwitchPair,
            [.. s.Machines.OrderByDescending(m => m.Key).Select(m => new RackSlot(m.Key, m.Value.Height, m.Value.Machine))], s.CreatedAt, version);

    static ImageView View(ImageVersion v, DateTimeOffset at) =>
        new(v.Id, v.Name, v.Version, v.Content.Format, v.Content.Sha256, v.Content.SizeBytes, v.Content.DiskSha256, v.Content.DiskSizeBytes, v.Content.BootMode, v.SignedBy, v.Deprecated, at);
}
