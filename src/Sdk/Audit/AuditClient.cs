using System.Runtime.CompilerServices;
using System.Text.Json;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Who did what, and that the log is the one that was written.</summary>
public sealed class AuditClient
{
    const int Buffer = 1 << 18;

    readonly Transport _transport;

    internal AuditClient(Transport transport) => _transport = transport;

    /// <summary>One page of the server's signed tree heads, newest first.</summary>
    public async Task<Answer<ListPage<TreeHead>>> HeadsAsync(int? limit = null, string? cursor = null, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(Path("heads").Query("limit", limit).Query("cursor", cursor), cancellation)).As(PpecJson.Api.ListPageTreeHead);

    /// <summary>All of them, oldest first.</summary>
    public async Task<IReadOnlyList<TreeHead>> AllHeadsAsync(CancellationToken cancellation = default)
    {
        var heads = new List<TreeHead>();
        string? cursor = null;
        do
        {
            var page = (await HeadsAsync(1000, cursor, cancellation)).Value;
            heads.AddRange(page.Items.IsDefault ? [] : page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        heads.Reverse();
        return heads;
    }

    /// <summary>Proves the event at <paramref name="position"/> against the head of <paramref name="size"/> events; null = the newest.</summary>
    /// <exception cref="PpecException">404 <c>not-found</c>: it is not in the log of that head.</exception>
    public async Task<Answer<InclusionProof>> ProveAsync(string position, long? size = null, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(Path("proofs").Add(position).Query("size", size), cancellation)).As(PpecJson.Api.InclusionProof);

    /// <summary>Proves that the log of <paramref name="from"/> events is the beginning of that of <paramref name="to"/>; null = all there is.</summary>
    public async Task<Answer<ConsistencyProof>> ConsistencyAsync(long from, long? to = null, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(Path("consistency").Query("from", from).Query("to", to), cancellation)).As(PpecJson.Api.ConsistencyProof);

    /// <summary>Every event after <paramref name="from"/> byte for byte, up to the end of the log. A connection that breaks is resumed.</summary>
    /// <exception cref="LogFaultException">The server itself found the log broken.</exception>
    public async IAsyncEnumerable<RecordedEvent> LogAsync(LogPosition from = default, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var failures = 0; ;)
        {
            Exception? why = null;
            await using var log = Connect(from, cancellation).GetAsyncEnumerator(cancellation);
            while (true)
            {
                try
                {
                    if (!await log.MoveNextAsync()) yield break;
                }
                catch (Exception e) when (!cancellation.IsCancellationRequested && (e is HttpRequestException or IOException || (e is PpecException p && Transport.IsPassing(p))))
                {
                    why = e;
                    break;
                }
                (failures, from) = (0, log.Current.Position);
                yield return log.Current;
            }
            if (++failures >= _transport.Options.MaxAttempts) throw why as PpecException ?? (Exception)_transport.Unreachable(why);
            await _transport.PauseAsync(failures, null, cancellation);
        }
    }

    async IAsyncEnumerable<RecordedEvent> Connect(LogPosition from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await _transport.OpenAsync(Path("log").Query("from", from == LogPosition.Start ? null : from.ToString()), "application/octet-stream", cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var (buffer, length, events) = (new byte[Buffer], 0, new List<RecordedEvent>());
        while (true)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, length * 2);
            var read = await body.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0) throw new IOException("The log ended in the middle.");
            var ended = Take(buffer.AsSpan(0, length += read), events, out var used);
            foreach (var e in events) yield return e;
            if (ended) yield break;
            events.Clear();
            buffer.AsSpan(used, length - used).CopyTo(buffer);
            length -= used;
        }
    }

    /// <summary>The whole frames of a piece; true when the log ends in it.</summary>
    static bool Take(ReadOnlySpan<byte> piece, List<RecordedEvent> events, out int used)
    {
        var rest = piece;
        var ended = false;
        while (!ended && EventFrames.TryRead(ref rest, out var e))
            if (e is null) ended = true;
            else events.Add(e);
        used = piece.Length - rest.Length;
        return ended;
    }

    /// <summary>One page of commands and refused attempts, newest first unless said. It may be short, or empty, while it has a <c>NextCursor</c>.</summary>
    public async Task<Answer<AuditPage>> SearchAsync(AuditQuery query, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(Query(query).Query("limit", query.Limit), cancellation)).As(PpecJson.Api.AuditPage);

    /// <summary>
    /// All of it as lines, oldest first unless said: JSON, or CSV under a head. Each has the cursor that goes on after it; a connection that breaks is resumed after the last line given.
    /// The query's limit is not looked at.
    /// </summary>
    public async IAsyncEnumerable<AuditLine> ExportAsync(AuditQuery query, bool csv = false, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var (failures, headed) = (0, query.Cursor is not null); ;)
        {
            Exception? why = null;
            await using var lines = Lines(query, csv, cancellation).GetAsyncEnumerator(cancellation);
            while (true)
            {
                try
                {
                    if (!await lines.MoveNextAsync()) yield break;
                }
                catch (Exception e) when (!cancellation.IsCancellationRequested && (e is HttpRequestException or IOException || (e is PpecException p && Transport.IsPassing(p))))
                {
                    why = e;
                    break;
                }
                failures = 0;
                if (lines.Current.IsHead && headed) continue;
                if (lines.Current.IsHead) headed = true;
                else query = query with { Cursor = lines.Current.Cursor };
                yield return lines.Current;
            }
            if (++failures >= _transport.Options.MaxAttempts) throw why as PpecException ?? (Exception)_transport.Unreachable(why);
            await _transport.PauseAsync(failures, null, cancellation);
        }
    }

    async IAsyncEnumerable<AuditLine> Lines(AuditQuery query, bool csv, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await _transport.OpenAsync(Query(query), csv ? "text/csv" : "application/jsonl", cancellation);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await body.ReadLineAsync(cancellation) is { } line)
            if (line.Length > 0) yield return AuditLine.Read(line, csv) ?? throw new IOException("The list broke off within a line.");
    }

    static PathText Query(AuditQuery query) => new PathText("api/v1/audit").Query("filter", query.Filter).Query("from", query.From).Query("to", query.To)
        .Query("cursor", query.Cursor).Query("sort", query.OldestFirst ? "time" : "-time");

    static PathText Path(string what) => new PathText("api/v1/audit").Add(what);
}
