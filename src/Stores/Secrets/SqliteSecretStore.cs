using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Secrets;
using Ppec.Stores.Sqlite;

namespace Ppec.Stores.Secrets;

/// <summary>
/// Secrets in a SQLite file of their own. Each version has a random data key, wrapped by the key of <c>secrets.key</c>. Destroying a version overwrites its
/// wrapped data key; copies of the file made before (backups) still hold it, so backups of this file need their own expiry.
/// </summary>
public sealed partial class SqliteSecretStore : ISecretStore, IDisposable
{
    const string FileName = "secrets.db";
    const string KeyName = "secrets.key";
    const int ApplicationId = 0x50505331; // "PPS1"

    readonly SemaphoreSlim _one = new(1, 1); // few and small: one connection serves all
    readonly SqliteConnection _connection;
    readonly byte[] _key;

    SqliteSecretStore(SqliteConnection connection, byte[] key) => (_connection, _key) = (connection, key);

    /// <summary>Opens the secrets in <paramref name="directory"/>; makes the file and its key at first start.</summary>
    /// <exception cref="SecretUnreadableException">The key file is gone, readable by others, or not the one these secrets were written with.</exception>
    public static SqliteSecretStore Open(DataDirectory directory)
    {
        var path = directory.File(FileName);
        var first = !File.Exists(path) || new FileInfo(path).Length == 0;
        if (first && !File.Exists(path)) LogFile.OpenPrivate(path).Dispose();
        var connection = LogFile.Connect(path, SqliteOpenMode.ReadWrite);
        byte[]? key = null;
        try
        {
            // A rollback journal, not a WAL: a WAL would keep destroyed keys until it is recycled. Freed bytes are overwritten with zeros.
            LogFile.Execute(connection, $"PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON;");
            var isNew = LogFile.Scalar(connection, "PRAGMA user_version") is 0L;
            if (!isNew && LogFile.Scalar(connection, "PRAGMA application_id") is not (long)ApplicationId) throw new SecretUnreadableException($"{path} is not a secret store of this system.");
            if (!isNew) FinishRotation(connection, directory);
            key = KeyFile.Load(directory.File(KeyName), mayCreate: isNew);
            if (isNew) Create(connection, key);
            Prove(connection, key, path, directory.File(KeyName));
            return new(connection, key);
        }
        catch (SqliteException e)
        {
            Abandon();
            throw new SecretUnreadableException($"The secret store {path} cannot be opened: {e.Message}", e);
        }
        catch
        {
            Abandon();
            throw;
        }

        void Abandon()
        {
            CryptographicOperations.ZeroMemory(key);
            connection.Dispose();
        }
    }

    /// <summary>
    /// Copies the secrets of <paramref name="directory"/> into <paramref name="target"/>, still encrypted and without the key, while a node may be using them.
    /// What was destroyed is not in the copy. False when the directory has none.
    /// </summary>
    /// <exception cref="SecretUnreadableException">They cannot be copied, or the copy is not whole.</exception>
    public static bool Copy(string directory, string target)
    {
        var (from, to) = (Path.Combine(directory, FileName), Path.Combine(target, FileName));
        if (!File.Exists(from)) return false;
        var draft = to + ".new";
        File.Delete(draft);
        try
        {
            LogFile.OpenPrivate(draft).Dispose();
            using (var source = LogFile.Connect(from, SqliteOpenMode.ReadWrite)) // not read-only: a killed node may have left a journal to be rolled back
                Run(source, "VACUUM INTO $to", ("$to", draft));
            using (var copy = LogFile.Connect(draft, SqliteOpenMode.ReadOnly))
                if (LogFile.Scalar(copy, "PRAGMA integrity_check(1)") is not "ok" || LogFile.Scalar(copy, "PRAGMA application_id") is not (long)ApplicationId)
                    throw new SecretUnreadableException($"The copy of {from} is not a whole secret store.");
            using (var file = File.OpenHandle(draft, FileMode.Open, FileAccess.ReadWrite)) RandomAccess.FlushToDisk(file);
            File.Move(draft, to, overwrite: true);
            return true;
        }
        catch (SqliteException e)
        {
            throw new SecretUnreadableException($"The secret store {from} cannot be copied: {e.Message}", e);
        }
    }

