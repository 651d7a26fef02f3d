using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Machines;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>
/// Works a bulk command out: chooses the machines, asks each what would be done to it, and makes of that one plan and one parent operation.
/// The read model proposes machines; each machine's own grain has the last word, now and again when its child begins.
/// </summary>
public sealed class Bulk(IGrainFactory grains, IReadModel readModel, Preparation preparation, RackRows rows, ImportRows importRows, ISecretStore secrets, AccessBook book)
{
    const int Page = 1000;
    const int MostProblems = 1000;

    /// <param name="command">What is wished.</param>
    /// <param name="keep">Whether it is to be done, and not only planned: then its secrets are kept.</param>
    /// <param name="may">Whether the caller may do something to a thing.</param>
    public Task<Worked> Of(BulkCommand command, bool keep, Func<string, Resource, bool> may) => command switch
    {
        ManyMachines c  => Many(c, may),
        ProvisionMany c => Provision(c, may),
        RackMany c      => Rack(c, keep),
        ImportMany c    => Import(c, keep),
        _ => throw new ArgumentException($"{command.GetType().Name} is not worked out here.", nameof(command)),
    };

    // ── The same verb on many ─────────────────────────────────────────────────────────────────────────────

    async Task<Worked> Many(ManyMachines c, Func<string, Resource, bool> may)
    {
        var (chosen, problem) = Chosen(c.Filter, c.Machines);
        if (problem is not null) return new(problem);
        var asked = new List<(string Machine, ImmutableArray<string> Verbs, Plan? Plan, string? Why)>(chosen.Count);
        foreach (var some in chosen.Chunk(64)) asked.AddRange(await Task.WhenAll(some.Select(m => Ask(c, m, may))));

        var (able, left) = (asked.Where(a => a.Why is null).ToList(), asked.Where(a => a.Why is not null).ToList());
        if (left.Count > 0 && !c.Machines.IsDefaultOrEmpty)
            return new(new(ProblemCodes.MachineWrongStage, $"{left.Count} of {asked.Count} cannot: {left[0].Machine}: {left[0].Why}.", [.. left.Take(100).Select(l => new FieldProblem($"machines[{c.Machines.IndexOf(l.Machine)}]", $"{l.Machine}: {l.Why}."))]));
        if (able.Count == 0)
            return new(new(ProblemCodes.NothingChosen, left.Count == 0 ? "No machine matches: look with ppec machine list --filter." : $"None of the {left.Count} that match can: {left[0].Machine}: {left[0].Why}."));

        var plan = BulkPlans.Together(c.Permission,
            able.Select(a => (a.Machine, a.Plan is { } own ? [.. own.Effects, .. a.Verbs.Length > 1 ? BulkPlans.Effects(a.Verbs[^1], a.Machine, c.Tag) : []] : BulkPlans.Effects(c.Verb, a.Machine, c.Tag), a.Plan?.Inputs ?? [])),
            leftOut: left.Select(l => new PlanEffect("left-out", l.Machine, l.Why!)));
        ImmutableArray<Child> children = [.. able.Select((a, i) => new Child(a.Machine, a.Verbs, Tag: c.Tag, PlanHash: a.Plan?.Hash, Row: i + 1))];
        return new(Start(c, c.Verb, children, [], false, plan), plan);
    }

    /// <summary>Whether a machine can, and what that would do to it.</summary>
    async Task<(string, ImmutableArray<string>, Plan?, string?)> Ask(ManyMachines c, string id, Func<string, Resource, bool> may)
    {
        var machine = grains.GetGrain<IMachineGrain>(id);
        if (await machine.Read() is not { } view || !may("machine.read", Reaches.Of(view))) return (id, [], null, "there is no such machine");
        if (Forbidden(c, view, may) is { } lacking) return (id, [], null, $"you lack the permission {lacking} there");
        var (verbs, why) = BulkPlans.Verbs(c.Verb, view);
        MachineCommand? planned = why is not null ? null : verbs[0] switch
        {
            ChildVerbs.Release => new ReleaseMachine(id) { At = c.At, ForChange = c.ForChange },
            ChildVerbs.Retire  => new RetireMachine(id) { At = c.At, ForChange = c.ForChange },
            _ => null,
        };
        if (planned is null) return (id, verbs, null, why);
        var plan = await machine.Plan(planned);
        return (id, verbs, plan.Plan, plan.Problem?.Message.TrimEnd('.'));
    }

