using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Kurrent;

/// <summary>
/// What EventStoreDB has no column for travels in an event's custom metadata: PPEC's event id, the chain hash, and PPEC's own metadata.
/// It is JSON that people can read in EventStoreDB's pages, yet of one exact layout, so that the metadata comes back byte for byte (the hash covers its bytes):
/// <c>{"id":"…","hash":"base64","meta":as it came}</c>, without <c>meta</c> when there is none, and with <c>"meta64":"base64"</c> when it is not JSON.
/// </summary>
static class EventEnvelope
{
    const int IdLength = 36;
    const int HashLength = 44; // of 32 bytes
    static ReadOnlySpan<byte> Id => "{\"id\":\""u8;
    static ReadOnlySpan<byte> Hash => "\",\"hash\":\""u8;
    static ReadOnlySpan<byte> Bare => "\"}"u8;
    static ReadOnlySpan<byte> Json => "\",\"meta\":"u8;
    static ReadOnlySpan<byte> Base64Json => "\",\"meta64\":\""u8;

    public static byte[] Write(NewEvent e)
    {
        var metadata = e.Metadata.Span;
        var json = IsJson(metadata);
        var length = Id.Length + IdLength + Hash.Length + HashLength
            + (metadata.Length == 0 ? Bare.Length : json ? Json.Length + metadata.Length + 1 : Base64Json.Length + Base64.GetMaxEncodedToUtf8Length(metadata.Length) + Bare.Length);
        var bytes = new byte[length];
        var rest = bytes.AsSpan();
        Put(Id, ref rest);
        Utf8Formatter.TryFormat(e.Id, rest, out var written);
        rest = rest[written..];
        Put(Hash, ref rest);
        PutBase64(e.Hash.Span, ref rest);
        if (metadata.Length == 0) Put(Bare, ref rest);
        else if (json)
        {
            Put(Json, ref rest);
            Put(metadata, ref rest);
            rest[0] = (byte)'}';
        }
        else
        {
            Put(Base64Json, ref rest);
            PutBase64(metadata, ref rest);
            Put(Bare, ref rest);
        }
        return bytes;
    }

    /// <exception cref="FormatException">This was not written by <see cref="Write"/>.</exception>
    public static (Guid Id, byte[] Hash, ReadOnlyMemory<byte> Metadata) Read(ReadOnlyMemory<byte> bytes)
    {
        var rest = bytes.Span;
        Take(Id, ref rest);
        if (!Utf8Parser.TryParse(rest, out Guid id, out var read) || read != IdLength) throw Foreign();
        rest = rest[IdLength..];
        Take(Hash, ref rest);
        if (rest.Length < HashLength) throw Foreign();
        var hash = FromBase64(rest[..HashLength]);
        if (hash.Length != EventChain.HashBytes) throw Foreign();
        rest = rest[HashLength..];
        if (rest.SequenceEqual(Bare)) return (id, hash, default);
        if (rest.StartsWith(Json) && rest[^1] == '}') return (id, hash, bytes[(bytes.Length - rest.Length + Json.Length)..^1]);
        Take(Base64Json, ref rest);
        if (!rest.EndsWith(Bare)) throw Foreign();
        return (id, hash, FromBase64(rest[..^Bare.Length]));
    }

    /// <summary>One whole JSON value and nothing else, in valid UTF-8.</summary>
    public static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || !Utf8.IsValid(bytes)) return false;
        var reader = new Utf8JsonReader(bytes);
        try
        {
            while (reader.Read()) { }
            return true;
        }
        catch (JsonException) { return false; }
    }

    static void Put(ReadOnlySpan<byte> bytes, ref Span<byte> rest)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    static void PutBase64(ReadOnlySpan<byte> bytes, ref Span<byte> rest)
    {
        Base64.EncodeToUtf8(bytes, rest, out _, out var written);
        rest = rest[written..];
    }

    static void Take(ReadOnlySpan<byte> expected, ref ReadOnlySpan<byte> rest)
    {
        if (!rest.StartsWith(expected)) throw Foreign();
        rest = rest[expected.Length..];
    }

    static byte[] FromBase64(ReadOnlySpan<byte> text) => Convert.FromBase64String(Encoding.ASCII.GetString(text));

    static FormatException Foreign() => new("The custom metadata is not what PPEC writes.");
}
