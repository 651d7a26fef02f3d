using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>The SQLite files of the read model: opened when they are of this schema, made anew otherwise.</summary>
static class ReadModelFile
{
    public const long Schema = 11;

    /// <summary>Documents and keys go by numbers of this file's own; <c>found</c> shows what a document is found by as it is spoken of.</summary>
    const string Documents = """
        CREATE TABLE document (n INTEGER PRIMARY KEY, noun TEXT NOT NULL, id TEXT NOT NULL, stream TEXT NOT NULL, time TEXT NOT NULL, updated TEXT NOT NULL, version INTEGER NOT NULL, UNIQUE (noun, id));
        CREATE INDEX document_stream ON document (stream, noun);
        CREATE TABLE body (n INTEGER PRIMARY KEY, json BLOB NOT NULL);
        CREATE TABLE key (k INTEGER PRIMARY KEY, noun TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (noun, name));
        CREATE TABLE fact (n INTEGER NOT NULL, k INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (n, k, value)) WITHOUT ROWID;
        CREATE TABLE text (n INTEGER PRIMARY KEY, value TEXT NOT NULL, batch INTEGER NOT NULL);
        CREATE TABLE checkpoint (position TEXT NOT NULL, batch INTEGER NOT NULL, file TEXT NOT NULL);
        CREATE VIEW found AS SELECT k.noun AS noun, d.id AS id, k.name AS key, f.value AS value, f.n AS n FROM key k JOIN fact f ON f.k = k.k JOIN document d ON d.n = f.n;
        """;

    /// <summary>Made when the fold first reaches the end of the log: sorting once costs less than a million insertions.</summary>
    public const string Indexes = """
        CREATE INDEX IF NOT EXISTS document_time ON document (noun, time, id);
        CREATE INDEX IF NOT EXISTS document_updated ON document (noun, updated, id);
        CREATE INDEX IF NOT EXISTS fact_value ON fact (k, value, n);
        CREATE INDEX IF NOT EXISTS text_batch ON text (batch);
        """;

    /// <summary>A contentless index of trigrams: it answers which documents, by number, hold a text of three characters or more.</summary>
    const string Texts = """
        CREATE VIRTUAL TABLE trigram USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'trigram');
        CREATE TABLE checkpoint (position TEXT NOT NULL, batch INTEGER NOT NULL, file TEXT NOT NULL);
        """;

    /// <summary>Where the fold stands: the position, how many batches were written, and which making of the file it is.</summary>
    public sealed record Checkpoint(LogPosition Position, long Batch, string File);

    /// <summary>The documents' file; another schema, or a checkpoint ahead of the log, and it is made anew.</summary>
    public static Checkpoint OpenDocuments(string path, LogPosition endOfLog) =>
        TryOpen(path) is { } found && found.Position <= endOfLog ? found : Make(path, Documents, Guid.NewGuid().ToString("N"));

    /// <summary>The text index of just this making of the documents' file.</summary>
    public static Checkpoint OpenTexts(string path, string file) =>
        TryOpen(path) is { } found && found.File == file ? found : Make(path, Texts, file);

    public static Checkpoint? Read(SqliteConnection connection)
    {
        using var checkpoint = connection.CreateCommand();
        checkpoint.CommandText = "SELECT position, batch, file FROM checkpoint";
        using var row = checkpoint.ExecuteReader();
        return row.Read() && LogPosition.TryParse(row.GetString(0), out var position) ? new(position, row.GetInt64(1), row.GetString(2)) : null;
    }

    public static string Connection(string path) => new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();

    public static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(Connection(path));
        connection.Open();
        Execute(connection, "PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -32000;"); // a cache: after a power cut it is folded again
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    static Checkpoint? TryOpen(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var connection = Connect(path);
            using var version = connection.CreateCommand();
            version.CommandText = "PRAGMA user_version";
            return (long)version.ExecuteScalar()! == Schema ? Read(connection) : null;
        }
        catch (Exception e) when (e is SqliteException or InvalidCastException or InvalidOperationException)
        {
            return null; // a cache that cannot be read is made anew
        }
    }

    static Checkpoint Make(string path, string tables, string file)
    {
        foreach (var old in new[] { path, $"{path}-wal", $"{path}-shm" }) File.Delete(old);
        using var fresh = Connect(path);
        Execute(fresh, $"PRAGMA journal_mode = WAL; PRAGMA user_version = {Schema}; {tables} INSERT INTO checkpoint VALUES ('{LogPosition.Start}', 0, '{file}');");
        return new(LogPosition.Start, 0, file);
    }
}
