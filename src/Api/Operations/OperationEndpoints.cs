using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Operations;

static class OperationEndpoints
{
    public static void MapOperations(this IEndpointRouteBuilder routes)
    {
        var operations = routes.MapGroup("/api/v1/operations").WithTags("operations").WithHistory("operation");

        operations.MapGet("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var sight = await http.MayRead(grains, "operation.read");
            return await http.List(model, "operation", sight);
        }).Named("operation_list", "Lists operations, the newest first").Lists<OperationView>();

        operations.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history) =>
        {
            var sight = await http.MayRead(grains, "operation.read");
            return await http.One(model, history, "operation", id, sight);
        }).Named("operation_show", "One operation with its steps").Answers<OperationView>(200).WithAt();

        operations.MapGet("/{id}/log", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            if (!model.Sees(await http.MayRead(grains, "operation.read"), "operation", id) || model.Find("operation", id) is null) return Problems.NotFound($"operation {id}");
            var after = http.Request.Query["from"].ToString() is { Length: > 0 } text
                ? long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw RequestException.Invalid("from", "from is the number of the last line you have.")
                : 0;
            var log = await grains.Gate(g => g.OperationLog(new(http.Credential(), http.Source(), "operation.read"), id, after));
            return Results.Json(log, PpecJson.Options);
        }).Named("operation_log", "Log lines after a number, and the agent's progress; bounded, and gone after a restart").Answers<OperationLog>(200).WithQuery("from");

        operations.MapPost("/{id}/cancel", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await Change(http, grains, model, new CancelOperation(id, (await http.Body<CancelBody>()).Reason))).Named("operation_cancel", "Asks it to stop; where it lands depends on the step").Takes<CancelBody>().Starts();

        operations.MapPost("/{id}/retry", (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            Change(http, grains, model, new RetryOperation(id))).Named("operation_retry", "A step that waits to be tried again is tried now").Starts();
    }

    static async Task<IResult> Change(HttpContext http, IGrainFactory grains, IReadModel model, OperationCommand command) =>
        await http.Operation(await http.Send(grains, command), model, command.Operation);
}
