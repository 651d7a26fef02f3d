using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Alerts;

static class AlertEndpoints
{
    public static void MapAlerts(this IEndpointRouteBuilder routes)
    {
        var alerts = routes.MapNoun<AlertView>("alert", "alerts");

        alerts.MapPost("/{id}/ack", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new AckAlert(id)), model, "alert", id, 200)).Named("alert_ack", "Says that you look after it").Answers<AlertView>(200).Mutates();

        alerts.MapPost("/{id}/resolve", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new ResolveAlert(id)), model, "alert", id, 200)).Named("alert_resolve", "Says that it is over; it fires again with the next fact").Answers<AlertView>(200).Mutates();

        alerts.MapPost("/{id}/silence", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<SilenceBody>();
            return await http.Document(await http.Send(grains, new SilenceAlert(id, body.Until)), model, "alert", id, 200);
        }).Named("alert_silence", "Nobody is told of it for a while; null ends that").Takes<SilenceBody>().Answers<AlertView>(200).Mutates();
    }
}