    /// <summary>The permission that lacks: for the machine as it is, as it would be, and for a key that is protected.</summary>
    string? Forbidden(ManyMachines c, MachineView view, Func<string, Resource, bool> may)
    {
        var on = Reaches.Of(view);
        if (!may(c.Permission, on)) return c.Permission;
        if (c.Tag is not { } tag) return null;
        var (set, remove) = (tag.Set ?? ImmutableDictionary<string, string>.Empty, tag.Remove.IsDefault ? [] : tag.Remove);
        return may(c.Permission, on with { Tags = on.Tags!.SetItems(set).RemoveRange(remove.Except(set.Keys)) }) ? null : c.Permission;
    }

    (List<string> Machines, Problem? Problem) Chosen(string? filter, ImmutableArray<string> named)
    {
        if (!named.IsDefaultOrEmpty) return ([.. named.Distinct()], null);
        try
        {
            var found = Documents(filter, BulkCommand.MostChildren + 1).Select(m => m.Id).ToList();
            return found.Count <= BulkCommand.MostChildren ? (found, null) : ([], Problem.Invalid("filter", $"More than {BulkCommand.MostChildren} machines match: narrow it, and do it in parts."));
        }
        catch (QueryException e)
        {
            return ([], Problem.Invalid(e.Field, e.Message));
        }
    }

    IEnumerable<MachineView> Documents(string? filter, int most)
    {
        string? cursor = null;
        for (var seen = 0; seen < most; )
        {
            var page = readModel.List("machine", new(filter, null, Page, cursor));
            foreach (var document in page.Items.Take(most - seen)) yield return JsonSerializer.Deserialize<MachineView>(document.Span, Shown.Options)!;
            seen += page.Items.Length;
            if ((cursor = page.NextCursor) is null) yield break;
        }
    }

    // ── An image on many ──────────────────────────────────────────────────────────────────────────────────

    async Task<Worked> Provision(ProvisionMany c, Func<string, Resource, bool> may)
    {
        var wish = c.Wish;
        var named = !wish.Machines.IsDefaultOrEmpty;
        IEnumerable<string> candidates;
        try
        {
            candidates = named ? wish.Machines : Picking.Order(
                Documents($"stage:spare type:{wish.Type} {wish.Filter}", BulkCommand.MostChildren).Where(m => m is { Held: false, Operation: null } && may(c.Permission, Reaches.Of(m) with { Owner = wish.Owner })).Select(m => new Picking.Candidate(m.Id, m.Rack ?? "")), wish.Spread == "rack");
        }
        catch (QueryException e)
        {
            return new(Problem.Invalid(e.Field, e.Message));
        }

        foreach (var machine in (named ? wish.Machines : []).Concat(wish.SubstituteMachines.IsDefault ? [] : wish.SubstituteMachines))
            if (!await May(machine, c, may)) return new(new(ProblemCodes.Forbidden, $"You lack the permission {c.Permission} on machine {machine} for {wish.Owner}, or there is none."));

        var picks = new List<(string Machine, ProvisionSpec Spec, Plan Plan)>();
        var unfit = new List<PlanEffect>();
        var left = new Queue<string>(candidates.Distinct());
        while (picks.Count < wish.Count && left.TryDequeue(out var machine))
        {
            var spec = Spec(wish, Picking.Hostname(wish.HostnamePattern, wish.FirstNumber + picks.Count));
            var planned = await PlanOf(machine, spec, c);
            if (planned.Plan is { } plan) picks.Add((machine, spec, plan));
            else if (planned.Problem is { } problem)
            {
                if (named) return new(problem with { Fields = [new($"machines[{wish.Machines.IndexOf(machine)}]", problem.Message)] });
                if (problem.Code is ProblemCodes.ImageUnknown or ProblemCodes.ImageDeprecated) return new(problem);
                unfit.Add(new("left-out", machine, problem.Message));
            }
        }
        if (picks.Count < wish.Count)
            return new(new(ProblemCodes.NoCapacity, $"{wish.Count} machines of type {wish.Type} are wished, {picks.Count} can be given.{(unfit.Count > 0 ? $" {unfit[0].Target} cannot: {unfit[0].Detail}" : "")}", [new("count", $"At most {picks.Count} now.")]));

        if ((await book.Now()).Directory.Owners.GetValueOrDefault(wish.Owner) is { Quotas: { Count: > 0 } quotas }
            && await grains.GetGrain<IQuotaGrain>(wish.Owner).Room(wish.Type, picks.Count, quotas) is { } full) return new(full);

        var substitutes = new List<(string Machine, Plan Plan)>();
        var more = wish.SubstituteMachines.IsDefaultOrEmpty ? (named ? [] : left) : new Queue<string>(wish.SubstituteMachines);
        while (substitutes.Count < wish.Substitutes && more.TryDequeue(out var machine))
            if (await PlanOf(machine, picks[0].Spec, c) is { Plan: { } plan }) substitutes.Add((machine, plan));

        var together = BulkPlans.Together(c.Permission,
            picks.Select(p => (p.Machine, p.Plan.Effects, p.Plan.Inputs)),
            substitutes.SelectMany(s => s.Plan.Effects.Where(e => e.Kind == "disk-write").Select(e => new PlanEffect("substitute", s.Machine, $"in place of one that is refused or fails; then disk {e.Target}: {e.Detail}"))), unfit);
        ImmutableArray<Child> children = [.. picks.Select((p, i) => new Child(p.Machine, [ChildVerbs.Provision], Provision: p.Spec, PlanHash: p.Plan.Hash, Row: i + 1))];
        return new(Start(c, ChildVerbs.Provision, children, [.. substitutes.Select(s => s.Machine)], false, together), together);
    }

