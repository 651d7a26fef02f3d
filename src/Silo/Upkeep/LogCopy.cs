using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;

namespace Ppec.Silo.Upkeep;

/// <summary>What a whole log was found to be. <paramref name="SourceHasMore"/>: it ends before the log it was compared with.</summary>
readonly record struct LogCount(long Events, int Streams, bool SourceHasMore);

/// <summary>Copies a log into another store: the same events in the same order, ids, hashes and bytes included. Only positions are the target's own.</summary>
static class LogCopy
{
    const int EventsInFlight = 1_000;
    const int EventsPerAppend = 100;
    const int BytesPerAppend = 512 << 10; // EventStoreDB refuses an append of more than 1 MiB

    /// <summary>Goes on where the target ends, once it is seen to be the beginning of the source. How many events were copied.</summary>
    /// <exception cref="UpkeepException">The target holds something else, or someone else writes it.</exception>
    public static async Task<long> Continue(IEventStore from, IEventStore to, Progress progress, CancellationToken cancellation)
    {
        await using var source = from.ReadAll(LogPosition.Start, cancellation).GetAsyncEnumerator(cancellation);
        var there = 0L;
        await foreach (var e in to.ReadAll(LogPosition.Start, cancellation))
        {
            await Expect(source, e, ++there);
            progress.Reached("already there", there);
        }
        var copied = 0L;
        var flying = new Flying();
        try
        {
            for (var run = new List<RecordedEvent>(); ;)
            {
                var more = await source.MoveNextAsync();
                // A store takes appends in the order of the calls, so none is awaited before the next.
                if (run.Count > 0 && (!more || source.Current.Stream != run[0].Stream || run.Count == EventsPerAppend || run.Sum(Bytes) + Bytes(source.Current) > BytesPerAppend))
                {
                    await flying.Send(to, run);
                    progress.Reached("copied", copied += run.Count);
                    run = [];
                }
                if (!more) break;
                run.Add(source.Current);
            }
            await flying.Land();
            return copied;
        }
        catch
        {
            await flying.Forget();
            throw;
        }
    }

    /// <summary>Reads both whole: each event of the target stands at the same place of the source, and continues its stream.</summary>
    /// <exception cref="UpkeepException">Says where they differ.</exception>
    public static async Task<LogCount> Compare(IEventStore from, IEventStore to, Progress progress, CancellationToken cancellation)
    {
        var verifier = new LogVerifier();
        await using var source = from.ReadAll(LogPosition.Start, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            await foreach (var e in to.ReadAll(LogPosition.Start, cancellation))
            {
                verifier.Check([e]);
                await Expect(source, e, verifier.Events);
                progress.Reached("compared", verifier.Events);
            }
        }
        catch (LogFaultException e)
        {
            throw new UpkeepException(e.Message);
        }
        return new(verifier.Events, verifier.Streams, await source.MoveNextAsync());
    }

    // The hash covers stream, version, id, name and both bodies, and through the chain all that was before.
    static async Task Expect(IAsyncEnumerator<RecordedEvent> source, RecordedEvent e, long number)
    {
        var s = await source.MoveNextAsync() ? source.Current : null;
        if (s is not null && s.Stream == e.Stream && s.Version == e.Version && s.Id == e.Id && s.Hash.Span.SequenceEqual(e.Hash.Span)) return;
        throw new UpkeepException($"The target holds another log: event {number} is {Name(e)} there, and {(s is null ? "the source ends before it" : $"{Name(s)} in the source")}. Nothing of it was changed; give an empty target.");
    }

    static int Bytes(RecordedEvent e) => e.Data.Length + e.Metadata.Length;

    static string Name(RecordedEvent e) => $"version {e.Version} of {e.Stream} ({e.Type}, id {e.Id})";

    /// <summary>Appends whose answers are still to come, oldest first.</summary>
    sealed class Flying
    {
        readonly Queue<(Task<AppendResult> Answer, RecordedEvent First, int Count)> _sent = [];
        int _events;

        public async Task Send(IEventStore to, List<RecordedEvent> run)
        {
            while (_events + run.Count > EventsInFlight) await Next();
            var events = run.ConvertAll(e => new NewEvent(e.Id, e.Type, e.Data, e.Metadata, e.Hash));
            _sent.Enqueue((to.Append(run[0].Stream, run[0].Version, events, CancellationToken.None), run[0], run.Count));
            _events += run.Count;
        }

        public async Task Land()
        {
            while (_sent.Count > 0) await Next();
        }

        /// <summary>Waits until nothing is under way, whatever becomes of it: the first failure is the one to tell.</summary>
        public Task Forget() => Task.WhenAll(_sent.Select(s => s.Answer.ContinueWith(_ => { }, TaskScheduler.Default)));

        async Task Next()
        {
            var (answer, first, count) = _sent.Dequeue();
            _events -= count;
            if (!(await answer).Appended) throw new UpkeepException($"The target already has another version {first.Version} of {first.Stream}: someone else writes it. Stop that, and begin again with an empty target.");
        }
    }
}

/// <summary>How far a long command has come, told every two seconds on standard error.</summary>
sealed class Progress(string command)
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    long _told = System.Diagnostics.Stopwatch.GetTimestamp();

    public void Reached(string what, long events)
    {
        if (System.Diagnostics.Stopwatch.GetElapsedTime(_told) < Every) return;
        _told = System.Diagnostics.Stopwatch.GetTimestamp();
        Console.Error.WriteLine($"{command}: {events:N0} events {what}");
    }
}
