using System.Text.RegularExpressions;
using Google.Protobuf;
using Grpc.Core;
using Ppec.Stores.Kurrent.Wire;
using static Ppec.Stores.Kurrent.Wire.ReadReq.Types;
using static Ppec.Stores.Kurrent.Wire.ReadReq.Types.Options.Types;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>Reads with a count: positions and revisions are inclusive.</summary>
static class Reads
{
    public const int Page = 32;

    public static async Task Stream(ServerLog log, Options options, IServerStreamWriter<ReadResp> answers, CancellationToken cancellation)
    {
        if (options.ReadDirection == ReadDirection.Backwards) throw new RpcException(new(StatusCode.Unimplemented, "this test server reads streams forwards only"));
        var name = options.Stream.StreamIdentifier.StreamName.ToStringUtf8();
        var from = options.Stream.RevisionOptionCase == StreamOptions.RevisionOptionOneofCase.Revision ? (long)options.Stream.Revision : 0;
        var (left, first) = (options.Count, true);
        while (true)
        {
            if (log.Stream(name, from, Page) is not var (events, last))
            {
                await answers.WriteAsync(new() { StreamNotFound = new() { StreamIdentifier = options.Stream.StreamIdentifier } }, cancellation);
                return;
            }
            if (first && events.Count == 0 && options.ControlOption?.Compatibility >= 1 && from != last + 1)
                await answers.WriteAsync(new() { FirstStreamPosition = (ulong)last + 1 }, cancellation);
            first = false;
            foreach (var e in events)
            {
                if (left-- == 0) break;
                await answers.WriteAsync(new() { Event = Event(e, options) }, cancellation);
            }
            from += events.Count;
            if (from <= last && left is > 0 and < ulong.MaxValue) continue;
            if (options.ControlOption?.Compatibility >= 1) await answers.WriteAsync(new() { LastStreamPosition = (ulong)last }, cancellation);
            return;
        }
    }

    public static async Task All(ServerLog log, Options options, IServerStreamWriter<ReadResp> answers, CancellationToken cancellation)
    {
        var passes = Filter(options);
        var left = options.Count;
        if (options.ReadDirection == ReadDirection.Backwards)
        {
            var index = options.All.AllOptionCase == AllOptions.AllOptionOneofCase.Position ? log.IndexOf(options.All.Position.CommitPosition) : log.Count;
            while (--index >= 0 && left > 0)
            {
                if (log.All(index, 1).Events[0] is var e && !passes(e)) continue;
                left--;
                await answers.WriteAsync(new() { Event = Event(e, options) }, cancellation);
            }
            return;
        }
        var next = options.All.AllOptionCase == AllOptions.AllOptionOneofCase.Position ? log.IndexOf(options.All.Position.CommitPosition) : options.All.End is null ? 0 : log.Count;
        while (left > 0)
        {
            var (events, end) = log.All(next, Page);
            foreach (var e in events.Where(passes))
            {
                if (left-- == 0) return;
                await answers.WriteAsync(new() { Event = Event(e, options) }, cancellation);
            }
            if (end) return;
            next += events.Count;
        }
    }

    public static Func<StoredEvent, bool> Filter(Options options)
    {
        if (options.Filter is not { } filter) return _ => true;
        var (expression, of) = filter.FilterCase == FilterOptions.FilterOneofCase.StreamIdentifier
            ? (filter.StreamIdentifier, (Func<StoredEvent, string>)(e => e.Stream))
            : (filter.EventType, e => e.Type);
        if (filter.WindowCase == FilterOptions.WindowOneofCase.None) throw new RpcException(new(StatusCode.InvalidArgument, "window"));
        if (expression.Regex.Length == 0) return e => expression.Prefix.Any(p => of(e).StartsWith(p, StringComparison.Ordinal));
        var regex = new Regex(expression.Regex, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        return e => regex.IsMatch(of(e));
    }

    public static ReadResp.Types.ReadEvent Event(StoredEvent e, Options options) => new()
    {
        CommitPosition = e.Position,
        Event = new()
        {
            Id = options.UuidOption.ContentCase == UUIDOption.ContentOneofCase.String ? new() { String = e.Id.ToString() } : BatchWorker.Structured(e.Id),
            StreamIdentifier = new() { StreamName = ByteString.CopyFromUtf8(e.Stream) },
            StreamRevision = (ulong)e.Revision,
            CommitPosition = e.Position,
            PreparePosition = e.Position,
            Metadata = { ["type"] = e.Type, ["content-type"] = e.ContentType, ["created"] = e.Created },
            CustomMetadata = e.CustomMetadata,
            Data = e.Data,
        },
    };
}
