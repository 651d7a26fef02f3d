using Ppec.Contracts.Images;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Images: operating systems to install, by version, with their signatures.</summary>
public sealed class ImagesClient : HistoricClient<ImageView>
{
    internal ImagesClient(Transport transport)
        : base(transport, "images", PpecJson.Api.ImageView, PpecJson.Api.ListPageImageView) { }

    /// <summary>Registers the next version of an image.</summary>
    /// <exception cref="PpecException"><c>image-content-missing</c>: upload the content first, with <see cref="UploadAsync"/>.</exception>
    public Task<Answer<ImageView>> RegisterAsync(ImageBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        CreateAsync(body, PpecJson.Api.ImageBody, options, cancellation);

    /// <summary>This version is installed nowhere any more.</summary>
    public async Task<Answer<ImageView>> DeprecateAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id).Add("deprecate"), Payload.Empty, options, cancellation)).As(PpecJson.Api.ImageView);

    /// <summary>
    /// Uploads an image's file. Uploading the same content again changes nothing, so an upload that was cut off is simply repeated.
    /// </summary>
    /// <param name="sha256">The digest of the file, lower-case hex; the server refuses anything else.</param>
    /// <param name="content">The file, seekable, from where it stands now. It is left open.</param>
    /// <param name="cancellation">Stops the upload.</param>
    /// <returns>True when it was stored; false when the server had it already.</returns>
    public async Task<bool> UploadAsync(string sha256, Stream content, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (!content.CanSeek) throw new ArgumentException("The content must be seekable, so that it can be sent again.", nameof(content));
        var path = new PathText("api/v1/images/content").Add(sha256);
        return (await Transport.ChangeAsync(path, Payload.File(content), null, cancellation)).Status == 201;
    }
}
