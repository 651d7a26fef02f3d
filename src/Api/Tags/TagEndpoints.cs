using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Tags;

namespace Ppec.Api.Tags;

static class TagEndpoints
{
    public static void MapTags(this IEndpointRouteBuilder routes)
    {
        var tags = routes.MapGroup("/api/v1/tags").WithTags("tags").WithHistory("tag");

        tags.MapGet("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            await http.MayRead(grains, "tag.read");
            await http.AwaitPosition(model);
            return Results.Json(new Items<TagView>(model.Tags()), PpecJson.Options);
        }).Named("tag_list", "Every tag key in use on machines or of which something was said, with how many machines have it").Answers<Items<TagView>>(200).WithQuery("after");

        tags.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            await http.MayRead(grains, "tag.read");
            await http.AwaitPosition(model);
            return model.Tags().FirstOrDefault(t => t.Id == Key(id)) is { } tag ? Results.Json(tag, PpecJson.Options) : Problems.NotFound($"tag key {Key(id)}");
        }).Named("tag_show", "One tag key").Answers<TagView>(200).WithQuery("after");

        tags.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<TagKeyBody>();
            var answer = await http.Send(grains, new SetTagKey(b.Key, b.Values.IsDefault ? [] : b.Values, b.RequiredOn.IsDefault ? [] : b.RequiredOn, b.Protected, b.Description));
            return await http.Document(answer, model, "tag", b.Key, 201, $"/api/v1/tags/{Uri.EscapeDataString(b.Key)}");
        }).Named("tag_set", "Says what holds for a tag key, in place of what was said before").Takes<TagKeyBody>().Answers<TagView>(201);

        tags.MapPost("/{id}/delete", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new DeleteTagKey(Key(id))), model)).Named("tag_delete", "Nothing more holds for the key; tags with it stay").Mutates().Produces(204);
    }

    /// <summary>A key may have a slash, which a path keeps as %2F.</summary>
    static string Key(string id) => Uri.UnescapeDataString(id);
}
