using System.Collections.Immutable;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Physical servers and their life: racked, inventory, spare, baremetal, retired.</summary>
public sealed class MachinesClient : HistoricClient<MachineView>
{
    internal MachinesClient(Transport transport)
        : base(transport, "machines", PpecJson.Api.MachineView, PpecJson.Api.ListPageMachineView) { }

    /// <summary>Records a server that was bolted in.</summary>
    public Task<Answer<MachineView>> RackAsync(RackMachineBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        CreateAsync(body, PpecJson.Api.RackMachineBody, options, cancellation);

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

    /// <summary>Accepts an enlisted machine: to a place, or as one that is racked on paper.</summary>
    public Task<Answer<MachineView>> AcceptAsync(string id, AcceptBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "accept", Payload.Json(body, PpecJson.Api.AcceptBody), options, cancellation);

    /// <summary>An enlisted machine is not ours: nothing is left of it but its history.</summary>
    public Task RejectAsync(string id, RejectBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        Transport.ChangeAsync(Path(id).Add("reject"), Payload.Json(body, PpecJson.Api.RejectBody), options, cancellation);

    /// <summary>Describes a machine, or moves it.</summary>
    public Task<Answer<MachineView>> SetAsync(string id, SetMachineBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "set", Payload.Json(body, PpecJson.Api.SetMachineBody), options, cancellation);

    /// <summary>A retired machine left its rack.</summary>
    public Task<Answer<MachineView>> UnrackAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "unrack", Payload.Empty, options, cancellation);

    /// <summary>Takes a running server under management as it is.</summary>
    public Task<Answer<MachineView>> AdoptAsync(string id, AdoptBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "adopt", Payload.Json(body, PpecJson.Api.AdoptBody), options, cancellation);

    /// <summary>Replaces the identity of a machine whose board was replaced.</summary>
    public Task<Answer<MachineView>> RekeyAsync(string id, RekeyBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "rekey", Payload.Json(body, PpecJson.Api.RekeyBody), options, cancellation);

    /// <summary>Accepts a named gap until a date.</summary>
    public Task<Answer<MachineView>> WaiveAsync(string id, WaiveBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "waive", Payload.Json(body, PpecJson.Api.WaiveBody), options, cancellation);

    /// <summary>Records a part that was replaced; the next inspection names old and new.</summary>
    public Task<Answer<MachineView>> RepairAsync(string id, RepairBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "repair", Payload.Json(body, PpecJson.Api.RepairBody), options, cancellation);

    /// <summary>Starts maintenance: drift is paused, and the machine may be switched off.</summary>
    public Task<Answer<MachineView>> StartMaintenanceAsync(string id, MaintainBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "maintain", Payload.Json(body, PpecJson.Api.MaintainBody), options, cancellation);

    /// <summary>Ends maintenance.</summary>
    public Task<Answer<MachineView>> EndMaintenanceAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "end-maintenance", Payload.Empty, options, cancellation);

    /// <summary>Ends the life of a machine whose disks cannot be wiped.</summary>
    public Task<Answer<MachineView>> RetireDestroyedAsync(string id, DestroyedBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "retire-destroyed", Payload.Json(body, PpecJson.Api.DestroyedBody), options, cancellation);

    /// <summary>Says where the BMC is and how to sign in.</summary>
    public Task<Answer<MachineView>> SetBmcAsync(string id, BmcBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, "bmc", Payload.Json(body, PpecJson.Api.BmcBody), options, cancellation);

    /// <summary>Starts replacing the BMC's password by a random one.</summary>
    public Task<Answer<OperationView>> RotateBmcAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "rotate", Payload.Empty, options, cancellation);

    /// <summary>The machine's power, as its BMC says it now.</summary>
    public async Task<Answer<PowerView>> ReadPowerAsync(string id, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(Path(id).Add("power"), cancellation)).As(PpecJson.Api.PowerView);

    /// <summary>Starts switching a machine on or off.</summary>
    public Task<Answer<OperationView>> SwitchAsync(string id, bool on, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "power", Payload.Json(new SwitchBody(on), PpecJson.Api.SwitchBody), options, cancellation);

    /// <summary>Starts switching its light on or off.</summary>
    public Task<Answer<OperationView>> LocateAsync(string id, bool on, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "locate", Payload.Json(new SwitchBody(on), PpecJson.Api.SwitchBody), options, cancellation);

    /// <summary>What <see cref="ReimageAsync"/> would do now. Changes nothing.</summary>
    public Task<Answer<Plan>> PlanReimageAsync(string id, ReimageBody body, CancellationToken cancellation = default) =>
        PlanAsync(id, "reimage", Payload.Json(body, PpecJson.Api.ReimageBody), cancellation);

    /// <summary>Starts installing an image again. Its root disk is overwritten; name, owner and addresses stay.</summary>
    public Task<Answer<OperationView>> ReimageAsync(string id, ReimageBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        StartAsync(id, "reimage", Payload.Json(body, PpecJson.Api.ReimageBody), options, cancellation);

    async Task<Answer<Plan>> PlanAsync(string id, string verb, Payload payload, CancellationToken cancellation) =>
        (await Transport.AskAsync(Path(id).Add(verb).Query("plan", "true"), payload, cancellation)).As(PpecJson.Api.Plan);

    async Task<Answer<MachineView>> ChangeAsync(string id, string verb, Payload payload, MutationOptions? options, CancellationToken cancellation) =>
        (await Transport.ChangeAsync(Path(id).Add(verb), payload, options, cancellation)).As(PpecJson.Api.MachineView);

    async Task<Answer<OperationView>> StartAsync(string id, string verb, Payload payload, MutationOptions? options, CancellationToken cancellation) =>
        (await Transport.ChangeAsync(Path(id).Add(verb), payload, options, cancellation)).As(PpecJson.Api.OperationView);
}
