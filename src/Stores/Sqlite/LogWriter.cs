using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// The one writer. While a commit is being flushed, appends queue; the next transaction takes them all. A transaction that fails fails every append in it,
/// and the writer opens the file afresh before the next one.
/// </summary>
sealed class LogWriter : IDisposable
{
    const int QueuedAppends = 8_192; // beyond it, appenders wait
    const int BatchEvents = 2_048;
    const long BatchBytes = 8 << 20;
    static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(200);

    readonly Channel<PendingAppend> _queue = Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(QueuedAppends) { SingleReader = true });
    readonly List<PendingAppend> _batch = [];
    readonly string _path;
    readonly HeadMark _mark;
    readonly LiveTail _tail;
    readonly Thread _thread;
    readonly Checkpointer _checkpointer;
    LogTransaction? _log;
    long _committed;
    int _pages; // written since the last checkpoint was asked for
    int _company; // how many appends lately came together
    volatile Exception? _refusal; // set for good: after a failed flush or damage nothing is written

    public LogWriter(DataDirectory directory, long end, LiveTail tail)
    {
        _path = directory.File(LogFile.Name);
        _mark = new(directory.File(LogFile.MarkName));
        (_committed, _tail) = (end, tail);
        _log = new(_path);
        _checkpointer = new(_path, e => _refusal ??= FailedFlush(e));
        _thread = new(Run) { IsBackground = true, Name = "event log writer" };
        _thread.Start();
    }

    public async Task<AppendResult> Append(PendingAppend append, CancellationToken cancellation)
    {
        try { await _queue.Writer.WriteAsync(append, cancellation); }
        catch (ChannelClosedException e) { throw new EventStoreUnavailableException("The event store has been closed.", e); }
        return await append.Task.WaitAsync(cancellation);
    }

    /// <summary>Writes what is queued, then closes the file.</summary>
    public void Dispose()
    {
        if (!_queue.Writer.TryComplete()) return;
        _thread.Join();
        _checkpointer.Dispose();
        _log?.Dispose();
        _mark.Dispose();
    }

    void Run()
    {
        while (TakeBatch())
        {
            try
            {
                Write();
                foreach (var append in _batch) Tell(append);
            }
            catch (Exception e)
            {
                var failure = Recover(e);
                foreach (var append in _batch) append.TrySetException(failure);
            }
            _batch.Clear();
        }
    }

    bool TakeBatch()
    {
        var reader = _queue.Reader;
        PendingAppend? append;
        while (!reader.TryRead(out append))
        {
            if (!reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult()) return false;
        }
        AwaitOthers(reader);
        var events = 0;
        long bytes = 0;
        do
        {
            _batch.Add(append);
            events += append.Events.Count;
            for (var i = 0; i < append.Events.Count; i++) bytes += append.Events[i].Data.Length + append.Events[i].Metadata.Length;
        }
        while (events < BatchEvents && bytes < BatchBytes && reader.TryRead(out append));
        _company = Math.Max(_batch.Count, _company * 7 / 8);
        return true;
    }

    // After a commit its appenders come back one after another: without a moment's patience the first would get a transaction,
    // and a flush, for itself. An appender that comes alone does not wait: then the batches before were small as well.
    void AwaitOthers(ChannelReader<PendingAppend> reader)
    {
        if (_company < 8) return;
        var start = Stopwatch.GetTimestamp();
        while (reader.Count + 1 < _company && Stopwatch.GetElapsedTime(start) < Patience) Thread.Yield();
    }

    void Write()
    {
        if (_refusal is not null) throw _refusal;
        var log = _log ??= Reopen();
        log.Begin();
        var keep = _tail.HasSubscribers;
        foreach (var append in _batch)
        {
            try { append.Answer = log.Append(append.Stream, append.ExpectedVersion, append.Events, keep); }
            catch (Exception e) when (e is ArgumentException or EventIdConflictException) { append.Error = e; } // this caller's mistake; nothing of it was written
        }
        if (log.End == _committed)
        {
            log.Rollback();
            return;
        }
        log.Commit();
        _committed = log.End;
        _mark.Write(_committed, log.LastHash);
        _tail.Publish(log.Fresh, (ulong)_committed);
        if ((_pages += log.WrittenPages()) < Checkpointer.Frames) return;
        _pages = 0;
        _checkpointer.Want();
    }

    static void Tell(PendingAppend append)
    {
        if (append.Error is { } error) append.TrySetException(error);
        else append.TrySetResult(append.Answer);
    }

    /// <summary>A failed commit may still have reached the disk: whatever is found there now is the truth.</summary>
    LogTransaction Reopen()
    {
        var log = new LogTransaction(_path);
        if (log.End < _committed)
        {
            var end = log.End;
            log.Dispose();
            throw LogErrors.Corrupt(_path, $"it ends at position {end}, but position {_committed} had been acknowledged");
        }
        if (log.End > _committed)
        {
            _committed = log.End;
            _tail.Publish([], (ulong)_committed); // subscribers read what they missed
        }
        return log;
    }

    EventStoreUnavailableException FailedFlush(SqliteException e) =>
        new($"The disk failed to flush the event log {_path}; what it holds is uncertain, so nothing more is written. Check the disk and start the node again: it verifies the log.", e);

    Exception Recover(Exception error)
    {
        _log?.Dispose();
        _log = null;
        _checkpointer.Want(); // on a full disk, an emptied WAL may be all the space there is
        if (error is SqliteException e && e.IsFailedFlush())
            _refusal = FailedFlush(e);
        error = LogErrors.Translate(_refusal ?? error, _path, "be written");
        if (error is EventLogCorruptException) _refusal = error;
        return error is EventLogCorruptException or EventStoreUnavailableException
            ? error
            : new EventStoreUnavailableException($"The event log {_path} could not be written: {error.Message}", error);
    }
}
