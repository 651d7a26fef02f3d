using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// Moves what the WAL holds into the file, on its own connection and thread, so that commits do not wait for it. Under a load that never pauses
/// the WAL is not quite empty when this is done; the writer then moves the short rest itself (<see cref="InlineFrames"/>) and begins the WAL anew.
/// </summary>
sealed class Checkpointer : IDisposable
{
    /// <summary>Frames written between two checkpoints.</summary>
    public const int Frames = 4_000;

    /// <summary>Length of the WAL, in frames of 4 KiB, at which the writer itself finishes the checkpoint.</summary>
    public const int InlineFrames = 32_000;

    readonly SqliteConnection _connection;
    readonly AutoResetEvent _wanted = new(false);
    readonly Thread _thread;
    readonly Action<SqliteException> _flushFailed;
    volatile bool _closed;

    public Checkpointer(string path, Action<SqliteException> flushFailed)
    {
        _flushFailed = flushFailed;
        _connection = LogFile.ConnectWriter(path);
        _thread = new(Run) { IsBackground = true, Name = "event log checkpoints" };
        _thread.Start();
    }

    /// <summary>Asks for a checkpoint and does not wait for it.</summary>
    public void Want() => _wanted.Set();

    public void Dispose()
    {
        _closed = true;
        _wanted.Set();
        _thread.Join();
        _connection.Dispose();
        _wanted.Dispose();
    }

    void Run()
    {
        while (true)
        {
            _wanted.WaitOne();
            if (_closed) return;
            var rc = raw.sqlite3_wal_checkpoint_v2(_connection.Handle!, null, raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
            if (rc == raw.SQLITE_OK) continue;
            // Anything but a failed flush (a full disk, a busy file) leaves the WAL as it is: the next one tries again.
            var error = new SqliteException("A checkpoint failed.", rc & 0xFF, raw.sqlite3_extended_errcode(_connection.Handle!));
            if (error.IsFailedFlush()) _flushFailed(error);
        }
    }
}
