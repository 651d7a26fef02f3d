using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Ppec.Drivers.Images;

/// <summary>Image files in a folder. A file appears under its name only when it is complete, checked and on disk.</summary>
public sealed class FileImageStore(string folder) : IImageStore
{
    readonly ConcurrentDictionary<string, (long Length, DateTime WrittenAt)> _verified = new(StringComparer.Ordinal);

    public async Task<string?> Put(string sha256, Stream content, CancellationToken cancellation)
    {
        if (new FileInfo(PathOf(sha256)) is { Exists: true } kept && await Verify(sha256, kept.Length, cancellation)) return null;
        Directory.CreateDirectory(folder);
        var partial = Path.Combine(folder, $".{sha256}.{Path.GetRandomFileName()}");
        try
        {
            string found;
            await using (var file = new FileStream(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.Asynchronous, BufferSize = 1 << 20 }))
            {
                await content.CopyToAsync(file, 1 << 20, cancellation);
                file.Flush(flushToDisk: true);
                file.Position = 0;
                found = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
            }
            if (found != sha256) return found;
            File.Move(partial, PathOf(sha256), overwrite: true);
            return null;
        }
        finally
        {
            File.Delete(partial);
        }
    }

    public Stream? Open(string sha256) => File.Exists(PathOf(sha256))
        ? new FileStream(PathOf(sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous)
        : null;

    public async Task<bool> Verify(string sha256, long sizeBytes, CancellationToken cancellation)
    {
        var file = new FileInfo(PathOf(sha256));
        if (!file.Exists || file.Length != sizeBytes) return false;
        // An unchanged file is not read again for each of a thousand machines.
        var state = (file.Length, file.LastWriteTimeUtc);
        if (_verified.TryGetValue(sha256, out var known) && known == state) return true;
        await using var content = Open(sha256)!;
        if (Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation)) != sha256) return false;
        _verified[sha256] = state;
        return true;
    }

    string PathOf(string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(folder, sha256)
        : throw new ArgumentException("An image file is named by its SHA-256 in lower-case hex.", nameof(sha256));
}
