using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Events;

static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/events", async (HttpContext http, IGrainFactory grains, IHistory history) =>
        {
            await http.MayRead(grains, "event.read");
            var stream = http.Request.Query["stream"].ToString() is { Length: > 0 } prefix ? prefix : null;
            var live = http.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == "text/event-stream");
            if (!live) return Results.Json(await history.Events(http.Position("from"), http.Limit(), stream, http.RequestAborted), PpecJson.Options);
            // A browser that reconnects says where it stood.
            var from = LogPosition.TryParse(http.Request.Headers["Last-Event-ID"], out var last) ? last : http.Position("from");
            return TypedResults.ServerSentEvents(Live(history.Follow(from, stream, http.RequestAborted), http.RequestAborted));
        }).WithTags("events").Named("event_list", "The feed: every fact in log order, gap-free. With Accept: text/event-stream it stays open").Produces<EventPage>(200, "application/json", "text/event-stream").WithQuery("from", "limit", "stream");

    static async IAsyncEnumerable<SseItem<EventView>> Live(IAsyncEnumerable<EventView> events, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var e in events.WithCancellation(cancellation)) yield return new(e) { EventId = e.Position };
    }
}
