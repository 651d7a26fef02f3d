using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Images;

static class ImageEndpoints
{
    const long LargestImage = 64L << 30;

    public static void MapImages(this IEndpointRouteBuilder routes)
    {
        var images = routes.MapNoun<ImageView>("image", "images");

        images.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<ImageBody>();
            var command = new RegisterImage(b.Name, new(b.Format, b.Sha256, b.SizeBytes, b.DiskSha256, b.DiskSizeBytes, b.BootMode), b.Signature);
            var answer = await http.Send(grains, command);
            var id = answer.Target.Split('-', 2)[^1]; // the gate says which version it became
            return await http.Document(answer, model, "image", id, 201, $"/api/v1/images/{id}");
        }).Named("image_register", "Registers the next version: content uploaded, signature by a trusted key").Takes<ImageBody>().Answers<ImageView>(201);

        images.MapPost("/{id}/deprecate", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var (name, version) = Versioned.Parse(id);
            return await http.Document(await http.Send(grains, new DeprecateImage(name, version ?? 0)), model, "image", id, 200);
        }).Named("image_deprecate", "This version is installed nowhere any more").Answers<ImageView>(200).Mutates();

        images.MapPut("/content/{sha256}", async (string sha256, HttpContext http, IGrainFactory grains, IImageContent content) =>
        {
            await http.MayRead(grains, "image.register");
            if (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigitLower)) throw RequestException.Invalid("sha256", "A digest is SHA-256 in 64 lower-case hex digits.");
            http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = LargestImage;
            if (await content.Has(sha256, http.RequestAborted)) return Results.StatusCode(200);
            return await content.Put(sha256, http.Request.Body, http.RequestAborted) is { } found
                ? Problems.Of(Problem.Invalid("sha256", $"What was sent has sha256:{found}; nothing was kept."))
                : Results.StatusCode(201);
        }).Named("image_upload", "Uploads the file that has this digest").Accepts<Stream>("application/octet-stream").Produces(200).Produces(201);
    }
}

/// <summary>Image files as the API needs them.</summary>
public interface IImageContent
{
    /// <summary>Whether it is here, and still what its name says.</summary>
    Task<bool> Has(string sha256, CancellationToken cancellation);

    /// <summary>Null when kept; otherwise the digest that was found.</summary>
    Task<string?> Put(string sha256, Stream content, CancellationToken cancellation);

    Stream? Open(string sha256);
}
