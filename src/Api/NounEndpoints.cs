using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Queries;

namespace Ppec.Api;

static class NounEndpoints
{
    /// <summary>List, show, history and diff: the same for every noun.</summary>
    public static RouteGroupBuilder MapNoun<TView>(this IEndpointRouteBuilder routes, string noun, string plural)
    {
        var group = routes.MapGroup($"/api/v1/{plural}").WithTags(plural);

        group.MapGet("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var sight = await http.MayRead(grains, $"{noun}.read");
            return await http.List(model, noun, sight);
        }).Named($"{noun}_list", $"Lists {plural}").Lists<TView>();

        group.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history) =>
        {
            var sight = await http.MayRead(grains, $"{noun}.read");
            return await http.One(model, history, noun, id, sight);
        }).Named($"{noun}_show", $"One {noun}, now or as it was (?at=)").Answers<TView>(200).WithAt();

        return group.WithHistory(noun);
    }

    /// <summary>Everything that ever happened to one, and what differs between two times.</summary>
    public static RouteGroupBuilder WithHistory(this RouteGroupBuilder group, string noun)
    {
        group.MapGet("/{id}/history", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history) =>
        {
            if (!model.Sees(await http.MayRead(grains, $"{noun}.read"), noun, id)) return Problems.NotFound($"{noun} {id}");
            var entries = await history.Of(noun, id, http.RequestAborted);
            return entries.IsEmpty ? Problems.NotFound($"{noun} {id}") : Results.Json(new Items<HistoryEntry>(entries), PpecJson.Options);
        }).Named($"{noun}_history", "Everything that ever happened to it, with what each event changed").Answers<Items<HistoryEntry>>(200);

        group.MapGet("/{id}/diff", async (string id, HttpContext http, IGrainFactory grains, IReadModel model, IHistory history, TimeProvider time) =>
        {
            if (!model.Sees(await http.MayRead(grains, $"{noun}.read"), noun, id)) return Problems.NotFound($"{noun} {id}");
            var from = http.Time("from") ?? throw RequestException.Invalid("from", "Say from when: ?from=2026-11-23T09:00:00Z.");
            var changes = await history.Diff(noun, id, from, http.Time("to") ?? time.GetUtcNow(), http.RequestAborted);
            return changes is { } found ? Results.Json(new Items<FieldChange>(found), PpecJson.Options) : Problems.NotFound($"{noun} {id}");
        }).Named($"{noun}_diff", "What differs between two times").Answers<Items<FieldChange>>(200).WithQuery("from", "to");

        return group;
    }
}
