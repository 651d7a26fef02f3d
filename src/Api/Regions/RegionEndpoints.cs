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

        regions.MapPost("/{id}/set", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new SetRegion(id, (await http.Body<SetRegionBody>()).Description)), model, "region", id, 200)).Named("region_set", "Describes a region").Takes<SetRegionBody>().Answers<RegionView>(200).Mutates();
    }
}
