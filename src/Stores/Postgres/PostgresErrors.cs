using System.Data.Common;
using Npgsql;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>PostgreSQL's codes in the port's words. The messages name the server, the database and the role; never the connection string.</summary>
static class PostgresErrors
{
    public const string Migrate = "ppec-silo migrate-schema";
    const string IdleInTransaction = "25P03"; // not among Npgsql's names
    const string WhatToDo = "Stop the nodes, keep a copy of the database, and restore it from a backup.";

    /// <summary>True when the same may succeed in a moment: the server is away, restarting or busy, or the transaction lost a race.</summary>
    public static bool MayPass(Exception error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => false, // an operator's matter
        PostgresException { SqlState: IdleInTransaction or PostgresErrorCodes.QueryCanceled } => true,
        PostgresException e => e.IsTransient,
        NpgsqlException or IOException or TimeoutException => true,
        _ => false,
    };

    public static EventLogCorruptException Corrupt(string where, string what, Exception? inner = null) =>
        new($"The event log in {where} is damaged: {what}. {WhatToDo}", inner);

    public static EventStoreUnavailableException Closed(Exception? inner = null) => new("The event store has been closed.", inner);

    public static Exception Translate(Exception error, string where, string doing) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted } e => Corrupt(where, e.MessageText, e),
        // Under the lock everything was looked up first: a clash means that an index or the head is not what it was.
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } e => Corrupt(where, $"its head and its indexes do not agree ({e.ConstraintName})", e),
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } e =>
            new EventStoreUnavailableException($"The disk is full: the event log in {where} could not {doing}. Free space; the node goes on by itself. What was not acknowledged may be sent again with the same ids.", e),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName } e =>
            new EventStoreUnavailableException($"The event log in {where} could not {doing}: {e.MessageText}. Run {Migrate}, which makes the tables and grants the node's role its rights.", e),
        PostgresException e => new EventStoreUnavailableException($"The event log in {where} could not {doing}: {e.MessageText} ({e.SqlState}).", e),
        PostgresUnfitException e => new EventStoreUnavailableException(e.Message, e),
        ObjectDisposedException e => Closed(e),
        DbException or IOException or TimeoutException =>
            new EventStoreUnavailableException($"The event log in {where} could not {doing}: the connection failed ({Cause(error)}).", error),
        _ => error,
    };

    static string Cause(Exception error) => (error.InnerException ?? error).Message.TrimEnd('.');
}
