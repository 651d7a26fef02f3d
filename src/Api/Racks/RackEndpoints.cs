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

        racks.MapPost("/{id}/set", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<SetRackBody>();
            return await http.Document(await http.Send(grains, new SetRack(id, body.Units, body.Row, body.PowerFeed, body.SwitchPair)), model, "rack", id, 200);
        }).Named("rack_set", "Describes a rack").Takes<SetRackBody>().Answers<RackView>(200).Mutates();

        racks.MapPost("/{id}/retire", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new RetireRack(id)), model)).Named("rack_retire", "The rack is gone; refused while anything stands in it").Produces(204).Mutates();
    }
}
