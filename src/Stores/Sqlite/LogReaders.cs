using System.Collections.Concurrent;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Sqlite;

/// <summary>A few read-only connections, lent for one page at a time. In WAL mode they neither wait for the writer nor delay it.</summary>
sealed class LogReaders(string path, int limit = 8) : IDisposable
{
    readonly ConcurrentBag<LogReader> _idle = [];
    readonly SemaphoreSlim _free = new(limit, limit);
    volatile bool _closed;

    /// <summary>Runs on the thread pool: SQLite blocks, and callers may be on a grain's thread.</summary>
    public async Task<T> Read<T>(Func<LogReader, T> read, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        try { return await Task.Run(() => Lend(read), cancellation); }
        finally { _free.Release(); }
    }

    T Lend<T>(Func<LogReader, T> read)
    {
        if (_closed) throw new EventStoreUnavailableException("The event store has been closed.");
        LogReader? reader = null;
        try
        {
            if (!_idle.TryTake(out reader)) reader = new(path);
            var result = read(reader);
            _idle.Add(reader);
            reader = null;
            if (_closed) Dispose(); // closed meanwhile: do not leave this one behind
            return result;
        }
        catch (Exception e)
        {
            reader?.Dispose(); // its state is unknown
            var translated = LogErrors.Translate(e, path, "be read");
            if (ReferenceEquals(translated, e)) throw;
            throw translated;
        }
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var reader)) reader.Dispose();
    }
}
