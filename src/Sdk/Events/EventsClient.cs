using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ppec.Contracts.Queries;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>The feed: every event in log order, without gaps, from any position.</summary>
public sealed class EventsClient
{
    readonly Transport _transport;

    internal EventsClient(Transport transport) => _transport = transport;

    /// <summary>One page of events after <paramref name="from"/> (null = the start of the log), of streams whose name begins with <paramref name="stream"/>.</summary>
    public async Task<Answer<EventPage>> PageAsync(string? from = null, int? limit = null, string? stream = null, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(Path(from, stream).Query("limit", limit), cancellation)).As(PpecJson.Api.EventPage);

    /// <summary>Every event after <paramref name="from"/>, up to the end of the log.</summary>
    public async IAsyncEnumerable<EventView> ListAsync(string? from = null, string? stream = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (true)
        {
            var page = (await PageAsync(from, null, stream, cancellation)).Value;
            foreach (var item in page.Items.IsDefault ? [] : page.Items) yield return item;
            if (page.Items.IsDefaultOrEmpty || page.NextPosition == from) yield break;
            from = page.NextPosition;
        }
    }

    /// <summary>
    /// Every event after <paramref name="from"/> and then each new one, until cancelled. A connection that breaks, or a server that
    /// restarts, is resumed after the last event given: none is missed, none comes twice. Keep the position of the last one you dealt with to resume yourself.
    /// </summary>
    /// <exception cref="PpecException">The server refuses the feed (credential, position).</exception>
    public async IAsyncEnumerable<Answer<EventView>> FollowAsync(string? from = null, string? stream = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var failures = 0; ; )
        {
            await using var feed = Connect(from, stream, cancellation).GetAsyncEnumerator(cancellation);
            while (true)
            {
                try
                {
                    if (!await feed.MoveNextAsync()) break;
                }
                catch (Exception e) when (IsBroken(e, cancellation))
                {
                    break;
                }
                if (feed.Current.Value.Position == from) continue; // a server that repeats the event resumed from
                (failures, from) = (0, feed.Current.Value.Position);
                yield return feed.Current;
            }
            await _transport.PauseAsync(++failures, null, cancellation);
        }
    }

    async IAsyncEnumerable<Answer<EventView>> Connect(string? from, string? stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(_transport.Options.FeedSilence, _transport.Options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        using var response = await _transport.OpenFeedAsync(Path(from, stream), either.Token);
        await using var body = await response.Content.ReadAsStreamAsync(either.Token);
        var heard = new Heard(body, () => silence.CancelAfter(_transport.Options.FeedSilence)); // heartbeats are comments, which the parser swallows
        await foreach (var item in SseParser.Create(heard, static (_, data) => data.ToArray()).EnumerateAsync(either.Token))
        {
            if (item.Data is not [(byte)'{', ..]) continue;
            var view = JsonSerializer.Deserialize(item.Data, PpecJson.Api.EventView) ?? throw new JsonException("An event was null.");
            yield return new(view, item.Data, view.Position);
        }
    }

    static PathText Path(string? from, string? stream) => new PathText("api/v1/events").Query("from", from).Query("stream", stream);

    static bool IsBroken(Exception e, CancellationToken cancellation) => !cancellation.IsCancellationRequested && e switch
    {
        HttpRequestException or IOException or OperationCanceledException => true,
        PpecException problem => Transport.IsPassing(problem),
        _ => false,
    };

    /// <summary>Tells whenever anything at all arrives.</summary>
    sealed class Heard(Stream inner, Action heard) : Stream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            heard();
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
