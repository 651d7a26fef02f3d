using Grpc.Core;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Kurrent;

/// <summary>One <c>Read</c> call. A server that sends nothing for the limit counts as lost; a subscription may be silent once it is confirmed.</summary>
sealed class ReadCall(KurrentNode node, ReadReq request, TimeSpan limit, CancellationToken cancellation) : IDisposable
{
    readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    AsyncServerStreamingCall<ReadResp>? _call;
    bool _confirmed;

    /// <summary>Null after the last.</summary>
    /// <exception cref="RpcException">The call ended early.</exception>
    public async ValueTask<ReadResp?> Next()
    {
        if (!_confirmed) _end.CancelAfter(limit);
        try
        {
            _call ??= node.Streams.Read(request, node.Headers, cancellationToken: _end.Token);
            if (!await _call.ResponseStream.MoveNext(CancellationToken.None)) return null;
            _confirmed = _call.ResponseStream.Current.ContentCase == ReadResp.ContentOneofCase.Confirmation || _confirmed;
            return _call.ResponseStream.Current;
        }
        catch (Exception e) when (_end.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new RpcException(new(StatusCode.Unavailable, $"no answer came within {limit.TotalSeconds} s", e));
        }
        finally { if (!_end.IsCancellationRequested) _end.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan); }
    }

    public void Dispose()
    {
        _call?.Dispose();
        _end.Dispose();
    }
}
