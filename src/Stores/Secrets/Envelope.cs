using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Secrets;

namespace Ppec.Stores.Secrets;

/// <summary>
/// AES-256-GCM: nonce (12) ‖ tag (16) ‖ ciphertext. What it is, whose, and which version are authenticated with it,
/// so one secret's bytes cannot be put in another's place.
/// </summary>
static class Envelope
{
    const int Nonce = 12;
    const int Tag = 16;
    const string DataKey = "data-key", Value = "value", Proof = "proof";

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, string kind, string name, int version)
    {
        var envelope = new byte[Nonce + Tag + plain.Length];
        RandomNumberGenerator.Fill(envelope.AsSpan(0, Nonce));
        using var aes = new AesGcm(key, Tag);
        aes.Encrypt(envelope.AsSpan(0, Nonce), plain, envelope.AsSpan(Nonce + Tag), envelope.AsSpan(Nonce, Tag), Bound(kind, name, version));
        return envelope;
    }

    /// <exception cref="CryptographicException">Another key, or not these bytes for this name and version.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> envelope, string kind, string name, int version)
    {
        if (envelope.Length < Nonce + Tag) throw new AuthenticationTagMismatchException("The envelope is too short.");
        var plain = new byte[envelope.Length - Nonce - Tag];
        using var aes = new AesGcm(key, Tag);
        aes.Decrypt(envelope[..Nonce], envelope[(Nonce + Tag)..], envelope.Slice(Nonce, Tag), plain, Bound(kind, name, version));
        return plain;
    }

    /// <summary>A secret under a data key of its own, and that key under <paramref name="wrapping"/>: destroying the wrapped key destroys the secret.</summary>
    public static (byte[] DataKey, byte[] Value) SealSecret(ReadOnlySpan<byte> wrapping, string value, string name, int version)
    {
        var dataKey = RandomNumberGenerator.GetBytes(KeyFile.KeyBytes);
        var plain = Encoding.UTF8.GetBytes(value);
        try
        {
            return (Seal(wrapping, dataKey, DataKey, name, version), Seal(dataKey, plain, Value, name, version));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dataKey);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>The same data key under another wrapping key; the secret itself is not touched.</summary>
    /// <exception cref="SecretUnreadableException">Its bytes were altered, or are another secret's.</exception>
    public static byte[] Rewrap(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, byte[] dataKey, string name, int version)
    {
        try
        {
            var key = Open(from, dataKey, DataKey, name, version);
            var wrapped = Seal(to, key, DataKey, name, version);
            CryptographicOperations.ZeroMemory(key);
            return wrapped;
        }
        catch (CryptographicException e)
        {
            throw new SecretUnreadableException($"The key of version {version} of the secret {name} does not decrypt: its bytes were altered or belong to another secret. Nothing was rotated. Destroy it, or set it anew, first.", e);
        }
    }

    /// <summary>Whether this is the key that the proof was sealed with.</summary>
    public static bool Proves(ReadOnlySpan<byte> key, byte[]? proof)
    {
        try
        {
            Open(key, proof, Proof, "", 0);
            return true;
        }
        catch (CryptographicException) { return false; }
    }

    public static byte[] Prove(ReadOnlySpan<byte> key) => Seal(key, [], Proof, "", 0);

    /// <exception cref="SecretUnreadableException">Its bytes were altered, or are another secret's.</exception>
    public static string OpenSecret(ReadOnlySpan<byte> wrapping, byte[] dataKey, byte[] value, string name, int version)
    {
        try
        {
            var key = Open(wrapping, dataKey, DataKey, name, version);
            var plain = Open(key, value, Value, name, version);
            var text = Encoding.UTF8.GetString(plain);
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(plain);
            return text;
        }
        catch (CryptographicException e)
        {
            throw new SecretUnreadableException($"Version {version} of the secret {name} does not decrypt: its bytes were altered or belong to another secret. Set it anew.", e);
        }
    }

    // Lengths first, so that no two triples give the same bytes.
    static byte[] Bound(string kind, string name, int version)
    {
        var kindBytes = Encoding.UTF8.GetByteCount(kind);
        var nameBytes = Encoding.UTF8.GetByteCount(name);
        var bound = new byte[12 + kindBytes + nameBytes];
        BinaryPrimitives.WriteInt32BigEndian(bound, kindBytes);
        BinaryPrimitives.WriteInt32BigEndian(bound.AsSpan(4), nameBytes);
        BinaryPrimitives.WriteInt32BigEndian(bound.AsSpan(8), version);
        Encoding.UTF8.GetBytes(kind, bound.AsSpan(12));
        Encoding.UTF8.GetBytes(name, bound.AsSpan(12 + kindBytes));
        return bound;
    }
}
