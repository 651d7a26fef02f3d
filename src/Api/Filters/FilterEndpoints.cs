using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Filters;

static class FilterEndpoints
{
    public static void MapFilters(this IEndpointRouteBuilder routes)
    {
        var filters = routes.MapNoun<FilterView>("filter", "filters");

        filters.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<FilterBody>();
            return await http.Document(await http.Send(grains, new SaveFilter(body.Name, body.Expression)), model, "filter", body.Name, 201, $"/api/v1/filters/{body.Name}");
        }).Named("filter_save", "Saves an expression under a name, for use as @name in any filter; the same name again replaces one's own").Takes<FilterBody>().Answers<FilterView>(201);

        filters.MapPost("/{id}/delete", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new DeleteFilter(id)), model)).Named("filter_delete", "Deletes a saved filter; its name is free").Mutates().Produces(204);
    }
}
