using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Kurrent;

/// <summary>
/// One <c>BatchAppend</c> call: appends go out one behind the other without waiting for answers, which come in any order and are told apart by correlation id.
/// When the call ends, however it ends, all that wait are told.
/// </summary>
sealed class BatchCall : IDisposable
{
    const int MostQueued = 1024;

    readonly AsyncDuplexStreamingCall<BatchAppendReq, BatchAppendResp> _call;
    readonly Channel<BatchAppendReq> _outgoing = Channel.CreateBounded<BatchAppendReq>(new BoundedChannelOptions(MostQueued) { SingleReader = true });
    readonly ConcurrentDictionary<Guid, TaskCompletionSource<BatchAppendResp>> _waiting = new();
    RpcException? _ended;
    volatile bool _retired;

    public BatchCall(KurrentNode node, CancellationToken cancellation)
    {
        Node = node;
        _call = node.Streams.BatchAppend(node.Headers, cancellationToken: cancellation);
        _ = Write();
        _ = Read();
    }

    public KurrentNode Node { get; }

    /// <summary>Takes nothing more.</summary>
    public bool HasEnded => Volatile.Read(ref _ended) is not null || _retired;

    /// <summary>Takes nothing more; what was sent is still answered.</summary>
    public void Retire()
    {
        _retired = true;
        _outgoing.Writer.TryComplete();
    }

    /// <exception cref="RpcException">The call ended first: whether the append was written is unknown.</exception>
    /// <exception cref="TimeoutException">No answer within <paramref name="limit"/>: unknown as well.</exception>
    public async Task<BatchAppendResp> Send(BatchAppendReq request, TimeSpan limit, CancellationToken cancellation)
    {
        var id = Guid.NewGuid();
        request.CorrelationId = Wired.Uuid(id);
        var answer = new TaskCompletionSource<BatchAppendResp>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        if (Volatile.Read(ref _ended) is { } ended) answer.TrySetException(ended);
        try
        {
            if (!_outgoing.Writer.TryWrite(request) && !await Queue(request, limit, cancellation))
                throw Volatile.Read(ref _ended) ?? new RpcException(new(StatusCode.Unavailable, "the call was being closed"));
            return await answer.Task.WaitAsync(limit, cancellation);
        }
        finally { _waiting.TryRemove(id, out _); }
    }

    async Task<bool> Queue(BatchAppendReq request, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            await _outgoing.Writer.WriteAsync(request, cancellation).AsTask().WaitAsync(limit, cancellation);
            return true;
        }
        catch (ChannelClosedException) { return false; }
    }

    async Task Write()
    {
        try
        {
            await foreach (var first in _outgoing.Reader.ReadAllAsync())
            {
                var (request, more) = (first, true);
                while (more)
                {
                    more = _outgoing.Reader.TryRead(out var next);
                    _call.RequestStream.WriteOptions = more ? Buffered : Flushed; // what is queued together leaves together
                    await _call.RequestStream.WriteAsync(request);
                    request = next!;
                }
            }
            await _call.RequestStream.CompleteAsync();
        }
        catch (Exception) { _call.Dispose(); } // why is for the reader to say: it has the server's status and trailers
    }

    async Task Read()
    {
        try
        {
            await foreach (var answer in _call.ResponseStream.ReadAllAsync())
            {
                // Unknown: answered twice, or no longer waited for.
                if (Wired.Guid(answer.CorrelationId) is { } id && _waiting.TryRemove(id, out var waiting)) waiting.TrySetResult(answer);
            }
            End(new RpcException(new(StatusCode.Unavailable, "the server ended the call")));
        }
        catch (Exception e) { End(e); }
    }

    void End(Exception error)
    {
        var ended = error as RpcException ?? new RpcException(new(StatusCode.Unavailable, "the connection was lost", error));
        if (Interlocked.CompareExchange(ref _ended, ended, null) is not null) return;
        _outgoing.Writer.TryComplete();
        foreach (var waiting in _waiting.Values) waiting.TrySetException(ended);
    }

    static readonly WriteOptions Buffered = new(WriteFlags.BufferHint), Flushed = new();

    public void Dispose()
    {
        End(new RpcException(new(StatusCode.Unavailable, "the store has been closed")));
        _call.Dispose();
    }
}
