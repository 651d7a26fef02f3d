using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// Snapshots in a file of their own in the data directory. Never flushed and never repaired: a file of another schema, or one that a power cut
/// has damaged, is made anew.
/// </summary>
public sealed class SqliteSnapshotStore : ISnapshotStore, IDisposable
{
    const string FileName = "snapshots.db";
    const long Schema = 1;

    readonly string _path;
    readonly Lock _one = new(); // a connection serves one at a time, and calls are few
    SqliteConnection? _connection;

    SqliteSnapshotStore(string path) => _path = path;

    /// <summary>Opens the file in <paramref name="directory"/>, or makes it. A file that cannot be used now fails each call, not this one.</summary>
    public static SqliteSnapshotStore Open(DataDirectory directory) => new(directory.File(FileName));

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>?> Load(string stream, CancellationToken cancellation) => Task.Run(() => Alone(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT content FROM snapshot WHERE stream = $stream";
        command.Parameters.AddWithValue("$stream", stream);
        return command.ExecuteScalar() is byte[] content ? new ReadOnlyMemory<byte>(content) : default(ReadOnlyMemory<byte>?);
    }), cancellation);

    /// <inheritdoc/>
    public Task Save(string stream, ReadOnlyMemory<byte> snapshot, CancellationToken cancellation) => Task.Run(() => Alone(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO snapshot(stream, content) VALUES ($stream, $content) ON CONFLICT (stream) DO UPDATE SET content = excluded.content";
        command.Parameters.AddWithValue("$stream", stream);
        command.Parameters.AddWithValue("$content", snapshot.ToArray());
        return command.ExecuteNonQuery();
    }), cancellation);

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_one) Close();
    }

    T Alone<T>(Func<SqliteConnection, T> work)
    {
        lock (_one)
        {
            try { return work(_connection ??= Connect()); }
            catch (SqliteException e)
            {
                Close();
                if (e.IsCorruption()) Forget();
                throw;
            }
        }
    }

    SqliteConnection Connect()
    {
        if (!File.Exists(_path)) LogFile.OpenPrivate(_path).Dispose();
        var connection = LogFile.Connect(_path, SqliteOpenMode.ReadWrite);
        try
        {
            LogFile.Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
            if (LogFile.Scalar(connection, "PRAGMA user_version") is not Schema)
                LogFile.Execute(connection, $"BEGIN; DROP TABLE IF EXISTS snapshot; CREATE TABLE snapshot(stream TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT; PRAGMA user_version = {Schema}; COMMIT;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }

    void Forget()
    {
        foreach (var side in new[] { "", "-wal", "-shm" }) File.Delete(_path + side);
    }
}
