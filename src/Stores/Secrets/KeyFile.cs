using System.Security.Cryptography;
using Ppec.Contracts.Secrets;
using Ppec.Stores.Sqlite;

namespace Ppec.Stores.Secrets;

/// <summary>The key that wraps all data keys: 32 random bytes in a file that only the node's user can read, made at first start.</summary>
static class KeyFile
{
    public const int KeyBytes = 32;
    const UnixFileMode ReadOnly = UnixFileMode.UserRead;

    /// <summary>The key. <paramref name="mayCreate"/> is false when secrets exist already: a new key could not read them.</summary>
    public static byte[] Load(string path, bool mayCreate)
    {
        if (!File.Exists(path))
        {
            if (!mayCreate) throw new SecretUnreadableException($"The key file {path} is gone; without it no secret can be read. Put it back from its backup.");
            Create(path);
        }
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~ReadOnly) is var wider and not UnixFileMode.None)
            throw new SecretUnreadableException($"The key file {path} must have mode 0400, but also allows {wider}. Ask who may have read it, then set its mode.");
        var key = File.ReadAllBytes(path);
        return key.Length == KeyBytes ? key : throw new SecretUnreadableException($"The key file {path} holds {key.Length} bytes; a key has {KeyBytes}. Put it back from its backup.");
    }

    /// <summary>A new key, whole or not there at all.</summary>
    public static void Create(string path)
    {
        var draft = path + ".new"; // whole or not there at all, even when the power fails now
        File.Delete(draft);
        using (var file = LogFile.OpenPrivate(draft, ReadOnly))
        {
            var key = RandomNumberGenerator.GetBytes(KeyBytes);
            file.Write(key);
            file.Flush(flushToDisk: true);
            CryptographicOperations.ZeroMemory(key);
        }
        File.Move(draft, path);
    }
}
