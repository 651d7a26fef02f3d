using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Changes;

/// <summary>Taking one fact back.</summary>
static class UndoEndpoints
{
    public static void MapUndo(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/undo", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<UndoBody>();
            return await http.Empty(await http.Send(grains, new UndoChange(b.Of, b.Version)), model);
        }).WithTags("undo").Named("undo", "Takes one change of a thing back, by the command that does so: planned, judged and recorded as that command").Takes<UndoBody>().Mutates().Produces(204);
}
