using System.Buffers;
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

    const int OnStack = 2048; // most events and their metadata; a larger one is laid out in a rented buffer

    /// <summary>What the first event of a stream continues from.</summary>
    public static ReadOnlyMemory<byte> Genesis { get; } = new byte[HashBytes];

    public static byte[] Hash(
        ReadOnlySpan<byte> previous, string stream, long version, Guid id, string type,
        ReadOnlySpan<byte> data, ReadOnlySpan<byte> metadata)
    {
        var length = 1 + previous.Length + Length(stream) + 8 + 16 + Length(type) + 4 + data.Length + 4 + metadata.Length;
        var rented = length <= OnStack ? null : ArrayPool<byte>.Shared.Rent(length);
        var text = rented is null ? stackalloc byte[OnStack] : rented;
        var rest = text;
        rest[0] = 0x00;
        rest = rest[1..];
        Put(ref rest, previous);
        PutText(ref rest, stream);
        BinaryPrimitives.WriteInt64BigEndian(rest, version);
        rest = rest[8..];
        id.TryWriteBytes(rest, bigEndian: true, out _);
        rest = rest[16..];
        PutText(ref rest, type);
        PutBytes(ref rest, data);
        PutBytes(ref rest, metadata);
        var hash = SHA256.HashData(text[..(text.Length - rest.Length)]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    /// <summary>True when <paramref name="event"/> continues the chain from <paramref name="previous"/>.</summary>
    public static bool Continues(ReadOnlySpan<byte> previous, RecordedEvent @event) =>
        Hash(previous, @event.Stream, @event.Version, @event.Id, @event.Type, @event.Data.Span, @event.Metadata.Span)
            .AsSpan().SequenceEqual(@event.Hash.Span);

    static int Length(string text) => 4 + Encoding.UTF8.GetByteCount(text);

    static void Put(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    static void PutBytes(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(rest, bytes.Length);
        rest = rest[4..];
        Put(ref rest, bytes);
    }

    static void PutText(ref Span<byte> rest, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, rest[4..]);
        BinaryPrimitives.WriteInt32BigEndian(rest, length);
        rest = rest[(4 + length)..];
    }
}
