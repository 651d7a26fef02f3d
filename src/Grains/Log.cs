using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;

namespace Ppec.Grains;

/// <summary>The log as aggregates use it: facts in, facts out, with metadata and the hash chain.</summary>
public sealed class Log(IEventStore store, IEventCodec codec)
{
    /// <summary>A fact read back, with who caused it.</summary>
    public readonly record struct Entry(IDomainEvent Event, EventMetadata Metadata, long Version, LogPosition Position, ReadOnlyMemory<byte> Hash);

    /// <summary>Appends the facts of one command at the expected version. The ids follow from command and stream, so a repeated append is recognised.</summary>
    public async Task<(AppendResult Result, ReadOnlyMemory<byte> Hash)> Append(
        string stream, long expectedVersion, ReadOnlyMemory<byte> previousHash, IReadOnlyList<IDomainEvent> events, EventMetadata metadata)
    {
        var stamped = JsonSerializer.SerializeToUtf8Bytes(metadata, EventMetadataJson.Default.EventMetadata);
        var batch = new NewEvent[events.Count];
        for (var i = 0; i < batch.Length; i++)
        {
            var (type, data) = codec.Encode(events[i]);
            var id = EventId(metadata.CommandId, stream, i);
            var hash = EventChain.Hash(previousHash.Span, stream, expectedVersion + i, id, type, data, stamped);
            batch[i] = new(id, type, data, stamped, hash);
            previousHash = hash;
        }
        var result = await store.Append(stream, expectedVersion, batch, CancellationToken.None);
        return (result, previousHash);
    }

    public async IAsyncEnumerable<Entry> Read(string stream, long fromVersion)
    {
        await foreach (var e in store.ReadStream(stream, fromVersion, CancellationToken.None))
            yield return new(codec.Decode(e.Type, e.Data), Metadata(e), e.Version, e.Position, e.Hash);
    }

    internal static EventMetadata Metadata(RecordedEvent e) =>
        JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata)
        ?? throw new EventLogCorruptException($"Event {e.Version} of {e.Stream} has no metadata.");

    static Guid EventId(string commandId, string stream, int index)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        var text = Encoding.UTF8.GetBytes($"{commandId}\n{stream}\n{index}");
        SHA256.HashData(text, digest);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80); // RFC 9562 version 8: a name-based id of our own making
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }

    /// <summary>An id for what a command makes: 26 characters in ULID's alphabet, the same whenever the command is repeated.</summary>
    public static string MadeId(string commandId)
    {
        const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(commandId));
        var number = BinaryPrimitives.ReadUInt128BigEndian(digest);
        Span<char> text = stackalloc char[26];
        for (var i = 25; i >= 0; i--, number >>= 5) text[i] = Alphabet[(int)(number & 31)];
        return new string(text);
    }

    /// <summary>Metadata of a caller's command at a time.</summary>
    public static EventMetadata Stamp(Caller caller, DateTimeOffset at) =>
        new(caller.CommandId, caller.Actor, caller.Credential, caller.SourceAddress, at, caller.BodyHash,
            caller.Reason, caller.Ticket, caller.Operation, caller.Change, caller.Cause, Permission: caller.Permission);
}