    async Task<bool> May(string machine, ProvisionMany c, Func<string, Resource, bool> may) =>
        await grains.GetGrain<IMachineGrain>(machine).Read() is not { } view || may(c.Permission, Reaches.Of(view) with { Owner = c.Wish.Owner });

    async Task<Planned> PlanOf(string machine, ProvisionSpec spec, ProvisionMany c)
    {
        var prepared = await preparation.Of(new ProvisionMachine(machine, spec, null) { At = c.At, ForChange = c.ForChange }, null, null);
        return prepared.Problem is { } problem ? new(null, problem) : await grains.GetGrain<IMachineGrain>(machine).Plan((MachineCommand)prepared.Command);
    }

    static ProvisionSpec Spec(ProvisionManyBody wish, string hostname) =>
        new(wish.Image, hostname, wish.Owner, wish.RootDisk, Dns: wish.Dns, SshKeys: wish.SshKeys, UserData: wish.UserData);

    // ── A list of machines on paper ───────────────────────────────────────────────────────────────────────

    async Task<Worked> Rack(RackMany c, bool keep)
    {
        if (rows.Problems(c.Machines, ImmutableDictionary<string, RackBody>.Empty, ImmutableHashSet<string>.Empty) is { IsEmpty: false } wrong)
            return new(new(ProblemCodes.Invalid, $"{wrong.Select(w => w.Row).Distinct().Count()} of {c.Machines.Length} rows are wrong, and none was racked. Row {wrong[0].Row + 1}: {wrong[0].Message}",
                [.. wrong.Take(MostProblems).Select(w => new FieldProblem($"machines[{w.Row}].{w.Field}", w.Message))]));
        var (children, kept) = await Paper(c.Machines, i => i + 1, keep);
        var plan = BulkPlans.Together(c.Permission, c.Machines.Zip(children, Placed));
        return new(Start(c, ChildVerbs.Rack, children, [], true, plan), plan) { GiveBack = kept };
    }

