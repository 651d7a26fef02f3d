using Grpc.Core;
using Ppec.Stores.Kurrent.Wire;
using static Ppec.Stores.Kurrent.Wire.ReadReq.Types;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>A filtered subscription to $all: confirmation, catch up with checkpoints, <c>caught_up</c>, live.</summary>
sealed class LiveSubscription(TestCluster cluster, Options options, IServerStreamWriter<ReadResp> answers, ServerCallContext context)
{
    readonly ServerLog _log = cluster.Log;
    readonly Faults _faults = cluster.Faults;
    readonly CancellationToken _cancellation = context.CancellationToken;
    readonly Func<StoredEvent, bool> _passes = Reads.Filter(options);
    readonly uint _window = options.Filter.WindowCase == FilterOptions.WindowOneofCase.Max ? options.Filter.Max : Reads.Page;
    int _next;
    long _considered;

    long Interval => options.Filter.CheckpointIntervalMultiplier * _window;

    public async Task Run()
    {
        if (options.Filter.CheckpointIntervalMultiplier == 0) throw new RpcException(new(StatusCode.Unknown, "Exception was thrown by handler"));
        // Exclusive: the first event at or behind the position is skipped.
        _next = options.All.AllOptionCase switch
        {
            AllOptions.AllOptionOneofCase.Position => Math.Min(_log.IndexOf(options.All.Position.CommitPosition) + 1, _log.Count),
            AllOptions.AllOptionOneofCase.End => _log.Count,
            _ => 0,
        };
        await answers.WriteAsync(new() { Confirmation = new() { SubscriptionId = Guid.NewGuid().ToString() } }, _cancellation);
        while (true)
        {
            await CatchUp();
            await answers.WriteAsync(new() { CaughtUp = new() }, _cancellation);
            await Live();
            if (!_faults.SaysFellBehind) throw new RpcException(new(StatusCode.Aborted, "Operation timed out: Consumer too slow to handle event while live. Client resubscription required."));
            await answers.WriteAsync(new() { FellBehind = new() }, _cancellation);
        }
    }

    async Task CatchUp()
    {
        while (true)
        {
            var (page, end) = _log.All(_next, (int)Math.Min(_window, Reads.Page));
            ulong position = page.Count > 0 ? page[0].Position : _log.End;
            foreach (var e in page)
            {
                _next++;
                _considered++;
                if (!_passes(e)) continue;
                position = e.Position;
                await answers.WriteAsync(new() { Event = Reads.Event(e, options) }, _cancellation);
            }
            if (end) return;
            if (_considered < Interval) continue;
            _considered %= Interval;
            await Checkpoint(position, prepare: 0); // as probed: of the page's start when nothing passed, with prepare 0
        }
    }

    async Task Live()
    {
        while (true)
        {
            await _log.Grown(_next).WaitAsync(_cancellation);
            if (_log.Count - _next > _faults.LiveBuffer) return;
            foreach (var e in _log.All(_next, _faults.LiveBuffer).Events)
            {
                _next++;
                if (_passes(e))
                {
                    if (_faults.TakeDropSubscription()) BatchWorker.Cut(context);
                    await answers.WriteAsync(new() { Event = Reads.Event(e, options) }, _cancellation);
                }
                if (++_considered < Interval) continue;
                _considered = 0;
                await Checkpoint(e.Position, e.Position);
            }
        }
    }

    Task Checkpoint(ulong commit, ulong prepare) => answers.WriteAsync(new() { Checkpoint = new() { CommitPosition = commit, PreparePosition = prepare } }, _cancellation);
}
