using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Images;

/// <summary>
/// One registered version of an image. <paramref name="Signature"/> is ECDSA P-256 with SHA-256 (DER, base64) over <see cref="SignedBytes"/>,
/// by the operator's key named <paramref name="SignedBy"/> (SHA-256 of its public key, hex).
/// </summary>
[GenerateSerializer, Immutable]
public sealed record ImageVersion(string Name, int Version, ImageContent Content, string Signature, string SignedBy, bool Deprecated = false)
{
    public string Id => $"{Name}@{Version}";

    public ImageRef Ref => new(Id, Content.Format, Content.Sha256, Content.SizeBytes, Content.DiskSha256, Content.DiskSizeBytes, Content.BootMode);

    /// <summary>What the signature covers, one field a line.</summary>
    public static string SignedBytes(string name, ImageContent content) => string.Join('\n',
        "ppec-image-v1", name, content.Format, content.Sha256, content.SizeBytes, content.DiskSha256, content.DiskSizeBytes, content.BootMode, "");
}

/// <summary><paramref name="Format"/>: <c>raw</c> or <c>raw+gzip</c>. <paramref name="BootMode"/>: <c>bios</c>, <c>uefi</c> or <c>any</c>. Digests in lower-case hex.</summary>
[GenerateSerializer, Immutable]
public sealed record ImageContent(string Format, string Sha256, long SizeBytes, string DiskSha256, long DiskSizeBytes, string BootMode);

[GenerateSerializer]
public abstract record ImageCommand(string Name) : Command
{
    public override string Target => $"image-{Name}";
}

/// <summary>Registers the next version. Its content must be uploaded, and its signature by a trusted key.</summary>
[GenerateSerializer, Immutable]
public sealed record RegisterImage(string Name, ImageContent Content, string Signature, string? SignedBy = null) : ImageCommand(Name)
{
    public override string Permission => "image.register";
}

/// <summary>This version is installed nowhere any more; machines that have it keep it.</summary>
[GenerateSerializer, Immutable]
public sealed record DeprecateImage(string Name, int Version) : ImageCommand(Name)
{
    public override string Permission => "image.deprecate";
}

/// <summary>The body of POST /api/v1/images: the fields of image.yaml.</summary>
[GenerateSerializer, Immutable]
public sealed record ImageBody(string Name, string Format, string Sha256, long SizeBytes, string DiskSha256, long DiskSizeBytes, string BootMode, string Signature);

[GenerateSerializer, Immutable]
public sealed record ImageView(string Id, string Name, int Version, string Format, string Sha256, long SizeBytes, string DiskSha256, long DiskSizeBytes, string BootMode, string SignedBy, bool Deprecated, DateTimeOffset RegisteredAt);

[Alias("image")]
public interface IImageGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(ImageCommand command, Caller caller);

    /// <summary>One version (the newest not deprecated when null); null when there is none.</summary>
    Task<ImageVersion?> Read(int? version);

    /// <summary>The id of the version with this content; null when there is none.</summary>
    Task<string?> Find(ImageContent content);
}
