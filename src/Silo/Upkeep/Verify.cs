using System.Text.Json;
using Ppec.Contracts.Events;
using Ppec.Stores.Codec;
using Ppec.Stores.Sqlite;

namespace Ppec.Silo.Upkeep;

/// <summary><c>verify</c>: is the log what was written, and can this program read it?</summary>
static class Verify
{
    public static UpkeepCommand Command { get; } = new("verify", "Reads the whole event log and proves it.",
        [new("events", "ADDRESS", "The store to read.", Required: true)],
        $"""
        An ADDRESS is {EventStores.Addresses}. A node may be running on it: what is in the log now is read, and nothing is changed.
        Every stream's versions must follow one another, every event must continue its stream's hash chain, and this program must be able to decode it.
        Of an SQLite log the file's structure, positions and indexes are checked too.
        The first fault ends it, with the stream and version it was found at.

        Example: ppec-silo verify --events sqlite:/var/lib/ppec
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        await using var store = await arguments.Store("events", Use.Read, cancellation);
        var (audit, codec, progress) = (new ChainAudit(), EventNames.Codec(), new Progress(Command.Name));
        await foreach (var e in store.Events.ReadAll(LogPosition.Start, cancellation))
        {
            audit.Check(e);
            Decode(codec, e);
            progress.Reached("verified", audit.Events);
        }
        if (store.Events is SqliteEventStore sqlite) await sqlite.Verify(null, cancellation);
        return $"verified: {audit.Events:N0} events in {audit.Streams:N0} streams; every chain whole, every event readable";
    }

    static void Decode(EventCodec codec, RecordedEvent e)
    {
        try
        {
            codec.Decode(e.Type, e.Data);
            if (JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata) is null) throw ChainAudit.Fault(e, "it has no metadata");
        }
        catch (Exception fault) when (fault is EventCodecException or JsonException)
        {
            throw ChainAudit.Fault(e, fault.Message.TrimEnd('.'));
        }
    }
}
