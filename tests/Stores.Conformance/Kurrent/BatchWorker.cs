using System.Buffers.Binary;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>One BatchAppend call. Errors stay in band; only "not leader" ends it.</summary>
sealed class BatchWorker(TestServer server, IServerStreamWriter<BatchAppendResp> answers, ServerCallContext context)
{
    sealed record Pending(BatchAppendReq.Types.Options Options, List<ProposedEvent> Events)
    {
        public int Size { get; set; }
    }

    readonly Faults _faults = server.Cluster.Faults;
    readonly Channel<BatchAppendResp> _answers = Channel.CreateUnbounded<BatchAppendResp>();
    readonly Dictionary<Guid, Pending> _pending = [];

    bool HidesLeader => _faults.HidesLeader && server.Cluster.Leader != server;

    int _inFlight;

    public async Task Work(IAsyncStreamReader<BatchAppendReq> requests)
    {
        var sending = Send();
        try
        {
            await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
            {
                if (!HidesLeader) server.EnsureLeads(context);
                if (Handle(request) is not { } answer) continue;
                answer.CorrelationId = request.CorrelationId;
                _faults.MostInFlight = Math.Max(_faults.MostInFlight, Interlocked.Increment(ref _inFlight));
                _answers.Writer.TryWrite(answer);
            }
        }
        finally { _answers.Writer.TryComplete(); }
        await sending;
    }

    BatchAppendResp? Handle(BatchAppendReq request)
    {
        var id = Id(request.CorrelationId);
        if (request.Options is not null)
        {
            if (request.Options.StreamIdentifier is null) return Error(Code.InvalidArgument, new BadRequest { Message = "Required field StreamIdentifier not set." });
            if (request.Options.ExpectedStreamPositionCase == BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.None) return Error(Code.InvalidArgument, new BadRequest { Message = "Unknown ExpectedStreamPosition" });
            _pending.TryAdd(id, new(request.Options, []));
        }
        if (!_pending.TryGetValue(id, out var pending)) return null;
        foreach (var e in request.ProposedMessages)
        {
            if (!e.Metadata.TryGetValue("type", out var type) || !e.Metadata.TryGetValue("content-type", out var content)) return Error(Code.InvalidArgument, new BadRequest { Message = "The given key was not present in the dictionary." });
            pending.Events.Add(new(Id(e.Id), type, content, e.CustomMetadata, e.Data));
            pending.Size += e.Data.Length;
        }
        if (pending.Size > _faults.MaxAppendSize)
        {
            _pending.Remove(id);
            return Error(Code.InvalidArgument, new MaximumAppendSizeExceeded { MaxAppendSize = (uint)_faults.MaxAppendSize });
        }
        if (!request.IsFinal) return null;
        _pending.Remove(id);
        return Append(pending);
    }

    BatchAppendResp? Append(Pending pending)
    {
        if (HidesLeader) return NotHandled("No leader info available in response");
        if (_faults.TakeNotReady()) return NotHandled("Server Is Not Ready");
        var options = pending.Options;
        var done = server.Cluster.Log.Append(options.StreamIdentifier.StreamName.ToStringUtf8(), options.ExpectedStreamPositionCase switch
        {
            BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.StreamPosition => (long)options.StreamPosition,
            BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.NoStream => ServerLog.NoStream,
            BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.StreamExists => ServerLog.StreamExists,
            _ => ServerLog.Any,
        }, pending.Events);
        if (_faults.TakeDropAfterWrite())
        {
            Cut(context);
            return null;
        }
        if (_faults.TakeTimeoutAfterWrite()) return Error(Code.DeadlineExceeded, new Stores.Kurrent.Wire.Timeout());
        if (_faults.TakeLoseAnswer()) return null;
        if (!done.WrongVersion) return new() { StreamIdentifier = options.StreamIdentifier, Success = new() { CurrentRevision = (ulong)done.Revision, Position = new() { CommitPosition = done.Position, PreparePosition = done.Position } } };
        var wrong = new WrongExpectedVersion();
        if (done.Revision < 0) wrong.CurrentNoStream = new();
        else wrong.CurrentStreamRevision = (ulong)done.Revision;
        return Error(Code.AlreadyExists, wrong);
    }

    static BatchAppendResp NotHandled(string why) => new() { Error = new() { Message = why, Details = Any.Pack(new Google.Protobuf.WellKnownTypes.Empty()) } }; // code OK, as in 23.10

    static BatchAppendResp Error(Code code, IMessage details) => new() { Error = new() { Code = code, Message = details.Descriptor.Name, Details = Any.Pack(details) } };

    /// <summary>The whole connection, not only the call.</summary>
    public static void Cut(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        if (http.Features.Get<IConnectionLifetimeFeature>() is { } connection) connection.Abort();
        else http.Abort();
    }

    async Task Send()
    {
        var held = new Stack<BatchAppendResp>();
        await foreach (var first in _answers.Reader.ReadAllAsync(context.CancellationToken))
        {
            if (_faults.Slow > TimeSpan.Zero) await Task.Delay(_faults.Slow, context.CancellationToken);
            held.Push(first);
            if (_faults.Reverse)
            {
                await Task.Delay(2, context.CancellationToken);
                while (_answers.Reader.TryRead(out var more)) held.Push(more);
            }
            while (held.TryPop(out var answer))
            {
                await answers.WriteAsync(answer);
                Interlocked.Decrement(ref _inFlight);
                if (!_faults.Duplicate) continue;
                var again = answer.Clone();
                again.CorrelationId = again.CorrelationId.Structured is null ? Structured(Id(again.CorrelationId)) : new() { String = Id(again.CorrelationId).ToString() };
                await answers.WriteAsync(again);
            }
        }
    }

    public static Guid Id(UUID id)
    {
        if (id.Structured is not { } structured) return Guid.Parse(id.String);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, structured.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], structured.LeastSignificantBits);
        return new(bytes, bigEndian: true);
    }

    public static UUID Structured(Guid id)
    {
        var bytes = id.ToByteArray(bigEndian: true);
        return new() { Structured = new() { MostSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes), LeastSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(8)) } };
    }
}
