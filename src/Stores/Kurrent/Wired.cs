using System.Buffers.Binary;
using Google.Protobuf;
using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent.Wire;
using WireEvent = Ppec.Stores.Kurrent.Wire.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace Ppec.Stores.Kurrent;

/// <summary>The port's values on the wire and back.</summary>
sealed class Wired(string prefix)
{
    /// <summary>What stored stream names begin with.</summary>
    public string Prefix => prefix;

    const string Json = "application/json", Binary = "application/octet-stream";

    public StreamIdentifier Stream(string name) => new() { StreamName = ByteString.CopyFromUtf8(prefix + name) };

    /// <summary>
    /// The id the server knows an event by is made of its chain hash, hence of all its content and its place. The server compares nothing but ids when an append is repeated:
    /// with PPEC's own id it would answer "written" to an event of the same command with another content. PPEC's id is in the envelope.
    /// </summary>
    public static Guid WireId(ReadOnlySpan<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[16];
        hash[..16].CopyTo(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80); // RFC 9562 version 8, as PPEC's own ids
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new(bytes, bigEndian: true);
    }

    public static BatchAppendReq.Types.ProposedMessage Event(NewEvent e) => new()
    {
        Id = Uuid(WireId(e.Hash.Span)),
        Metadata = { ["type"] = e.Type, ["content-type"] = EventEnvelope.IsJson(e.Data.Span) ? Json : Binary },
        CustomMetadata = UnsafeByteOperations.UnsafeWrap(EventEnvelope.Write(e)),
        Data = ByteString.CopyFrom(e.Data.Span), // copied: the caller may use its buffer again while this waits
    };

    /// <exception cref="EventLogCorruptException">PPEC did not write this.</exception>
    public RecordedEvent Event(WireEvent e)
    {
        var name = e.StreamIdentifier.StreamName.ToStringUtf8();
        var position = new LogPosition(e.CommitPosition, e.PreparePosition);
        if (!name.StartsWith(prefix, StringComparison.Ordinal) || e.PreparePosition == ulong.MaxValue)
            throw new EventLogCorruptException($"EventStoreDB answered with version {e.StreamRevision} of {name}, which was not asked for or has no position in the log. It must be version 23.10 or newer, and reads must not be resolved.");
        try
        {
            var (id, hash, metadata) = EventEnvelope.Read(e.CustomMetadata.Memory);
            return new(name[prefix.Length..], (long)e.StreamRevision, position, id, e.Metadata["type"], e.Data.Memory, metadata, hash);
        }
        catch (Exception error) when (error is FormatException or KeyNotFoundException)
        {
            throw new EventLogCorruptException($"Version {e.StreamRevision} of {name} at position {position} was not written by PPEC: {error.Message} Only PPEC may write streams beginning with {prefix}.", error);
        }
    }

    public static UUID Uuid(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return new() { Structured = new() { MostSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes), LeastSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) } };
    }

    /// <summary>Either form; null when it is neither. A server may answer in another form than it was asked in.</summary>
    public static Guid? Guid(UUID? id)
    {
        if (id?.ValueCase == UUID.ValueOneofCase.String) return System.Guid.TryParse(id.String, out var parsed) ? parsed : null;
        if (id?.Structured is not { } structured) return null;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, structured.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], structured.LeastSignificantBits);
        return new(bytes, bigEndian: true);
    }
}
