using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Ppec.Contracts.Events;

namespace Ppec.Contracts.Audit;

/// <summary>
/// Whole events on the wire, byte for byte, as <c>/api/v1/audit/log</c> answers them. A frame is its length (4 bytes, big-endian, as every number here) and that many bytes, the first of which says what it is:
/// 1 an event (commit 8, prepare 8, version 8, id 16, hash 32; then stream, type, data and metadata, each as its length and its bytes), 2 the log cannot be read further (why, UTF-8), 3 the end.
/// </summary>
public static class EventFrames
{
    const byte Event = 1, Broken = 2, Ended = 3;
    const int Fixed = 1 + 8 + 8 + 8 + 16 + EventChain.HashBytes;
    const int Largest = 64 << 20;

    public static void Write(IBufferWriter<byte> to, RecordedEvent e)
    {
        var (stream, type) = (Encoding.UTF8.GetByteCount(e.Stream), Encoding.UTF8.GetByteCount(e.Type));
        var length = Fixed + 4 + stream + 4 + type + 4 + e.Data.Length + 4 + e.Metadata.Length;
        var rest = to.GetSpan(4 + length)[..(4 + length)];
        Number(ref rest, length);
        rest[0] = Event;
        BinaryPrimitives.WriteUInt64BigEndian(rest[1..], e.Position.Commit);
        BinaryPrimitives.WriteUInt64BigEndian(rest[9..], e.Position.Prepare);
        BinaryPrimitives.WriteInt64BigEndian(rest[17..], e.Version);
        e.Id.TryWriteBytes(rest[25..], bigEndian: true, out _);
        e.Hash.Span.CopyTo(rest[41..]);
        rest = rest[Fixed..];
        Text(ref rest, e.Stream, stream);
        Text(ref rest, e.Type, type);
        Bytes(ref rest, e.Data.Span);
        Bytes(ref rest, e.Metadata.Span);
        to.Advance(4 + length);
    }

    public static void WriteEnd(IBufferWriter<byte> to) => Simple(to, Ended, "");

    public static void WriteFault(IBufferWriter<byte> to, string why) => Simple(to, Broken, why);

    /// <summary>One frame, when all of it is there: the event, or null for the end. False: more must be read first.</summary>
    /// <exception cref="LogFaultException">The server found its log broken.</exception>
    /// <exception cref="FormatException">This is something else.</exception>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, out RecordedEvent? @event)
    {
        @event = null;
        if (rest.Length < 4) return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(rest);
        if (length is < 1 or > Largest) throw new FormatException("These are not frames of events.");
        if (rest.Length < 4 + length) return false;
        var frame = rest.Slice(4, length);
        rest = rest[(4 + length)..];
        switch (frame[0])
        {
            case Event when length >= Fixed: @event = Read(frame); return true;
            case Broken: throw new LogFaultException(Encoding.UTF8.GetString(frame[1..]));
            case Ended: return true;
            default: throw new FormatException("These are not frames of events.");
        }
    }

    static RecordedEvent Read(ReadOnlySpan<byte> frame)
    {
        var position = new LogPosition(BinaryPrimitives.ReadUInt64BigEndian(frame[1..]), BinaryPrimitives.ReadUInt64BigEndian(frame[9..]));
        var version = BinaryPrimitives.ReadInt64BigEndian(frame[17..]);
        var id = new Guid(frame.Slice(25, 16), bigEndian: true);
        var hash = frame.Slice(41, EventChain.HashBytes).ToArray();
        var rest = frame[Fixed..];
        var (stream, type) = (Encoding.UTF8.GetString(Part(ref rest)), Encoding.UTF8.GetString(Part(ref rest)));
        return new(stream, version, position, id, type, Part(ref rest).ToArray(), Part(ref rest).ToArray(), hash);
    }

    static ReadOnlySpan<byte> Part(ref ReadOnlySpan<byte> rest)
    {
        var length = rest.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(rest) : -1;
        if (length < 0 || length > rest.Length - 4) throw new FormatException("A frame is shorter than its parts.");
        var part = rest.Slice(4, length);
        rest = rest[(4 + length)..];
        return part;
    }

    static void Simple(IBufferWriter<byte> to, byte kind, string text)
    {
        var length = 1 + Encoding.UTF8.GetByteCount(text);
        var span = to.GetSpan(4 + length);
        BinaryPrimitives.WriteInt32BigEndian(span, length);
        span[4] = kind;
        Encoding.UTF8.GetBytes(text, span[5..]);
        to.Advance(4 + length);
    }

    static void Number(ref Span<byte> rest, int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(rest, value);
        rest = rest[4..];
    }

    static void Text(ref Span<byte> rest, string text, int length)
    {
        Number(ref rest, length);
        Encoding.UTF8.GetBytes(text, rest);
        rest = rest[length..];
    }

    static void Bytes(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        Number(ref rest, bytes.Length);
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }
}
