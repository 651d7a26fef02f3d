using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ppec.Contracts;
using Ppec.Contracts.Events;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Queries;

namespace Ppec.Projections;

/// <summary>The past, folded from the log each time it is asked for: nothing else remembers it.</summary>
public sealed class History(IEventStore store, IEventCodec codec) : IHistory
{
    public async Task<ReadOnlyMemory<byte>?> At(string noun, string id, DateTimeOffset at, CancellationToken cancellation) =>
        await Document(noun, id, at, cancellation) is { } json ? new ReadOnlyMemory<byte>(JsonSerializer.SerializeToUtf8Bytes(json)) : default(ReadOnlyMemory<byte>?);

    public async Task<ImmutableArray<HistoryEntry>> Of(string noun, string id, CancellationToken cancellation)
    {
        var entries = ImmutableArray.CreateBuilder<HistoryEntry>();
        JsonObject? before = null;
        await foreach (var (e, metadata, after) in Walk(noun, id, cancellation))
        {
            var changes = Changes(before, after);
            before = after;
            if (changes.IsEmpty && e.Stream != $"{noun}-{id}") continue; // another version of it
            entries.Add(new(e.Version + 1, e.Position.ToString(), metadata.Time, e.Type, Summary(e.Type), metadata.Actor, metadata.Reason, metadata.Ticket, metadata.Operation, changes));
        }
        return entries.ToImmutable();
    }

    public async Task<ImmutableArray<FieldChange>?> Diff(string noun, string id, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        var (before, after) = (await Document(noun, id, from, cancellation), await Document(noun, id, to, cancellation));
        return before is null && after is null ? null : Changes(before, after);
    }

    public Task<LogPosition> End(CancellationToken cancellation) => store.End(cancellation);

    public async Task<EventPage> Events(LogPosition after, int limit, string? streamPrefix, CancellationToken cancellation)
    {
        var items = ImmutableArray.CreateBuilder<EventView>();
        await foreach (var e in store.ReadAll(after, cancellation))
        {
            after = e.Position;
            if (Matches(e, streamPrefix)) items.Add(EventView.Of(e));
            if (items.Count == limit) break;
        }
        return new(items.ToImmutable(), after.ToString());
    }

    public async IAsyncEnumerable<EventView> Follow(LogPosition after, string? streamPrefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var item in store.Subscribe(after, cancellation))
            if (item.Event is { } e && Matches(e, streamPrefix)) yield return EventView.Of(e);
    }

    static bool Matches(RecordedEvent e, string? prefix) => prefix is null || e.Stream.StartsWith(prefix, StringComparison.Ordinal);

    async Task<JsonObject?> Document(string noun, string id, DateTimeOffset at, CancellationToken cancellation)
    {
        JsonObject? document = null;
        var latest = DateTimeOffset.MinValue;
        await foreach (var (_, metadata, after) in Walk(noun, id, cancellation))
        {
            // Clocks of nodes differ: time is made non-decreasing along the log.
            if (metadata.Time > latest) latest = metadata.Time;
            if (latest > at) break;
            document = after;
        }
        return document;
    }

    async IAsyncEnumerable<(RecordedEvent Event, EventMetadata Metadata, JsonObject? After)> Walk(string nounName, string id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (Nouns.Named(nounName, id) is not { } noun) yield break;
        var (stream, state) = (noun.StreamOf(id), noun.Initial);
        var streamId = stream[(stream.IndexOf('-', StringComparison.Ordinal) + 1)..];
        var (first, shown) = (default(EventMetadata), default(object));
        await foreach (var e in store.ReadStream(stream, 0, cancellation))
        {
            var metadata = Feed.Metadata(e);
            first ??= metadata;
            state = noun.Apply(state, codec.Decode(e.Type, e.Data));
            var view = noun.View(state, e.Version + 1, streamId, first).FirstOrDefault(d => d.Id == id)?.View;
            if (noun.IsShared && ReferenceEquals(view, shown)) continue; // it tells of another
            shown = view;
            yield return (e, metadata, view is null ? null : JsonSerializer.SerializeToNode(view, view.GetType(), PpecJson.Options)!.AsObject());
        }
    }

    /// <summary>Field by field, nested objects by path; a list counts as one value. The version always moves and says nothing.</summary>
    static ImmutableArray<FieldChange> Changes(JsonObject? before, JsonObject? after)
    {
        var (a, b) = (Leaves(before), Leaves(after));
        return [.. a.Keys.Union(b.Keys).Where(k => k != "version").Order(StringComparer.Ordinal)
            .Select(k => new FieldChange(k, a.GetValueOrDefault(k), b.GetValueOrDefault(k))).Where(c => c.Before != c.After)];
    }

    static Dictionary<string, string> Leaves(JsonObject? root)
    {
        var leaves = new Dictionary<string, string>(StringComparer.Ordinal);
        if (root is not null) Add(root, "");
        return leaves;

        void Add(JsonObject node, string path)
        {
            foreach (var (key, value) in node)
                if (value is JsonObject inner) Add(inner, $"{path}{key}.");
                else if (value is not null) leaves[path + key] = value.ToJsonString();
        }
    }

    /// <summary>The event's name as words: <c>machine.inspection-started.v1</c> → <c>inspection started</c>.</summary>
    static string Summary(string type) => type.Split('.') is [_, var what, _] ? what.Replace('-', ' ') : type;
}
