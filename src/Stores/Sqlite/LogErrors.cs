using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using SQLitePCL;

namespace Ppec.Stores.Sqlite;

/// <summary>SQLite's codes in the port's words.</summary>
static class LogErrors
{
    public const string WhatToDo = "Stop the node, keep a copy of the directory, and restore it from a backup.";

    /// <summary>The disk refused a flush. What it dropped it may later report as written, so no append may follow (and none is retried).</summary>
    public static bool IsFailedFlush(this SqliteException e) => e.SqliteExtendedErrorCode is raw.SQLITE_IOERR_FSYNC or raw.SQLITE_IOERR_DIR_FSYNC;

    public static bool IsCorruption(this SqliteException e) => e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    public static EventLogCorruptException Corrupt(string file, string what, Exception? inner = null) =>
        new($"The event log {file} is damaged: {what}. {WhatToDo}", inner);

    public static Exception Translate(Exception error, string file, string doing) => error switch
    {
        SqliteException e when e.IsCorruption() => Corrupt(file, e.Message, e),
        SqliteException { SqliteErrorCode: raw.SQLITE_FULL } e =>
            new EventStoreUnavailableException($"The disk is full: the event log {file} could not {doing}. Free space; the node goes on by itself. What was not acknowledged may be sent again with the same ids.", e),
        SqliteException e => new EventStoreUnavailableException($"The event log {file} could not {doing}: {e.Message}", e),
        InvalidDataException e => Corrupt(file, e.Message, e),
        IOException or UnauthorizedAccessException => new EventStoreUnavailableException($"The event log {file} could not {doing}: {error.Message}", error),
        _ => error,
    };
}
