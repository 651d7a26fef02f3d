using System.Collections.Immutable;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Physical servers and their life: racked, inventory, spare, baremetal, retired.</summary>
public sealed class MachinesClient : NounClient<MachineView>
{
    internal MachinesClient(Transport transport)
        : base(transport, "machines", PpecJson.Api.MachineView, PpecJson.Api.ListPageMachineView) { }

    /// <summary>Records a server that was bolted in.</summary>
    public Task<Answer<MachineView>> RackAsync(RackMachineBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        CreateAsync(body, PpecJson.Api.RackMachineBody, options, cancellation);

    /// <summary>Every change of a machine, oldest first, with what it changed.</summary>
    public async Task<Answer<ListPage<HistoryEntry>>> HistoryAsync(string id, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(Path(id).Add("history"), cancellation)).As(PpecJson.Api.ListPageHistoryEntry);

    /// <summary>What differs between two times.</summary>
    public async Task<Answer<ListPage<FieldChange>>> DiffAsync(string id, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(Path(id).Add("diff").Query("from", from).Query("to", to), cancellation)).As(PpecJson.Api.ListPageFieldChange);

    /// <summary>Starts an inspection: PIOUS boots, gathers the hardware, tests it and compares it with the profile. Nothing is written.</summary>
    public Task<Answer<OperationView>> InspectAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "inspect", Payload.Empty, options, cancellation);

    /// <summary>Makes a machine at Inventory with a passing report a Spare.</summary>
    public Task<Answer<MachineView>> PromoteAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "promote", Payload.Empty, options, cancellation);

    /// <summary>What <see cref="ProvisionAsync"/> would do now. Changes nothing.</summary>
    public Task<Answer<Plan>> PlanProvisionAsync(string id, ProvisionSpec spec, CancellationToken cancellation = default) =>
        PlanAsync(id, "provision", Payload.Json(spec, PpecJson.Api.ProvisionSpec), cancellation);

    /// <summary>Starts installing an image on a Spare. Its disks are written.</summary>
    public Task<Answer<OperationView>> ProvisionAsync(string id, ProvisionSpec spec, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "provision", Payload.Json(spec, PpecJson.Api.ProvisionSpec), options, cancellation);

    /// <summary>What <see cref="ReleaseAsync"/> would do now. Changes nothing.</summary>
    public Task<Answer<Plan>> PlanReleaseAsync(string id, CancellationToken cancellation = default) =>
        PlanAsync(id, "release", Payload.Empty, cancellation);

    /// <summary>Starts giving a machine back: its disks are wiped, and it is inspected again.</summary>
    public Task<Answer<OperationView>> ReleaseAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "release", Payload.Empty, options, cancellation);

    /// <summary>What <see cref="RetireAsync"/> would do now. Changes nothing.</summary>
    public Task<Answer<Plan>> PlanRetireAsync(string id, CancellationToken cancellation = default) =>
        PlanAsync(id, "retire", Payload.Empty, cancellation);

    /// <summary>Starts a machine's end: its disks are wiped with evidence, and it leaves the pool for ever.</summary>
    public Task<Answer<OperationView>> RetireAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "retire", Payload.Empty, options, cancellation);

    /// <summary>Keeps a machine from being picked.</summary>
    public Task<Answer<MachineView>> HoldAsync(string id, HoldBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "hold", Payload.Json(body, PpecJson.Api.HoldBody), options, cancellation);

    /// <summary>Lifts the hold of one source.</summary>
    public Task<Answer<MachineView>> UnholdAsync(string id, UnholdBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "unhold", Payload.Json(body, PpecJson.Api.UnholdBody), options, cancellation);

    /// <summary>Sets and removes tags, all at once.</summary>
    public Task<Answer<MachineView>> TagAsync(
        string id, ImmutableDictionary<string, string>? set, ImmutableArray<string> remove = default, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "tag", Payload.Json(new TagBody(set, remove), PpecJson.Api.TagBody), options, cancellation);

    /// <summary>What the verb (<c>inspect</c>, <c>release</c>, <c>retire</c>, <c>tag</c>) would do to many machines now. Changes nothing.</summary>
    public async Task<Answer<Plan>> PlanManyAsync(string verb, ManyMachinesBody body, CancellationToken cancellation = default) =>
        (await Transport.AskAsync(Many(verb).Query("plan", "true"), Payload.Json(body, PpecJson.Api.ManyMachinesBody), cancellation)).As(PpecJson.Api.Plan);

    /// <summary>Starts the verb on many machines: one operation with a child for each.</summary>
    public async Task<Answer<OperationView>> StartManyAsync(string verb, ManyMachinesBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Many(verb), Payload.Json(body, PpecJson.Api.ManyMachinesBody), options, cancellation)).As(PpecJson.Api.OperationView);

    /// <summary>Which spares would get an image, and which would take their place. Changes nothing.</summary>
    public async Task<Answer<Plan>> PlanProvisionManyAsync(ProvisionManyBody body, CancellationToken cancellation = default) =>
        (await Transport.AskAsync(Many("provision").Query("plan", "true"), Payload.Json(body, PpecJson.Api.ProvisionManyBody), cancellation)).As(PpecJson.Api.Plan);

    /// <summary>Starts installing an image on so many spares of a type.</summary>
    public async Task<Answer<OperationView>> ProvisionManyAsync(ProvisionManyBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Many("provision"), Payload.Json(body, PpecJson.Api.ProvisionManyBody), options, cancellation)).As(PpecJson.Api.OperationView);

    /// <summary>What is wrong with a list of machines, or where each would stand. Changes nothing.</summary>
    public async Task<Answer<Plan>> PlanRackManyAsync(RackManyBody body, CancellationToken cancellation = default) =>
        (await Transport.AskAsync(Many("rack").Query("plan", "true"), Payload.Json(body, PpecJson.Api.RackManyBody), cancellation)).As(PpecJson.Api.Plan);

    /// <summary>Starts racking all machines of a list, or none.</summary>
    public async Task<Answer<OperationView>> RackManyAsync(RackManyBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Many("rack"), Payload.Json(body, PpecJson.Api.RackManyBody), options, cancellation)).As(PpecJson.Api.OperationView);

    PathText Many(string verb) => new PathText("api/v1").Add(Plural).Add(verb);

    async Task<Answer<Plan>> PlanAsync(string id, string verb, Payload payload, CancellationToken cancellation) =>
        (await Transport.AskAsync(Path(id).Add(verb).Query("plan", "true"), payload, cancellation)).As(PpecJson.Api.Plan);

    async Task<Answer<MachineView>> ChangeAsync(string id, string verb, Payload payload, MutationOptions? options, CancellationToken cancellation) =>
        (await Transport.ChangeAsync(Path(id).Add(verb), payload, options, cancellation)).As(PpecJson.Api.MachineView);

    async Task<Answer<OperationView>> StartAsync(string id, string verb, Payload payload, MutationOptions? options, CancellationToken cancellation) =>
        (await Transport.ChangeAsync(Path(id).Add(verb), payload, options, cancellation)).As(PpecJson.Api.OperationView);
}
