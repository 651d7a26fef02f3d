using System.Diagnostics;
using System.Threading.Channels;
using Npgsql;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>
/// The one writer of a node. While a commit is under way, appends queue; the next transaction takes them all.
/// A transaction whose outcome is unknown is run again on a new connection: it waits for the head's lock, so until the first has ended either way,
/// and then finds by their ids which events are there. So nothing is written twice, and nothing acknowledged that is not there.
/// </summary>
sealed class PostgresWriter : IAsyncDisposable
{
    const int QueuedAppends = 8_192; // beyond it, appenders wait
    const int GroupEvents = 2_048;
    const long GroupBytes = 8 << 20;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5); // a restart of the server takes about two
    static readonly TimeSpan Company = TimeSpan.FromMilliseconds(1); // a part of what a commit takes
    static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    readonly Channel<PendingAppend> _queue = Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(QueuedAppends) { SingleReader = true });
    readonly List<PendingAppend> _appends = [];
    readonly CancellationTokenSource _closing = new();
    readonly PostgresDatabase _database;
    readonly LiveTail _tail;
    readonly Task _running;
    NpgsqlConnection? _connection;
    int _company; // how many appends lately came together
    bool _away; // the last group was given up: the next ones are tried once, not waited for
    Exception? _refusal; // set for good: after damage nothing is written

    public PostgresWriter(PostgresDatabase database, LiveTail tail)
    {
        (_database, _tail) = (database, tail);
        _running = Task.Run(Run);
    }

    public async Task<AppendResult> Append(PendingAppend append, CancellationToken cancellation)
    {
        try { await _queue.Writer.WriteAsync(append, cancellation); }
        catch (ChannelClosedException e) { throw PostgresErrors.Closed(e); }
        return await append.Task.WaitAsync(cancellation);
    }

    /// <summary>Writes what is queued; waits for no server that is away.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete()) return;
        await _closing.CancelAsync();
        await _running;
        await Disconnect();
        _closing.Dispose();
    }

    async Task Run()
    {
        while (await TakeGroup())
        {
            var failure = await Settle();
            foreach (var append in _appends)
            {
                if ((failure ?? append.Error) is { } error) append.TrySetException(error);
                else append.TrySetResult(append.Answer);
            }
            _appends.Clear();
        }
    }

    async Task<bool> TakeGroup()
    {
        var reader = _queue.Reader;
        PendingAppend? append;
        while (!reader.TryRead(out append))
        {
            if (!await reader.WaitToReadAsync()) return false;
        }
        await AwaitOthers(reader);
        var events = 0;
        long bytes = 0;
        do
        {
            _appends.Add(append);
            events += append.Events.Count;
            bytes += append.Events.Sum(e => (long)e.Data.Length + e.Metadata.Length);
        }
        while (events < GroupEvents && bytes < GroupBytes && reader.TryRead(out append));
        _company = Math.Max(_appends.Count, _company * 7 / 8);
        return true;
    }

    // After a commit its appenders come back one after another: without a moment's patience half of them would miss the next group.
    // An appender that comes alone does not wait: then the groups before were small as well.
    async Task AwaitOthers(ChannelReader<PendingAppend> reader)
    {
        if (_company < 8) return;
        var start = Stopwatch.GetTimestamp();
        while (reader.Count + 1 < _company && Stopwatch.GetElapsedTime(start) < Company) await Task.Yield();
    }

    /// <summary>Null when every append of the group has its answer; otherwise why none has.</summary>
    async Task<Exception?> Settle()
    {
        var since = Stopwatch.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(20); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await Write();
                _away = false;
                return null;
            }
            catch (Exception e)
            {
                await Disconnect(); // its state is unknown, and its lock must go
                var mayPass = PostgresErrors.MayPass(e);
                var failure = _database.Translate(e, "be written");
                if (failure is EventLogCorruptException) _refusal = failure;
                if (!mayPass || _away || _closing.IsCancellationRequested || Stopwatch.GetElapsedTime(since) > Patience)
                {
                    _away = mayPass;
                    return failure is EventLogCorruptException or EventStoreUnavailableException
                        ? failure
                        : new EventStoreUnavailableException($"The event log in {_database.Where} could not be written: {failure.Message}", failure);
                }
            }
            await Task.Delay(pause);
        }
    }

    async Task Write()
    {
        if (_refusal is not null) throw _refusal;
        var connection = _connection ??= await _database.Open(CancellationToken.None);
        var heard = _tail.End;
        var group = new AppendGroup(_appends);
        var end = await AppendTransaction.Open(connection, group, _database.Where);
        if (end < heard) throw PostgresFeed.Shorter(_database.Where, end, heard);
        group.Decide(end);
        if (group.Events.Count == 0)
        {
            await AppendTransaction.Rollback(connection);
            return;
        }
        await AppendTransaction.Commit(connection, end, group.Events);
        _tail.Publish(group.Events, end + (ulong)group.Events.Count);
    }

    async Task Disconnect()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        try { await connection.DisposeAsync(); }
        catch (Exception e) when (PostgresErrors.MayPass(e)) { } // it was broken already
    }
}
