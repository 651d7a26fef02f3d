using System.Runtime.CompilerServices;
using Grpc.Core;
using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent.Wire;
using static Ppec.Stores.Kurrent.Wire.ReadReq.Types;
using static Ppec.Stores.Kurrent.Wire.ReadReq.Types.Options.Types;

namespace Ppec.Stores.Kurrent;

/// <summary>Some events of a stream, and how many it holds in all.</summary>
sealed record StreamSlice(IReadOnlyList<RecordedEvent> Events, long Length);

/// <summary>Reads, each continued where it was when the connection is lost.</summary>
sealed class KurrentReader(KurrentConnection connection, Wired wired)
{
    /// <summary>Events the server looks through at a time, those of others included. Its own value, 32, makes a shared log slow to search.</summary>
    const uint Window = 1024;

    /// <summary>A checkpoint after this many windows.</summary>
    const uint CheckpointInterval = 4;

    static readonly Empty Yes = new();

    /// <summary>At most <paramref name="count"/> events from <paramref name="from"/> on. No events and length 0 when there is no stream.</summary>
    public async Task<StreamSlice> Slice(string stream, long from, int count, CancellationToken cancellation)
    {
        var (events, length) = (new List<RecordedEvent>(), 0L);
        await foreach (var message in Messages(() => Stream(stream, from + events.Count, (ulong)Math.Max(1, count - events.Count)), $"read {stream}", cancellation))
        {
            switch (message.ContentCase)
            {
                case ReadResp.ContentOneofCase.Event when events.Count < count: events.Add(wired.Event(message.Event.Event)); break;
                case ReadResp.ContentOneofCase.LastStreamPosition: length = (long)message.LastStreamPosition + 1; break;
            }
        }
        return new(events, length);
    }

    /// <summary>All from <paramref name="from"/> on.</summary>
    public async IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var message in Messages(() => Stream(stream, from, long.MaxValue), $"read {stream}", cancellation))
        {
            if (message.ContentCase != ReadResp.ContentOneofCase.Event) continue;
            var e = wired.Event(message.Event.Event);
            if (e.Version != from) throw new EventLogCorruptException($"Version {from} of {stream} is missing; the next that EventStoreDB has is {e.Version}. The stream was truncated or scavenged: restore it from a backup.");
            from++;
            yield return e;
        }
    }

    /// <summary>Ours in (<paramref name="after"/>, <paramref name="end"/>].</summary>
    public async IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, LogPosition end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (after >= end) yield break;
        await foreach (var message in Messages(() => All(after, ours: true), "read the log", cancellation))
        {
            if (message.ContentCase != ReadResp.ContentOneofCase.Event) continue;
            var e = wired.Event(message.Event.Event);
            if (e.Position <= after) continue; // a read starts with the event at its position, a subscription behind it
            if (e.Position > end) yield break;
            after = e.Position;
            yield return e;
            if (after == end) yield break;
        }
    }

    /// <summary>Of the last event; <paramref name="ours"/>: of PPEC's, otherwise of anybody's.</summary>
    public async Task<LogPosition> End(bool ours, CancellationToken cancellation)
    {
        await foreach (var message in Messages(() => Last(ours), "read the end of the log", cancellation))
            if (message is { ContentCase: ReadResp.ContentOneofCase.Event, Event: { Event: var e, Link: var link } }) return new((link ?? e).CommitPosition, (link ?? e).PreparePosition);
        return LogPosition.Start;
    }

    /// <summary>A subscription's messages. After every <c>confirmation</c> it is behind again, at the position <paramref name="after"/> gave.</summary>
    public IAsyncEnumerable<ReadResp> Subscribe(Func<LogPosition> after, CancellationToken cancellation) => Messages(() =>
    {
        var request = All(after(), ours: true);
        request.Options.Subscription = new();
        return request;
    }, "subscribe to the log", cancellation);

    async IAsyncEnumerable<ReadResp> Messages(Func<ReadReq> request, string doing, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation, connection.Closed);
        var patience = new Patience(connection, doing);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            RpcException failure;
            ReadCall? call = null;
            KurrentNode? node = null;
            ReadReq? sent = null;
            try
            {
                while (true)
                {
                    ReadResp? message;
                    try
                    {
                        node ??= await connection.Leader(ends.Token);
                        call ??= new(node, sent = Compatible(request()), connection.Options.DefaultDeadline, ends.Token);
                        message = await call.Next();
                    }
                    catch (RpcException e)
                    {
                        failure = e;
                        break;
                    }
                    catch (Exception) when (!cancellation.IsCancellationRequested)
                    {
                        connection.ThrowIfClosed();
                        throw;
                    }
                    if (message is null)
                    {
                        if (sent?.Options.Subscription is null) yield break;
                        failure = new(new(StatusCode.Unavailable, "the server ended the subscription"));
                        break;
                    }
                    yield return message;
                    patience.Progress();
                }
            }
            finally { call?.Dispose(); }
            if (node is not null) connection.Lost(node, failure);
            await patience.Failed(failure, cancellation);
        }
    }

    ReadReq Stream(string stream, long from, ulong count) => new()
    {
        Options = new() { Stream = new() { StreamIdentifier = wired.Stream(stream), Revision = (ulong)from }, Count = count, NoFilter = Yes },
    };

    ReadReq All(LogPosition after, bool ours)
    {
        var all = new AllOptions();
        if (after == LogPosition.Start) all.Start = Yes;
        else all.Position = new() { CommitPosition = after.Commit, PreparePosition = after.Prepare };
        var options = new Options { All = all, Count = long.MaxValue };
        if (ours) options.Filter = new() { StreamIdentifier = new() { Prefix = { wired.Prefix } }, Max = Window, CheckpointIntervalMultiplier = CheckpointInterval };
        else options.NoFilter = Yes;
        return new() { Options = options };
    }

    ReadReq Last(bool ours)
    {
        var request = All(LogPosition.Start, ours);
        request.Options.All.End = Yes;
        request.Options.ReadDirection = ReadDirection.Backwards;
        request.Options.Count = 1;
        return request;
    }

    // Without uuid_option the server never answers; compatibility 1 makes it say how long a stream is.
    static ReadReq Compatible(ReadReq request)
    {
        request.Options.UuidOption = new() { Structured = Yes };
        request.Options.ControlOption = new() { Compatibility = 1 };
        return request;
    }
}
