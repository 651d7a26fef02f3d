namespace Ppec.Stores.Postgres;

/// <summary>The server, its schema or the role is not one on which the log may be kept. The message says what to change; nothing was written.</summary>
public sealed class PostgresUnfitException(string message, Exception? inner = null) : Exception(message, inner);
