using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ppec.Contracts.Audit;

/// <summary>
/// What the log was at a time, signed: whoever keeps a head elsewhere can show later that nothing before it was altered, and no one can take back what it says.
/// </summary>
/// <param name="Size">How many events.</param>
/// <param name="Root">The root of their Merkle tree, 64 hex digits (<see cref="Merkle"/>).</param>
/// <param name="Position">The last one's position in the store it was read from.</param>
/// <param name="Time">When it was signed.</param>
/// <param name="Previous">SHA-256 of the head before it from the same node (<see cref="Hash"/>); zeros for the first.</param>
/// <param name="PublicKey">The key that signed it: SubjectPublicKeyInfo, base64.</param>
/// <param name="Signature">ECDSA P-256 with SHA-256 over <see cref="Signed"/>: DER, base64.</param>
public sealed record TreeHead(long Size, string Root, string Position, DateTimeOffset Time, string Previous, string PublicKey, string Signature)
{
    /// <summary>What the first head of a node follows.</summary>
    public static readonly string None = new('0', 64);

    public static TreeHead Sign(ECDsa key, long size, byte[] root, string position, DateTimeOffset time, TreeHead? previous)
    {
        var head = new TreeHead(size, Convert.ToHexStringLower(root), position, time, previous?.Hash() ?? None, Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), "");
        return head with { Signature = Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(head.Signed()), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)) };
    }

    /// <summary>The text that is signed: a line for each field, as <c>openssl dgst -sha256 -verify</c> can check it.</summary>
    public string Signed() => string.Create(CultureInfo.InvariantCulture, $"ppec-tree-head-v1\n{Size}\n{Root}\n{Position}\n{Time.ToUniversalTime():O}\n{Previous}\n");

    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Signed() + Signature)));

    /// <summary>The key as people compare it: SHA-256, 64 hex digits.</summary>
    public string KeyFingerprint() => Fingerprint(Bytes(PublicKey));

    public static string Fingerprint(ReadOnlySpan<byte> publicKey) => Convert.ToHexStringLower(SHA256.HashData(publicKey));

    /// <summary>Why it is not to be believed; null when its own key signed it, and that is <paramref name="key"/> where one is given.</summary>
    public string? Fault(ReadOnlyMemory<byte>? key = null)
    {
        var own = Bytes(PublicKey);
        if (key is { } known && !known.Span.SequenceEqual(own)) return $"the head of {Size} events was signed with another key ({Fingerprint(own)})";
        try
        {
            using var signer = ECDsa.Create();
            signer.ImportSubjectPublicKeyInfo(own, out _);
            return signer.VerifyData(Encoding.UTF8.GetBytes(Signed()), Bytes(Signature), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) ? null : $"the signature of the head of {Size} events is not its own: the head was altered";
        }
        catch (CryptographicException)
        {
            return $"the head of {Size} events has no key that can be read";
        }
    }

    static byte[] Bytes(string base64)
    {
        var bytes = new byte[base64.Length];
        // One way to write it only: bits that decoding drops would be a place for something else.
        return Convert.TryFromBase64String(base64, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == base64 ? bytes[..length] : [];
    }
}

/// <summary>Files of tree heads: one head, a list, what the API answers, or a head on each line.</summary>
public static class HeadText
{
    /// <exception cref="FormatException">It holds no heads, or something else.</exception>
    public static ImmutableArray<TreeHead> Read(string text)
    {
        try
        {
            return text.TrimStart() switch
            {
                ['[', ..] => [.. JsonSerializer.Deserialize(text, AuditJson.Default.TreeHeadArray)!],
                ['{', ..] when !text.Contains("\"items\"", StringComparison.Ordinal) => Each(text),
                ['{', ..] => [.. JsonSerializer.Deserialize(text, AuditJson.Default.HeadItems)!.Items],
                _ => throw new FormatException("There is no tree head in it."),
            };
        }
        catch (JsonException e)
        {
            throw new FormatException($"It holds something else than tree heads: {e.Message}", e);
        }
    }

    public static string Line(TreeHead head) => JsonSerializer.Serialize(head, AuditJson.Default.TreeHead);

    static ImmutableArray<TreeHead> Each(string text)
    {
        var (bytes, heads) = (Encoding.UTF8.GetBytes(text), ImmutableArray.CreateBuilder<TreeHead>());
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read()) heads.Add(JsonSerializer.Deserialize(ref reader, AuditJson.Default.TreeHead) ?? throw new JsonException("A head is null."));
        return heads.DrainToImmutable();
    }
}

sealed record HeadItems(TreeHead[] Items);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TreeHead))]
[JsonSerializable(typeof(TreeHead[]))]
[JsonSerializable(typeof(HeadItems))]
[JsonSerializable(typeof(InclusionProof))]
sealed partial class AuditJson : JsonSerializerContext;
