using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent.Wire;
using GoogleEmpty = Google.Protobuf.WellKnownTypes.Empty;

namespace Ppec.Stores.Kurrent;

/// <summary>The server's word on an append: where its last event stands, or that the stream was not at the expected version.</summary>
readonly record struct BatchAnswer(bool WrongVersion, LogPosition? Position);

/// <summary>
/// Appends through one <see cref="BatchCall"/>, which is opened again when it ends. An append of unknown outcome is sent again as it was, at the same expected version:
/// the server then answers as the first time when it had been written, and writes it when it had not.
/// </summary>
sealed class BatchAppender(KurrentConnection connection, Wired wired) : IDisposable
{
    readonly SemaphoreSlim _opening = new(1, 1);
    BatchCall? _call;

    public async Task<BatchAnswer> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        var patience = new Patience(connection, $"write to {stream}");
        var request = Request(stream, expectedVersion, events);
        while (true)
        {
            BatchCall? call = null;
            RpcException failure;
            try
            {
                call = await Call(cancellation);
                var answer = await call.Send(request.Clone(), patience.Left, cancellation);
                if (Settled(answer, stream) is { } settled) return settled;
                failure = Unsettled(answer.Error);
                if (answer.Error?.Code != Code.DeadlineExceeded)
                {
                    connection.Lost(call.Node, failure); // not ready, or no longer leading and not knowing who does: ask the others
                    call.Retire();
                }
            }
            catch (TimeoutException e) { failure = new(new(StatusCode.DeadlineExceeded, "no answer came", e)); }
            catch (RpcException e)
            {
                cancellation.ThrowIfCancellationRequested();
                if (call is not null) connection.Lost(call.Node, e);
                failure = e;
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                connection.ThrowIfClosed();
                throw;
            }
            await patience.Failed(failure, cancellation);
        }
    }

    BatchAppendReq Request(string stream, long expectedVersion, IReadOnlyList<NewEvent> events)
    {
        var options = new BatchAppendReq.Types.Options { StreamIdentifier = wired.Stream(stream), Deadline = Duration.FromTimeSpan(connection.Options.DefaultDeadline) };
        if (expectedVersion == 0) options.NoStream = new GoogleEmpty();
        else options.StreamPosition = (ulong)expectedVersion - 1;
        var request = new BatchAppendReq { Options = options, IsFinal = true };
        foreach (var e in events) request.ProposedMessages.Add(Wired.Event(e));
        var bytes = request.ProposedMessages.Sum(m => (long)m.Data.Length + m.CustomMetadata.Length + m.Metadata["type"].Length);
        return bytes <= KurrentErrors.MaxAppendSize ? request : throw KurrentErrors.TooLarge(stream, bytes, KurrentErrors.MaxAppendSize);
    }

    /// <summary>Null when the outcome is unknown.</summary>
    static BatchAnswer? Settled(BatchAppendResp answer, string stream)
    {
        if (answer.Success is { } success)
            return new(false, success.Position is { CommitPosition: not ulong.MaxValue } p ? new LogPosition(p.CommitPosition, p.PreparePosition) : null);
        var error = answer.Error ?? new();
        var details = error.Details;
        if (details is not null)
        {
            if (details.Is(WrongExpectedVersion.Descriptor)) return new(true, null);
            if (details.Is(StreamDeleted.Descriptor)) throw KurrentErrors.Deleted(stream);
            if (details.TryUnpack<MaximumAppendSizeExceeded>(out var limit)) throw KurrentErrors.TooLarge(stream, null, limit.MaxAppendSize);
        }
        return error.Code switch
        {
            // Of what is left, only "bad request" is certain and will not change: what was sent is wrong.
            Code.InvalidArgument => throw new InvalidOperationException($"EventStoreDB refused the append to {stream}: {(details is not null && details.TryUnpack<BadRequest>(out var bad) ? bad.Message : error.Message)}"),
            _ => null,
        };
    }

    /// <summary>Time-outs and "not ready" are worth another attempt; "access denied" is not. "Not ready" comes with code OK.</summary>
    static RpcException Unsettled(Wire.Status? error) => error?.Code == Code.PermissionDenied
        ? new(new(StatusCode.PermissionDenied, error.Message))
        : new(new(StatusCode.Unavailable, error is { Message.Length: > 0 } ? error.Message : "the answer was empty"));

    async ValueTask<BatchCall> Call(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _call) is { HasEnded: false } open) return open;
        await _opening.WaitAsync(cancellation);
        try
        {
            if (_call is { HasEnded: false }) return _call;
            _call?.Dispose();
            Volatile.Write(ref _call, new(await connection.Leader(cancellation), connection.Closed));
            return _call!;
        }
        finally { _opening.Release(); }
    }

    public void Dispose() => _call?.Dispose();
}
