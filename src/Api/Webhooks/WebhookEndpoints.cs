using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Webhooks;

namespace Ppec.Api.Webhooks;

static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var webhooks = routes.MapNoun<WebhookView>("webhook", "webhooks");

        webhooks.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<WebhookBody>();
            var answer = await http.Send(grains, new CreateWebhook(b.Id, b.Url, b.Kind, b.Filter ?? new(), b.Description), b.Secret);
            return await http.Made(answer, model, $"/api/v1/webhooks/{b.Id}", new WebhookMade(b.Id, b.Url, b.Kind, answer.Token?.Value));
        }).Named("webhook_create", "Sends what passes the filter to a URL from now on, signed with the secret; one that is made here is said once").Takes<WebhookBody>().Answers<WebhookMade>(201);

        webhooks.MapPost("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<WebhookSetBody>();
            return await http.Document(await http.Send(grains, new SetWebhook(id, b.Url, b.Filter, b.Description), b.Secret), model, "webhook", id, 200);
        }).Named("webhook_set", "Changes where it leads, what passes, or its secret; it goes on where it was").Takes<WebhookSetBody>().Answers<WebhookView>(200).Mutates();

        webhooks.MapPost("/{id}/delete", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new DeleteWebhook(id)), model)).Named("webhook_delete", "Nothing more is sent; the name is free").Mutates().Produces(204);

        webhooks.MapPost("/{id}/test", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new TestWebhook(id)), model, "webhook", id, 200)).Named("webhook_test", "Sends one test delivery, in its turn").Answers<WebhookView>(200).Mutates();

        webhooks.MapGet("/{id}/deliveries", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            if (!model.Sees(await http.MayRead(grains, "webhook.read"), "webhook", id)) return Problems.NotFound($"webhook {id}");
            var request = new ReadRequest(http.Credential(), http.Source(), "webhook.read");
            var answer = await grains.Deliveries(g => g.Deliveries(request, id));
            return answer.Problem is { } problem ? Problems.Of(problem) : Results.Json(new Items<DeliveryView>(answer.Items), PpecJson.Options);
        }).Named("webhook_deliveries", "The newest attempts to deliver, newest first; at most 200, since its courier last started").Answers<Items<DeliveryView>>(200);
    }
}
