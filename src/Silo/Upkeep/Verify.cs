using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Projections.Audit;
using Ppec.Stores.Codec;
using Ppec.Stores.Sqlite;

namespace Ppec.Silo.Upkeep;

/// <summary><c>verify</c>: is the log what was written and signed, and can this program read it?</summary>
static class Verify
{
    public static UpkeepCommand Command { get; } = new("verify", "Reads the whole event log and proves it.",
        [
            new("events", "ADDRESS", "The store to read.", Required: true),
            new("head", "FILE", "Tree heads kept elsewhere, as an anchor got them: one, or one a line."),
            new("heads", "FILE", "The heads that a node wrote, whole and in order; those of a data directory are found by themselves."),
            new("key", "FILE", "The public key in PEM that every head must be signed with."),
        ],
        $"""
        An ADDRESS is {EventStores.Addresses}. A node may be running on it: what is in the log now is read, and nothing is changed.
        Every stream's versions must follow one another, every event must continue its stream's hash chain, this program must be able to decode it,
        and the log's Merkle tree must be what each signed head says.
        Of an SQLite log the file's structure, positions and indexes are checked too.
        Who alters the log can compute the chains anew, and who has the node's key its own heads: only a head that was kept elsewhere (--head) shows that.
        The first fault ends it, with the stream and version it was found at.

        Example: ppec-silo verify --events sqlite:/var/lib/ppec --head /mnt/witness/heads.jsonl --key /mnt/witness/heads.pub
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        var (own, anchored) = (Own(arguments), arguments.Find("head") is { } head ? Heads("head", head) : []);
        await using var store = await arguments.Store("events", Use.Read, cancellation); // after the heads: what they are of is in the log
        var (codec, progress) = (EventNames.Codec(), new Progress(Command.Name));
        try
        {
            var verifier = new LogVerifier(own, anchored, arguments.Find("key") is { } file ? Key(file) : default(ReadOnlyMemory<byte>?));
            await verifier.CheckAll(store.Events.ReadAll(LogPosition.Start, cancellation), batch => Parallel.ForEach(batch, e => Decode(codec, e)), events => progress.Reached("verified", events));
            if (store.Events is SqliteEventStore sqlite) await sqlite.VerifyStructure(cancellation);
            return $"verified: {verifier.Events:N0} events in {verifier.Streams:N0} streams; every chain whole, every event readable; "
                + (verifier.Newest is { } newest ? $"{verifier.Agreed:N0} signed heads agree, the last of {newest.Size:N0} events at {newest.Time:u}, key {newest.KeyFingerprint()}" : "there are no signed heads to compare with");
        }
        catch (LogFaultException e)
        {
            throw new UpkeepException(e.Message);
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<LogFaultException>().FirstOrDefault() is { } fault)
        {
            throw new UpkeepException(fault.Message);
        }
    }

    static ImmutableArray<TreeHead> Own(UpkeepArguments arguments)
    {
        if (arguments.Find("heads") is { } file) return Heads("heads", file);
        return arguments["events"] is ['s', 'q', 'l', 'i', 't', 'e', ':', .. var directory] ? HeadFile.Read(Path.Combine(directory, Node.HeadsName)) : [];
    }

    static ImmutableArray<TreeHead> Heads(string option, string file)
    {
        try { return HeadText.Read(File.ReadAllText(file)); }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException) { throw new OptionException($"--{option}: {file}: {e.Message}"); }
    }

    static ReadOnlyMemory<byte> Key(string file)
    {
        try
        {
            var text = File.ReadAllText(file);
            return PemEncoding.TryFind(text, out var pem) && text[pem.Label] is "PUBLIC KEY" ? Convert.FromBase64String(text[pem.Base64Data]) : throw new OptionException($"--key: {file} holds no public key in PEM.");
        }
        catch (IOException e) { throw new OptionException($"--key: {e.Message}"); }
    }

    static void Decode(EventCodec codec, RecordedEvent e)
    {
        try
        {
            codec.Decode(e.Type, e.Data);
            if (JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata) is null) throw LogVerifier.Fault(e, "it has no metadata");
        }
        catch (Exception fault) when (fault is EventCodecException or JsonException)
        {
            throw LogVerifier.Fault(e, fault.Message.TrimEnd('.'));
        }
    }
}