    static void Create(SqliteConnection connection, byte[] key)
    {
        using var transaction = connection.BeginTransaction();
        LogFile.Execute(connection,
            $"""
            PRAGMA application_id = {ApplicationId}; PRAGMA user_version = 1;
            CREATE TABLE proof(envelope BLOB NOT NULL) STRICT;
            CREATE TABLE secrets(name TEXT NOT NULL, version INTEGER NOT NULL, data_key BLOB, value BLOB,
              PRIMARY KEY (name, version), CHECK ((data_key IS NULL) = (value IS NULL))) STRICT;
            """);
        Run(connection, "INSERT INTO proof VALUES ($envelope)", ("$envelope", Envelope.Prove(key)));
        transaction.Commit();
    }

    // Known at the start, not when a BMC does not answer a login: is this the key the secrets were written with?
    static void Prove(SqliteConnection connection, byte[] key, string path, string keyPath)
    {
        if (!Envelope.Proves(key, LogFile.Scalar(connection, "SELECT envelope FROM proof") as byte[]))
            throw new SecretUnreadableException($"The key file {keyPath} is not the one that {path} was written with. Put the right one back from its backup.");
    }

    /// <inheritdoc/>
    public Task<SecretRef> Put(string name, string value, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        return Alone(() => Keep(name, value), cancellation);
    }

    /// <summary>All in one transaction: the disk is waited for once, and not for each.</summary>
    public Task<ImmutableArray<SecretRef>> PutAll(ImmutableArray<(string Name, string Value)> secrets, CancellationToken cancellation) => Alone(() =>
    {
        using var transaction = _connection.BeginTransaction();
        ImmutableArray<SecretRef> stored = [.. secrets.Select(s => Keep(s.Name, s.Value))];
        transaction.Commit();
        return stored;
    }, cancellation);

    SecretRef Keep(string name, string value)
    {
        // Destroyed versions keep their rows, so that a number is never given twice.
        var version = 1 + (int)(long)Single("SELECT coalesce(max(version), 0) FROM secrets WHERE name = $name", ("$name", name))!;
        var (dataKey, sealedValue) = Envelope.SealSecret(_key, value, name, version);
        Run(_connection, "INSERT INTO secrets(name, version, data_key, value) VALUES ($name, $version, $key, $value)", ("$name", name), ("$version", version), ("$key", dataKey), ("$value", sealedValue));
        return new(name, version);
    }

    /// <inheritdoc/>
    public Task<string?> Get(SecretRef secret, CancellationToken cancellation) => Alone(() =>
    {
        var (dataKey, value) = Row(secret);
        return dataKey is null || value is null ? null : Envelope.OpenSecret(_key, dataKey, value, secret.Name, secret.Version);
    }, cancellation);

    /// <inheritdoc/>
    public Task Destroy(SecretRef secret, CancellationToken cancellation) => Alone(() =>
        Run(_connection, "UPDATE secrets SET data_key = NULL, value = NULL WHERE name = $name AND version = $version", ("$name", secret.Name), ("$version", secret.Version)), cancellation);

    /// <summary>Closes the file and forgets the key.</summary>
    public void Dispose()
    {
        _connection.Dispose();
        CryptographicOperations.ZeroMemory(_key);
        _one.Dispose();
    }

    async Task<T> Alone<T>(Func<T> work, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try { return await Task.Run(work, CancellationToken.None); }
        finally { _one.Release(); }
    }

    (byte[]? DataKey, byte[]? Value) Row(SecretRef secret)
    {
        using var command = Command(_connection, "SELECT data_key, value FROM secrets WHERE name = $name AND version = $version", ("$name", secret.Name), ("$version", secret.Version));
        using var row = command.ExecuteReader();
        return row.Read() ? (row[0] as byte[], row[1] as byte[]) : (null, null);
    }

    object? Single(string sql, params ReadOnlySpan<(string, object)> values)
    {
        using var command = Command(_connection, sql, values);
        return command.ExecuteScalar();
    }

    static int Run(SqliteConnection connection, string sql, params ReadOnlySpan<(string, object)> values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
