using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Secrets;

namespace Ppec.Api.Machines;

static class MachineEndpoints
{
    public static void MapMachines(this IEndpointRouteBuilder routes)
    {
        var machines = routes.MapGroup("/api/v1/machines").WithTags("machines");

        machines.MapGet("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            await http.MayRead(grains, "machine.read");
            return await http.List(model, "machine");
        }).Named("machine_list", "Lists machines").Lists<MachineView>();

        machines.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<RackMachineBody>();
            var command = new RackMachine(
                MachineId.Of(body.Serial), body.Serial, new("", body.Rack, body.Unit, body.Height),
                body.Bmc is { } b ? new(b.Protocol, b.Address, b.User, new SecretRef("", 0), b.PinnedCertificate) : null,
                body.Profile, body.Macs.IsDefault ? [] : [.. body.Macs.Select(m => m.ToLowerInvariant())], body.Name);
            var answer = await http.Send(grains, command, body.Bmc?.Password);
            var id = Id(answer);
            return await http.Document(answer, model, "machine", id, 201, $"/api/v1/machines/{id}");
        }).Named("machine_rack", "Racks a machine: known on paper from now on").Takes<RackMachineBody>().Answers<MachineView>(201);

        machines.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history) =>
        {
            await http.MayRead(grains, "machine.read");
            return await http.One(model, history, "machine", id);
        }).Named("machine_show", "One machine, now or as it was (?at=)").Answers<MachineView>(200).WithAt();

        machines.MapGet("/{id}/history", async (string id, HttpContext http, IGrainFactory grains, IHistory history) =>
        {
            await http.MayRead(grains, "machine.read");
            var entries = await history.Of("machine", id, http.RequestAborted);
            return entries.IsEmpty ? Problems.NotFound($"machine {id}") : Results.Json(new Items<HistoryEntry>(entries), PpecJson.Options);
        }).Named("machine_history", "Everything that ever happened to it, with what each event changed").Answers<Items<HistoryEntry>>(200);

        machines.MapGet("/{id}/diff", async (string id, HttpContext http, IGrainFactory grains, IHistory history, TimeProvider time) =>
        {
            await http.MayRead(grains, "machine.read");
            var from = http.Time("from") ?? throw RequestException.Invalid("from", "Say from when: ?from=2026-11-23T09:00:00Z.");
            var changes = await history.Diff("machine", id, from, http.Time("to") ?? time.GetUtcNow(), http.RequestAborted);
            return changes is { } found ? Results.Json(new Items<FieldChange>(found), PpecJson.Options) : Problems.NotFound($"machine {id}");
        }).Named("machine_diff", "What differs between two times").Answers<Items<FieldChange>>(200).WithQuery("from", "to");

        machines.MapPost("/{id}/inspect", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Start(http, grains, model, new InspectMachine(id))).Named("machine_inspect", "Boots PIOUS, gathers the hardware, tests it, compares it with its profile").Starts();

        machines.MapPost("/{id}/promote", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Change(http, grains, model, new PromoteMachine(id))).Named("machine_promote", "Promotes by hand after a waiver or a repaired hold").Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/provision", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await Start(http, grains, model, new ProvisionMachine(id, await http.Body<ProvisionSpec>(), null))).Named("machine_provision", "Installs an image on a Spare").Takes<ProvisionSpec>().Starts().Plans();

        machines.MapPost("/{id}/release", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Start(http, grains, model, new ReleaseMachine(id))).Named("machine_release", "Wipes and inspects it; back to the pool").Starts().Plans();

        machines.MapPost("/{id}/retire", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Start(http, grains, model, new RetireMachine(id))).Named("machine_retire", "Wipes it, powers it off, and ends its life here").Starts().Plans();

        machines.MapPost("/{id}/hold", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<HoldBody>();
            return await Change(http, grains, model, new HoldMachine(id, body.Source, body.Reason, body.ExpiresAt, null));
        }).Named("machine_hold", "Keeps it from being picked").Takes<HoldBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/unhold", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await Change(http, grains, model, new UnholdMachine(id, (await http.Body<UnholdBody>()).Source))).Named("machine_unhold", "Lifts a hold").Takes<UnholdBody>().Answers<MachineView>(200).Mutates();

        machines.MapPost("/{id}/tag", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<TagBody>();
            return await Change(http, grains, model, new TagMachine(id, body.Set ?? ImmutableDictionary<string, string>.Empty, body.Remove.IsDefault ? [] : body.Remove));
        }).Named("machine_tag", "Sets and removes tags").Takes<TagBody>().Answers<MachineView>(200).Mutates();
    }

    static async Task<IResult> Change(HttpContext http, IGrainFactory grains, IReadModel model, MachineCommand command) =>
        await http.Document(await http.Send(grains, command), model, "machine", command.Machine, 200);

    static async Task<IResult> Start(HttpContext http, IGrainFactory grains, IReadModel model, MachineCommand command)
    {
        var answer = await http.Send(grains, command);
        return answer is { Problem: null, Plan: null, Operation: { } operation }
            ? await http.Operation(answer, model, operation)
            : await http.Document(answer, model, "operation", "", 200);
    }

    /// <summary>The gate may have made the id longer than the serial's slug (<c>~2</c>).</summary>
    static string Id(GateAnswer answer) => answer.Target.StartsWith("machine-", StringComparison.Ordinal) ? answer.Target[8..] : "";
}
