using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;

namespace Ppec.Api.Racks;

static class RackEndpoints
{
    public static void MapRacks(this IEndpointRouteBuilder routes)
    {
        var racks = routes.MapNoun<RackView>("rack", "racks");

        racks.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<RackBody>();
            var command = new CreateRack(body.Id, body.Id.Split('.')[0], body.Units, body.Row, body.PowerFeed, body.SwitchPair);
            return await http.Document(await http.Send(grains, command), model, "rack", body.Id, 201, $"/api/v1/racks/{body.Id}");
        }).Named("rack_create", "Creates a rack in the region its id begins with").Takes<RackBody>().Answers<RackView>(201);
    }
}
