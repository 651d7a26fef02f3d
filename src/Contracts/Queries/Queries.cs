using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Ppec.Contracts.Access;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Events;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Tags;

namespace Ppec.Contracts.Queries;

/// <summary>A list request. <paramref name="Limit"/> 1…1000; <paramref name="Cursor"/> as an earlier page gave it, opaque; <paramref name="Sort"/> a field, <c>-field</c> for descending.</summary>
public sealed record ListQuery(string? Filter, string? Sort, int Limit, string? Cursor);

/// <summary>One page of JSON documents. <paramref name="Total"/> is exact to 10,000; beyond, <paramref name="TotalIsMore"/>.</summary>
public sealed record Page(ImmutableArray<ReadOnlyMemory<byte>> Items, string? NextCursor, int Total, bool TotalIsMore);

/// <summary>A filter, sort or cursor that cannot be read; the message names what and where.</summary>
public sealed class QueryException(string field, string message) : Exception(message)
{
    public string Field { get; } = field;
}

/// <summary>
/// What may be read: folds of the log. Documents are the JSON of the noun's view, exactly as the API answers them.
/// Nouns: <c>machine</c>, <c>operation</c>, <c>region</c>, <c>rack</c>, <c>profile</c>, <c>image</c>, <c>filter</c>, <c>tag</c>, <c>user</c>, <c>group</c>, <c>role</c>, <c>grant</c>, <c>owner</c>, <c>policy</c>, <c>credential</c>, <c>change</c>.
/// </summary>
public interface IReadModel
{
    /// <summary>How far the read model has folded the log.</summary>
    LogPosition Position { get; }

    /// <summary>Waits until <paramref name="position"/> is visible. False when it was not within <paramref name="timeout"/>.</summary>
    Task<bool> WaitFor(LogPosition position, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>As <see cref="WaitFor"/>, for the full-text index, which is written behind the documents.</summary>
    Task<bool> WaitForTexts(LogPosition position, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Whether the filter asks for a free text, and so for the full-text index.</summary>
    /// <exception cref="QueryException">The filter is wrong.</exception>
    bool HasText(string? filter);

    ReadOnlyMemory<byte>? Find(string noun, string id);

    /// <summary>Whether a thing may be known by whoever sees only so much. What is not there is not seen, but by who sees everything.</summary>
    bool Sees(Sight sight, string noun, string id);

    /// <summary>A page of what <paramref name="sight"/> lets one see; null lets see everything.</summary>
    /// <exception cref="QueryException">The filter, sort or cursor is wrong.</exception>
    Page List(string noun, ListQuery query, Sight? sight = null);

    /// <summary>What is named so, in any noun: exact matches first, then by how a field begins, then by a part of a text; at most 50.</summary>
    ImmutableArray<FoundView> Search(string text);

    /// <summary>A disk's life by its serial, whatever its case; null when no machine ever had it.</summary>
    DiskView? Disk(string serial);

    /// <summary>Every tag key in use on machines, and every one of which something was said.</summary>
    ImmutableArray<TagView> Tags();

    /// <summary>Operations that have not ended, with their machines; also those a machine announced and that have no stream yet.</summary>
    ImmutableArray<(string Operation, string Machine)> OpenOperations();

    /// <summary>Changes that have not ended.</summary>
    ImmutableArray<string> OpenChanges();

    /// <summary>Machines to look at now and then: those with a BMC, and those with something that time may end (a hold, a waiver, maintenance).</summary>
    ImmutableArray<string> Watched();

    /// <summary>Names (rack units as <c>rack:ID/UNIT</c>, reservations as <c>change:ID</c>) that are claimed for a machine that does not exist, does not stand there, or has another BMC, or by a change that is not open.</summary>
    ImmutableArray<(string Name, string Owner)> OrphanClaims();
}

/// <summary>One thing that was found, and by which field (<c>text</c>: a note or description). <paramref name="Exact"/> = the whole of it.</summary>
[GenerateSerializer, Immutable]
public sealed record FoundView(string Noun, string Id, string Field, string Value, bool Exact)
{
    /// <summary>Of a disk: the machine it was found in.</summary>
    [JsonIgnore, Id(100)] public string? On { get; init; }
}

/// <summary>The past, read from the log itself.</summary>
public interface IHistory
{
    /// <summary>The document as it was at <paramref name="at"/>; null when it did not exist.</summary>
    Task<ReadOnlyMemory<byte>?> At(string noun, string id, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>Each event of one thing, oldest first, with what it changed.</summary>
    Task<ImmutableArray<HistoryEntry>> Of(string noun, string id, CancellationToken cancellation);

    /// <summary>What differs between two times.</summary>
    Task<ImmutableArray<FieldChange>?> Diff(string noun, string id, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation);

    /// <summary>Where the log ends now.</summary>
    Task<LogPosition> End(CancellationToken cancellation);

    /// <summary>The feed: events after a position, at most <paramref name="limit"/>.</summary>
    Task<EventPage> Events(LogPosition after, int limit, string? streamPrefix, CancellationToken cancellation);

    /// <summary>The feed, live.</summary>
    IAsyncEnumerable<EventView> Follow(LogPosition after, string? streamPrefix, CancellationToken cancellation);
}

/// <summary>One fact of the log. <paramref name="Data"/> is the event's JSON.</summary>
public sealed record EventView(
    string Position, string Stream, long Version, string Type, DateTimeOffset Time, string Actor, string? Reason, string? Ticket,
    string? Operation, System.Text.Json.JsonElement Data, string Hash)
{
    public static EventView Of(RecordedEvent e)
    {
        var metadata = System.Text.Json.JsonSerializer.Deserialize(e.Metadata.Span, EventMetadataJson.Default.EventMetadata)!;
        return new(e.Position.ToString(), e.Stream, e.Version, e.Type, metadata.Time, metadata.Actor, metadata.Reason, metadata.Ticket, metadata.Operation,
            System.Text.Json.JsonElement.Parse(e.Data.Span), Convert.ToHexStringLower(e.Hash.Span));
    }
}

public sealed record EventPage(ImmutableArray<EventView> Items, string NextPosition);
