namespace Ppec.Drivers.Images;

/// <summary>The files of images, by content: a file is named by its SHA-256 and never changes.</summary>
public interface IImageStore
{
    /// <summary>Stores what <paramref name="content"/> gives, if that is what its name says.</summary>
    /// <returns>Null when it is stored (also when it was already); otherwise the digest that was found, and nothing is kept.</returns>
    Task<string?> Put(string sha256, Stream content, CancellationToken cancellation);

    /// <summary>Null when there is no such file.</summary>
    Stream? Open(string sha256);

    /// <summary>Reads the file through again and compares: true when it is there with this size and digest.</summary>
    Task<bool> Verify(string sha256, long sizeBytes, CancellationToken cancellation);
}
