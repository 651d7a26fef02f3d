using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Ppec.Contracts.Events;

namespace Ppec.Contracts.Audit;

/// <summary>An event as the log holds it, whole. <paramref name="Data"/> and <paramref name="Metadata"/> are its JSON byte for byte; <paramref name="Previous"/> is the hash before it in its stream.</summary>
public sealed record ProvenEvent(string Stream, long Version, Guid Id, string Type, string Data, string Metadata, string Previous, string Hash)
{
    public static ProvenEvent Of(RecordedEvent e, ReadOnlySpan<byte> previous) => new(
        e.Stream, e.Version, e.Id, e.Type, Encoding.UTF8.GetString(e.Data.Span), Encoding.UTF8.GetString(e.Metadata.Span), Convert.ToHexStringLower(previous), Convert.ToHexStringLower(e.Hash.Span));
}

/// <summary>Shows, without a server, that an event is number <paramref name="Index"/> (from 0) of the log whose tree of <paramref name="Size"/> events a signed head names.</summary>
/// <param name="Event">The event.</param>
/// <param name="Index">Its number in the log.</param>
/// <param name="Size">The size of the head it is proven against.</param>
/// <param name="Path">The siblings on the way to the root, from below; 64 hex digits each.</param>
public sealed record InclusionProof(ProvenEvent Event, long Index, long Size, ImmutableArray<string> Path)
{
    /// <summary>Why it proves nothing; null when it holds under this head, which must have been signed with <paramref name="key"/> where one is given.</summary>
    public string? Fault(TreeHead head, ReadOnlyMemory<byte>? key = null)
    {
        if (head.Fault(key) is { } why) return why;
        if (head.Size != Size) return $"the proof is for the head of {Size} events, and this head is of {head.Size}: prove the event again with this head";
        if (Bytes(Event.Previous) is not { } previous || Bytes(Event.Hash) is not { } hash || Bytes(head.Root) is not { } root) return "a hash is not 64 hex digits";
        var own = EventChain.Hash(previous, Event.Stream, Event.Version, Event.Id, Event.Type, Encoding.UTF8.GetBytes(Event.Data), Encoding.UTF8.GetBytes(Event.Metadata));
        if (!own.AsSpan().SequenceEqual(hash)) return "the event is not what its hash says: it was altered";
        ImmutableArray<byte[]> path = [.. (Path.IsDefault ? [] : Path).Select(p => Bytes(p) ?? [])];
        return Merkle.Includes(Index, Size, Merkle.Leaf(hash), path, root) ? null : "the path does not lead from the event to the head's root: the event is not at this place of that log";
    }

    public string Text() => JsonSerializer.Serialize(this, AuditJson.Default.InclusionProof);

    /// <exception cref="FormatException">It is no such proof.</exception>
    public static InclusionProof Read(string text)
    {
        try { return JsonSerializer.Deserialize(text, AuditJson.Default.InclusionProof) ?? throw new FormatException("The proof is null."); }
        catch (JsonException e) { throw new FormatException($"It is no proof: {e.Message}", e); }
    }

    static byte[]? Bytes(string hex)
    {
        var bytes = new byte[Merkle.HashBytes];
        return hex.Length == 2 * Merkle.HashBytes && Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done ? bytes : null;
    }
}

/// <summary>What shows that the log of <paramref name="From"/> events is the beginning of the log of <paramref name="To"/>; 64 hex digits each.</summary>
public sealed record ConsistencyProof(long From, long To, ImmutableArray<string> Path);

/// <summary>The log's tree as a node keeps it.</summary>
public interface ILogTree
{
    /// <summary>How many events it holds by now.</summary>
    long Size { get; }

    /// <summary>The heads this node knows, oldest first.</summary>
    ImmutableArray<TreeHead> Heads { get; }

    /// <summary>Completes when there is one more than there was when it was asked.</summary>
    Task NextHead();

    /// <summary>Proves the event at a position in the tree of <paramref name="size"/> events (null: that of the newest head). Null when no such event is in it.</summary>
    Task<InclusionProof?> Prove(LogPosition position, long? size, CancellationToken cancellation);

    /// <summary>Null when the tree is not so large.</summary>
    ConsistencyProof? Consistency(long from, long to);
}
