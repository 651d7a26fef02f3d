using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;

namespace Ppec.Api.Machines;

static class MachineEndpoints
{
    /// <summary>BMCs are slow; the gate waits this long for one.</summary>
    static readonly TimeSpan BmcPatience = TimeSpan.FromSeconds(15);

    public static void MapMachines(this IEndpointRouteBuilder routes)
    {
        var machines = routes.MapGroup("/api/v1/machines").WithTags("machines").WithHistory("machine");

        machines.MapGet("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var sight = await http.MayRead(grains, "machine.read");
            return await http.List(model, "machine", sight);
        }).Named("machine_list", "Lists machines").Lists<MachineView>();

        machines.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<RackMachineBody>();
            var command = new RackMachine(
                MachineId.Of(body.Serial), body.Serial, new("", body.Rack, body.Unit, body.Height),
                Access(body.Bmc),
                body.Profile, body.Macs.IsDefault ? [] : [.. body.Macs.Select(m => m.ToLowerInvariant())], body.Name);
            var answer = await http.Send(grains, command, body.Bmc?.Password);
            var id = Id(answer);
            return await http.Document(answer, model, "machine", id, 201, $"/api/v1/machines/{id}");
        }).Named("machine_rack", "Racks a machine: known on paper from now on").Takes<RackMachineBody>().Answers<MachineView>(201);

        machines.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history) =>
        {
            var sight = await http.MayRead(grains, "machine.read");
            return await http.One(model, history, "machine", id, sight);
        }).Named("machine_show", "One machine, now or as it was (?at=)").Answers<MachineView>(200).WithAt();

        machines.MapPost("/{id}/inspect", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            http.Start(grains, model, new InspectMachine(id))).Named("machine_inspect", "Boots PIOUS, gathers the hardware, tests it, compares it with its profile").Starts();

        machines.MapPost("/{id}/promote", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Change(http, grains, model, new PromoteMachine(id))).Named("machine_promote", "Promotes by hand after a waiver or a repaired hold").Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/provision", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Start(grains, model, new ProvisionMachine(id, await http.Body<ProvisionSpec>(), null))).Named("machine_provision", "Installs an image on a Spare").Takes<ProvisionSpec>().Starts();

        machines.MapPost("/{id}/reimage", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<ReimageBody>();
            return await http.Start(grains, model, new ReimageMachine(id, new(b.Image, "", "", b.RootDisk, SshKeys: b.SshKeys, UserData: b.UserData), null));
        }).Named("machine_reimage", "Installs an image again; name, owner and addresses stay").Takes<ReimageBody>().Starts();

        machines.MapPost("/{id}/release", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            http.Start(grains, model, new ReleaseMachine(id))).Named("machine_release", "Wipes and inspects it; back to the pool").Starts();

        machines.MapPost("/{id}/retire", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            http.Start(grains, model, new RetireMachine(id))).Named("machine_retire", "Wipes it, powers it off, and ends its life here").Starts();

        MapRecords(machines);
        MapErrands(machines);

        machines.MapPost("/{id}/hold", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<HoldBody>();
            return await Change(http, grains, model, new HoldMachine(id, body.Source, body.Reason, body.ExpiresAt, body.LiftPermission));
        }).Named("machine_hold", "Keeps it from being picked").Takes<HoldBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/unhold", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await Change(http, grains, model, new UnholdMachine(id, (await http.Body<UnholdBody>()).Source))).Named("machine_unhold", "Lifts a hold").Takes<UnholdBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/tag", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<TagBody>();
            return await Change(http, grains, model, new TagMachine(id, body.Set ?? ImmutableDictionary<string, string>.Empty, body.Remove.IsDefault ? [] : body.Remove));
        }).Named("machine_tag", "Sets and removes tags").Takes<TagBody>().Answers<MachineView>(200).Mutates();
    }

    /// <summary>Coming, going, and what a person says of a machine.</summary>
    static void MapRecords(RouteGroupBuilder machines)
    {
        machines.MapPost("/{id}/accept", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<AcceptBody>();
            if (b.As is null) return await Change(http, grains, model, new AcceptMachine(id, new("", b.Rack ?? "", b.Unit, b.Height), Access(b.Bmc), b.Profile, b.Name) { KeepPassword = b.KeepPassword }, b.Bmc?.Password);
            if (b != new AcceptBody(As: b.As)) throw RequestException.Invalid("as", "Accepted as a machine that is racked already, it has that one's place, BMC, profile and name: say nothing else.");
            return await http.Document(await http.Send(grains, new MergeMachine(id, b.As)), model, "machine", b.As, 200);
        }).Named("machine_accept", "An enlisted machine is ours: it gets a place, or is one that is racked on paper").Takes<AcceptBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/reject", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new RejectMachine(id, (await http.Body<RejectBody>()).Reason)), model)).Named("machine_reject", "An enlisted machine is not ours").Takes<RejectBody>().Produces(204).Mutates();

        machines.MapPost("/{id}/set", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<SetMachineBody>();
            return await Change(http, grains, model, new SetMachine(id, b.Name, b.Note, b.Owner, b.Profile, null) { Move = (b.Rack, b.Unit, b.Height) == (null, null, null) ? null : new(b.Rack, b.Unit, b.Height) });
        }).Named("machine_set", "Describes it, or moves it: the new units are taken before the old ones are left").Takes<SetMachineBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/unrack", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Change(http, grains, model, new UnrackMachine(id))).Named("machine_unrack", "A retired machine left its rack").Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/adopt", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<AdoptBody>();
            return await Change(http, grains, model, new AdoptMachine(id, Evidence(b.Serial, b.Uuid, b.BoardSerial, b.Macs), b.Hostname, b.Owner));
        }).Named("machine_adopt", "Takes a running server under management as it is: nothing is restarted or wiped").Takes<AdoptBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/rekey", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<RekeyBody>();
            return await Change(http, grains, model, new RekeyMachine(id, Evidence(b.Serial, b.Uuid, b.BoardSerial, b.Macs), b.Reason));
        }).Named("machine_rekey", "Replaces its identity (a new board); the administrator's alone").Takes<RekeyBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/waive", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<WaiveBody>();
            return await Change(http, grains, model, new WaiveGap(id, b.Gap, b.Until, b.Reason));
        }).Named("machine_waive", "Accepts a named gap until a date").Takes<WaiveBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/repair", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<RepairBody>();
            return await Change(http, grains, model, new RepairMachine(id, b.Slot, b.Serial, b.Rma));
        }).Named("machine_repair", "Records a part that was replaced; the next inspection names old and new").Takes<RepairBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/maintain", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<MaintainBody>();
            return await Change(http, grains, model, new StartMaintenance(id, b.Reason, b.ExpiresAt));
        }).Named("machine_maintain", "Starts maintenance: drift is paused, and it may be switched off").Takes<MaintainBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/end-maintenance", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Change(http, grains, model, new EndMaintenance(id, null))).Named("machine_end_maintenance", "Ends maintenance").Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/retire-destroyed", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await Change(http, grains, model, new RetireDestroyed(id, (await http.Body<DestroyedBody>()).Disks))).Named("machine_retire_destroyed", "Ends its life where its disks cannot be wiped: each is attested destroyed; the administrator's alone").Takes<DestroyedBody>().Answers<MachineView>(200).Mutates();
    }

    /// <summary>What its BMC does.</summary>
    static void MapErrands(RouteGroupBuilder machines)
    {
        machines.MapPost("/{id}/bmc", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<BmcBody>();
            return await Change(http, grains, model, new SetMachineBmc(id, Access(b)!), b.Password);
        }).Named("machine_bmc", "Says where its BMC is and how to sign in").Takes<BmcBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/rotate", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            http.Start(grains, model, new RotateBmc(id))).Named("machine_rotate", "Replaces its BMC's password by a random one").Starts();

        machines.MapGet("/{id}/power", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            if (!model.Sees(await http.MayRead(grains, "machine.read"), "machine", id) || model.Find("machine", id) is null) return Problems.NotFound($"machine {id}");
            var answer = await grains.Gate(g => g.Power(new(http.Credential(), http.Source(), "machine.read"), id), BmcPatience);
            return answer.Problem is { } problem ? Problems.Of(problem) : Results.Json(answer.View, PpecJson.Options);
        }).Named("machine_power", "Its power, as its BMC says it now").Answers<PowerView>(200).Produces<ProblemDocument>(409, Problems.ContentType);

        machines.MapPost("/{id}/power", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Start(grains, model, new PowerMachine(id, (await http.Body<SwitchBody>()).On))).Named("machine_switch", "Switches a machine in production on, or (in maintenance) off").Takes<SwitchBody>().Starts();

        machines.MapPost("/{id}/locate", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Start(grains, model, new LocateMachine(id, (await http.Body<SwitchBody>()).On))).Named("machine_locate", "Switches the light on or off by which it is found in its rack").Takes<SwitchBody>().Starts();
    }

    static MachineEvidence Evidence(string serial, string uuid, string boardSerial, ImmutableArray<string> macs) =>
        new(serial, uuid.ToLowerInvariant(), boardSerial, macs.IsDefault ? [] : [.. macs.Select(m => m.ToLowerInvariant()).Distinct()]);

    static BmcAccess? Access(BmcBody? b) => b is null ? null : new(b.Protocol, b.Address, b.User, new SecretRef("", 0), b.PinnedCertificate);

    static async Task<IResult> Change(HttpContext http, IGrainFactory grains, IReadModel model, MachineCommand command, SecretText? secret = null) =>
        await http.Document(await http.Send(grains, command, secret), model, "machine", command.Machine, 200);

    /// <summary>The gate may have made the id longer than the serial's slug (<c>~2</c>).</summary>
    static string Id(GateAnswer answer) => answer.Target.StartsWith("machine-", StringComparison.Ordinal) ? answer.Target[8..] : "";
}
