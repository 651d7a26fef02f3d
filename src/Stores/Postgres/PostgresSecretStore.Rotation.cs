using Npgsql;
using Ppec.Contracts.Secrets;
using Ppec.Stores.Secrets;

namespace Ppec.Stores.Postgres;

// Another key over the same data keys, in one transaction: before it the old key opens everything, after it the new one.
public sealed partial class PostgresSecretStore
{
    /// <summary>
    /// Wraps all data keys with the key of <paramref name="newKey"/> (made when there is no such file) in place of that of <paramref name="keyFile"/>;
    /// how many, or null when that was done already. No silo may run: it would go on with the old key. Needs the role that owns the tables.
    /// </summary>
    /// <exception cref="SecretUnreadableException">Neither key is the one these secrets were written with, or one does not open; nothing is changed.</exception>
    /// <exception cref="Contracts.Events.EventStoreUnavailableException">The database does not answer; then repeat it.</exception>
    public static async Task<int?> Rotate(string owner, string keyFile, string newKey, CancellationToken cancellation)
    {
        if (!File.Exists(newKey)) KeyFile.Create(newKey);
        var next = KeyFile.Load(newKey, mayCreate: false);
        await using var store = new PostgresSecretStore(new(owner), KeyFile.Load(keyFile, mayCreate: false));
        return await store.With<int?>("rotate its key", async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await Run(connection, "LOCK TABLE ppec.secrets, ppec.secrets_proof IN EXCLUSIVE MODE", cancellation);
            var proof = await Single<byte[]>(connection, "SELECT envelope FROM ppec.secrets_proof", cancellation);
            if (Envelope.Proves(next, proof)) return null;
            if (!Envelope.Proves(store._key, proof)) throw new SecretUnreadableException($"Neither {keyFile} nor {newKey} is the key that the secrets of this cluster were written with ({store._database.Where}).");
            var wrapped = await Wrapped(connection, cancellation);
            foreach (var (name, version, dataKey) in wrapped)
                await Run(connection, "UPDATE ppec.secrets SET data_key = $3 WHERE name = $1 AND version = $2", cancellation, name, version, Envelope.Rewrap(store._key, next, dataKey, name, version));
            await Run(connection, "UPDATE ppec.secrets_proof SET envelope = $1", cancellation, Envelope.Prove(next));
            await transaction.CommitAsync(cancellation);
            return wrapped.Count;
        }, cancellation);
    }

    static async Task<List<(string Name, int Version, byte[] DataKey)>> Wrapped(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = Command(connection, "SELECT name, version, data_key FROM ppec.secrets WHERE data_key IS NOT NULL");
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var wrapped = new List<(string, int, byte[])>();
        while (await row.ReadAsync(cancellation)) wrapped.Add((row.GetString(0), row.GetInt32(1), (byte[])row[2]));
        return wrapped;
    }
}