    /// <summary>A child for each machine of a list; its BMC's password goes to the secret store.</summary>
    async Task<(ImmutableArray<Child> Children, IReadOnlyList<Func<Task>> Kept)> Paper(IReadOnlyList<RackMachineBody> machines, Func<int, int> row, bool keep)
    {
        ImmutableArray<(string Name, string Value)> passwords = [.. machines.Where(m => m.Bmc?.Password.Value.Length > 0).Select(m => (Secret(m), m.Bmc!.Password.Value))];
        var stored = keep ? await secrets.PutAll(passwords, CancellationToken.None) : [];
        var named = stored.ToDictionary(s => s.Name, StringComparer.Ordinal);
        return ([.. machines.Select((m, i) => new Child(MachineId.Of(m.Serial), [ChildVerbs.Claim, ChildVerbs.Rack], Row: row(i), Paper: new(
            m.Serial, new(m.Rack.Split('.')[0], m.Rack, m.Unit, m.Height),
            m.Bmc is { } b ? new(b.Protocol, b.Address, b.User, named.GetValueOrDefault(Secret(m), new(Secret(m), 0)), b.PinnedCertificate) : null,
            m.Profile, m.Macs.IsDefault ? [] : m.Macs, m.Name)))],
            [.. stored.Select(s => (Func<Task>)(() => secrets.Destroy(s, CancellationToken.None)))]);

        static string Secret(RackMachineBody m) => $"bmc/{MachineId.Of(m.Serial)}";
    }

    static (string, ImmutableArray<PlanEffect>, ImmutableArray<PlanInput>) Placed(RackMachineBody m, Child child) =>
        (child.Target, [new("place", child.Target, $"{m.Rack} unit {m.Unit}{(m.Height > 1 ? $" to {m.Unit + m.Height - 1}" : "")}, serial {m.Serial}")], []);

    // ── A file of a whole site ────────────────────────────────────────────────────────────────────────────

    async Task<Worked> Import(ImportMany c, bool keep)
    {
        var looked = importRows.Of(c.File);
        if (!looked.Problems.IsEmpty)
            return new(new(ProblemCodes.Invalid, $"{looked.Problems.Length} problems in {looked.Lines} of {c.File.Rows} rows, and nothing was imported. First: {looked.Problems[0].Message}", [.. looked.Problems.Take(MostProblems)]));
        RackMachineBody[] machines = [.. c.File.Machines.Select(m => ImportRows.Body(m.Value))];
        var (racked, kept) = await Paper(machines, i => c.File.Machines[i].Line, keep);
        ImmutableArray<Child> made =
        [
            .. looked.Regions.Select(r => new Child(r.Value.Id, [ChildVerbs.CreateRegion], Region: r.Value, Row: r.Line)),
            .. looked.Racks.Select(r => new Child(r.Value.Id, [ChildVerbs.CreateRack], Rack: r.Value, Row: r.Line, Turn: 1)),
            .. looked.Profiles.Select(p => new Child(p.Value.Id, [ChildVerbs.CreateProfile], Profile: new(p.Value.Name, p.Value.Spec), Row: p.Line, Turn: p.Value.Version!.Value)),
        ];
        if (made.IsEmpty && racked.IsEmpty) return new(new(ProblemCodes.NothingChosen, "All of it is there already: there is nothing to import."));
        var plan = BulkPlans.Together(c.Permission, machines.Zip(racked, Placed), substitutes: made.Select(m => new PlanEffect("create", m.Target, m.Verbs[0]["create-".Length..])));
        return new(Start(c, "import", [.. made, .. racked], [], true, plan), plan) { GiveBack = kept };
    }

    static StartParent Start(BulkCommand c, string kind, ImmutableArray<Child> children, ImmutableArray<string> substitutes, bool allOrNothing, Plan plan) =>
        new(c.Operation, kind, children, substitutes, c.MaxParallel, c.StopAfterFailures, allOrNothing, plan.Hash);
}

/// <summary>A bulk command worked out, or why it cannot be; and what to give back when it is not done after all.</summary>
public sealed record Worked(StartParent? Start, Plan? Plan, Problem? Problem = null)
{
    public Worked(Problem problem) : this(null, null, problem) { }

    public IReadOnlyList<Func<Task>> GiveBack { get; init; } = [];

    public async Task Undo()
    {
        foreach (var giveBack in GiveBack) await giveBack();
    }
}
