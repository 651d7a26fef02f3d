using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Queries;

namespace Ppec.Api;

static class NounEndpoints
{
    /// <summary>List and show, the same for every noun that is only described.</summary>
    public static RouteGroupBuilder MapNoun<TView>(this IEndpointRouteBuilder routes, string noun, string plural)
    {
        var group = routes.MapGroup($"/api/v1/{plural}").WithTags(plural);

        group.MapGet("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            await http.MayRead(grains, $"{noun}.read");
            return await http.List(model, noun);
        }).Named($"{noun}_list", $"Lists {plural}").Lists<TView>();

        group.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history) =>
        {
            await http.MayRead(grains, $"{noun}.read");
            return await http.One(model, history, noun, id);
        }).Named($"{noun}_show", $"One {noun}, now or as it was (?at=)").Answers<TView>(200).WithAt();

        return group;
    }
}
