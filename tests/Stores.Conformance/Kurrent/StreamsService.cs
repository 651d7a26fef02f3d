using Grpc.Core;
using Ppec.Stores.Kurrent.Wire;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>The calls; what they do is in <see cref="BatchWorker"/>, <see cref="Reads"/> and <see cref="LiveSubscription"/>.</summary>
sealed class StreamsService(TestServer server) : Streams.StreamsBase
{
    public override Task BatchAppend(IAsyncStreamReader<BatchAppendReq> requests, IServerStreamWriter<BatchAppendResp> answers, ServerCallContext context)
    {
        Interlocked.Increment(ref server.Cluster.Faults.BatchCalls);
        return new BatchWorker(server, answers, context).Work(requests);
    }

    public override async Task Read(ReadReq request, IServerStreamWriter<ReadResp> answers, ServerCallContext context)
    {
        var options = request.Options;
        if (options.CountOptionCase == ReadReq.Types.Options.CountOptionOneofCase.None || options.FilterOptionCase == ReadReq.Types.Options.FilterOptionOneofCase.None)
            throw Invalid($"The combination of ({options.StreamOptionCase}, {options.CountOptionCase}, {options.ReadDirection}, {options.FilterOptionCase}) is invalid.");
        if (options.UuidOption is null) await Task.Delay(System.Threading.Timeout.Infinite, context.CancellationToken); // as probed: it never answers
        server.EnsureLeads(context);
        if (options.Subscription is null) answers = new CutWriter(server.Cluster.Faults, answers, context);
        var filtered = options.FilterOptionCase == ReadReq.Types.Options.FilterOptionOneofCase.Filter;
        switch (options.StreamOptionCase)
        {
            case ReadReq.Types.Options.StreamOptionOneofCase.Stream when options.Subscription is null && !filtered:
                await Reads.Stream(server.Cluster.Log, options, answers, context.CancellationToken);
                break;
            case ReadReq.Types.Options.StreamOptionOneofCase.All when options.Subscription is null:
                await Reads.All(server.Cluster.Log, options, answers, context.CancellationToken);
                break;
            case ReadReq.Types.Options.StreamOptionOneofCase.All when filtered && options.ReadDirection == ReadReq.Types.Options.Types.ReadDirection.Forwards:
                Interlocked.Increment(ref server.Cluster.Faults.Subscriptions);
                await new LiveSubscription(server.Cluster, options, answers, context).Run();
                break;
            default:
                throw Invalid($"The combination of ({options.StreamOptionCase}, {options.CountOptionCase}, {options.ReadDirection}, {options.FilterOptionCase}) is invalid.");
        }
    }

    sealed class CutWriter(Faults faults, IServerStreamWriter<ReadResp> answers, ServerCallContext context) : IServerStreamWriter<ReadResp>
    {
        int _events;

        public WriteOptions? WriteOptions { get; set; }

        public async Task WriteAsync(ReadResp message)
        {
            await answers.WriteAsync(message);
            if (message.Event is not null && ++_events == 40 && faults.TakeDropRead()) BatchWorker.Cut(context);
        }

        public Task WriteAsync(ReadResp message, CancellationToken cancellationToken) => WriteAsync(message);
    }

    static RpcException Invalid(string message) => new(new(StatusCode.InvalidArgument, message));
}
