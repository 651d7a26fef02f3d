using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
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
            await http.MayReadAll(grains, "event.read");
            var stream = http.Request.Query["stream"].ToString() is { Length: > 0 } prefix ? prefix : null;
            var live = http.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == "text/event-stream");
            // A browser that reconnects says where it stood.
            var from = live && LogPosition.TryParse(http.Request.Headers["Last-Event-ID"], out var last) ? last : http.Position("from");
            if (from > await history.End(http.RequestAborted))
                throw RequestException.Invalid("from", $"Position {from} lies beyond the end of the log: it is of another log, or this one was restored from a backup. Start again from an earlier one.");
            if (!live) return Results.Json(await history.Events(from, http.Limit(), stream, http.RequestAborted), PpecJson.Options);
            return new LiveFeed(history.Follow(from, stream, http.RequestAborted));
        }).WithTags("events").Named("event_list", "The feed: every fact in log order, gap-free. With Accept: text/event-stream it stays open").Produces<EventPage>(200, "application/json", "text/event-stream").WithQuery("from", "limit", "stream");

    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>The framework's own result sends its headers with the first event: a client of a quiet feed could not tell it from a server that hangs.</summary>
    sealed class LiveFeed(IAsyncEnumerable<EventView> events) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var (response, left) = (httpContext.Response, httpContext.RequestAborted);
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-cache,no-store";
            httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await response.Body.FlushAsync(left);
            await using var each = events.GetAsyncEnumerator(left);
            while (true)
            {
                var next = each.MoveNextAsync().AsTask();
                try
                {
                    // A comment, which no reader hears of: what stands between keeps a quiet connection open, and a reader that is gone is noticed.
                    while (!next.IsCompleted && await Task.WhenAny(next, Task.Delay(Heartbeat, left)) != next && !left.IsCancellationRequested) await Send(response, ":\n\n"u8.ToArray(), left);
                }
                finally
                {
                    if (left.IsCancellationRequested) await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                }
                if (!await next) return;
                await Send(response, [.. "data: "u8, .. JsonSerializer.SerializeToUtf8Bytes(each.Current, PpecJson.Options), .. "\nid: "u8, .. Encoding.UTF8.GetBytes(each.Current.Position), .. "\n\n"u8], left);
            }
        }

        static async Task Send(HttpResponse response, byte[] text, CancellationToken left)
        {
            await response.Body.WriteAsync(text, left);
            await response.Body.FlushAsync(left);
        }
    }
}
