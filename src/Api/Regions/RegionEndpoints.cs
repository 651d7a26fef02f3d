using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Regions;

namespace Ppec.Api.Regions;

static class RegionEndpoints
{
    public static void MapRegions(this IEndpointRouteBuilder routes)
    {
        var regions = routes.MapNoun<RegionView>("region", "regions");

        regions.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<RegionBody>();
            return await http.Document(await http.Send(grains, new CreateRegion(body.Id, body.Description)), model, "region", body.Id, 201, $"/api/v1/regions/{body.Id}");
        }).Named("region_create", "Creates a region").Takes<RegionBody>().Answers<RegionView>(201);
    }
}
