using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ppec.Contracts.Events;

/// <summary>
/// The hash chain of one stream. hash = SHA-256(0x00 ‖ previous ‖ len(stream) ‖ stream ‖ version ‖ id ‖ len(type) ‖ type ‖ len(data) ‖ data ‖ len(metadata) ‖ metadata);
/// the leaf prefix 0x00 is RFC 6962's. Lengths and the version are big-endian (4 and 8 bytes). The log position is not covered: the store gives it later.
/// </summary>
public static class EventChain
{
    public const int HashBytes = 32;

    /// <summary>What the first event of a stream continues from.</summary>
    public static ReadOnlyMemory<byte> Genesis { get; } = new byte[HashBytes];

    public static byte[] Hash(
        ReadOnlySpan<byte> previous, string stream, long version, Guid id, string type,
        ReadOnlySpan<byte> data, ReadOnlySpan<byte> metadata)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> scratch = stackalloc byte[16];
        scratch[0] = 0x00;
        sha.AppendData(scratch[..1]);
        sha.AppendData(previous);
        AppendText(sha, stream);
        BinaryPrimitives.WriteInt64BigEndian(scratch, version);
        sha.AppendData(scratch[..8]);
        id.TryWriteBytes(scratch, bigEndian: true, out _);
        sha.AppendData(scratch);
        AppendText(sha, type);
        AppendBytes(sha, data);
        AppendBytes(sha, metadata);
        return sha.GetHashAndReset();
    }

    /// <summary>True when <paramref name="event"/> continues the chain from <paramref name="previous"/>.</summary>
    public static bool Continues(ReadOnlySpan<byte> previous, RecordedEvent @event) =>
        Hash(previous, @event.Stream, @event.Version, @event.Id, @event.Type, @event.Data.Span, @event.Metadata.Span)
            .AsSpan().SequenceEqual(@event.Hash.Span);

    static void AppendText(IncrementalHash sha, string text) => AppendBytes(sha, Encoding.UTF8.GetBytes(text));

    static void AppendBytes(IncrementalHash sha, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        sha.AppendData(length);
        sha.AppendData(bytes);
    }
}
