using System.Security.Cryptography;
using Npgsql;
using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Stores.Secrets;

namespace Ppec.Stores.Postgres;

/// <summary>
/// Secrets of a cluster. As in the embedded store each version has a random data key, wrapped by a key that never leaves the silos:
/// who has the database alone, or its backup, reads nothing. Destroying a version overwrites its wrapped data key.
/// </summary>
public sealed partial class PostgresSecretStore : ISecretStore, IAsyncDisposable
{
    const int Attempts = 5;

    readonly PostgresDatabase _database;
    readonly byte[] _key;

    PostgresSecretStore(PostgresDatabase database, byte[] key) => (_database, _key) = (database, key);

    /// <summary>Opens the secrets of a cluster.</summary>
    /// <param name="connectionString">The cluster's database.</param>
    /// <param name="keyFile">32 random bytes, mode 0400, the same on every silo.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="SecretUnreadableException">The key file is gone, readable by others, or not the one these secrets were written with.</exception>
    /// <exception cref="EventStoreUnavailableException">The database does not answer.</exception>
    public static async Task<PostgresSecretStore> Open(string connectionString, string keyFile, CancellationToken cancellation)
    {
        var key = KeyFile.Load(keyFile, mayCreate: false);
        var store = new PostgresSecretStore(new(connectionString), key);
        try
        {
            await store.Prove(keyFile, cancellation);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    // Known at the start, not when a BMC does not answer a login. The first silo's key is the cluster's.
    Task<bool> Prove(string keyFile, CancellationToken cancellation) => With("be opened", async connection =>
    {
        await Run(connection, "INSERT INTO ppec.secrets_proof(envelope) VALUES ($1) ON CONFLICT DO NOTHING", cancellation, Envelope.Prove(_key));
        var proof = await Single<byte[]>(connection, "SELECT envelope FROM ppec.secrets_proof", cancellation);
        return Envelope.Proves(_key, proof)
            ? true
            : throw new SecretUnreadableException($"The key file {keyFile} is not the one that the secrets of this cluster were written with ({_database.Where}). Every silo needs the same one.");
    }, cancellation);

    /// <inheritdoc/>
    public Task<SecretRef> Put(string name, string value, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        return With("keep a secret", async connection =>
        {
            for (var attempt = 1; ; attempt++)
            {
                // Destroyed versions keep their rows, so that a number is never given twice. Two silos may see the same number free: one of them looks again.
                var version = 1 + await Single<int>(connection, "SELECT coalesce(max(version), 0) FROM ppec.secrets WHERE name = $1", cancellation, name);
                var (dataKey, sealedValue) = Envelope.SealSecret(_key, value, name, version);
                if (await Run(connection, "INSERT INTO ppec.secrets(name, version, data_key, value) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", cancellation, name, version, dataKey, sealedValue) == 1)
                    return new SecretRef(name, version);
                if (attempt == Attempts) throw new EventStoreUnavailableException($"Others keep setting the secret {name}: try again.");
            }
        }, cancellation);
    }

    /// <inheritdoc/>
    public Task<string?> Get(SecretRef secret, CancellationToken cancellation) => With("read a secret", async connection =>
    {
        await using var command = Command(connection, "SELECT data_key, value FROM ppec.secrets WHERE name = $1 AND version = $2 AND value IS NOT NULL", secret.Name, secret.Version);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? Envelope.OpenSecret(_key, (byte[])row[0], (byte[])row[1], secret.Name, secret.Version) : null;
    }, cancellation);

    /// <inheritdoc/>
    public Task Destroy(SecretRef secret, CancellationToken cancellation) => With("destroy a secret", connection =>
        Run(connection, "UPDATE ppec.secrets SET data_key = NULL, value = NULL WHERE name = $1 AND version = $2", cancellation, secret.Name, secret.Version), cancellation);

    /// <summary>Closes the connections and forgets the key.</summary>
    public async ValueTask DisposeAsync()
    {
        CryptographicOperations.ZeroMemory(_key);
        await _database.DisposeAsync();
    }

    async Task<T> With<T>(string doing, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await _database.Open(cancellation);
            return await work(connection);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw new EventStoreUnavailableException($"The secret store in {_database.Where} could not {doing}: {(e.InnerException ?? e).Message}", e);
        }
    }

    static async Task<T> Single<T>(NpgsqlConnection connection, string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        return (T)(await command.ExecuteScalarAsync(cancellation))!;
    }

    static async Task<int> Run(NpgsqlConnection connection, string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
