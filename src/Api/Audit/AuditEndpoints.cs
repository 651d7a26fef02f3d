using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;

namespace Ppec.Api.Audit;

/// <summary>What shows that the log is the one that was written: the log itself byte for byte, its signed heads, and proofs.</summary>
static class AuditEndpoints
{
    const string Read = "audit.read";
    const string Frames = "application/octet-stream";

    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var audit = routes.MapGroup("/api/v1/audit").WithTags("audit");
        audit.MapTrail();

        audit.MapGet("/heads", async (HttpContext http, IGrainFactory grains, ILogTree tree) =>
        {
            await http.MayReadAll(grains, Read);
            var (heads, before, limit) = (tree.Heads, Size(http, "cursor") ?? long.MaxValue, http.Limit());
            TreeHead[] page = [.. heads.Reverse().SkipWhile(h => h.Size >= before).Take(limit)];
            var next = page is [.., var last] && last != heads[0] ? last.Size.ToString(CultureInfo.InvariantCulture) : null;
            return Results.Json(new ListPage<TreeHead>([.. page], next, Math.Min(heads.Length, 10_000), heads.Length > 10_000), PpecJson.Options);
        }).Named("audit_heads", "The signed tree heads of this node, newest first").Produces<ListPage<TreeHead>>(200).WithQuery("limit", "cursor");

        audit.MapGet("/proofs/{position}", async (string position, HttpContext http, IGrainFactory grains, ILogTree tree) =>
        {
            await http.MayReadAll(grains, Read);
            if (!LogPosition.TryParse(position, out var at)) throw RequestException.Invalid("position", "A position is as Ppec-Position or an event gave it.");
            return await tree.Prove(at, Size(http, "size"), http.RequestAborted) is { } proof ? Results.Json(proof, PpecJson.Options)
                : Problems.Of(new(ProblemCodes.NotFound, $"No event at position {at} is in the tree of that head: there is none there, or no head that covers it is signed yet (that takes ten minutes at most)."));
        }).Named("audit_prove", "Proves that an event is in the log of a signed head; checked without a server").Answers<InclusionProof>(200).WithQuery("size");

        audit.MapGet("/consistency", async (HttpContext http, IGrainFactory grains, ILogTree tree) =>
        {
            await http.MayReadAll(grains, Read);
            var (from, to) = (Size(http, "from") ?? throw RequestException.Invalid("from", "Say from how many events."), Size(http, "to") ?? tree.Size);
            if (from > to) throw RequestException.Invalid("from", "from is not more than to.");
            return tree.Consistency(from, to) is { } proof ? Results.Json(proof, PpecJson.Options) : Problems.Of(new(ProblemCodes.NotFound, $"The tree has {tree.Size} events by now."));
        }).Named("audit_consistency", "Proves that the log of a head is the beginning of the log of a later one (sizes, in events)").Answers<ConsistencyProof>(200).WithQuery("from", "to");

        audit.MapGet("/log", async (HttpContext http, IGrainFactory grains, IEventStore store) =>
        {
            await http.MayReadAll(grains, Read);
            return new WholeLog(store, http.Position("from"));
        }).Named("audit_log", "Every event byte for byte, for who checks the log: frames, as src/Contracts/Audit/EventFrames.cs has them").Produces<byte[]>(200, Frames).WithQuery("from");
    }

    static long? Size(HttpContext http, string name) => http.Request.Query[name].ToString() switch
    {
        "" => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) => size,
        _ => throw RequestException.Invalid(name, $"{name} is a number of events."),
    };

    sealed class WholeLog(IEventStore store, LogPosition from) : IResult
    {
        const int Piece = 128 * 1024;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var (response, left) = (httpContext.Response, httpContext.RequestAborted);
            response.ContentType = Frames;
            response.Headers.CacheControl = "no-store";
            httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            var body = response.BodyWriter;
            try
            {
                await foreach (var e in store.ReadAll(from, left))
                {
                    EventFrames.Write(body, e);
                    if (body.UnflushedBytes > Piece) await body.FlushAsync(left);
                }
                EventFrames.WriteEnd(body);
            }
            catch (EventLogCorruptException e)
            {
                EventFrames.WriteFault(body, e.Message); // who checks the log is told which event it is
            }
            await body.FlushAsync(left);
        }
    }
}
