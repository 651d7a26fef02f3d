using System.Runtime.CompilerServices;
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

    static PathText Path(string what) => new PathText("api/v1/audit").Add(what);
}
