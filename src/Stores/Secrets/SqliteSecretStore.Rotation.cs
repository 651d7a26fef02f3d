using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Secrets;
using Ppec.Stores.Sqlite;

namespace Ppec.Stores.Secrets;

/// <summary>What a rotation of the key has come to.</summary>
public enum KeyRotation
{
    /// <summary>The new key is on the disk, and nothing is wrapped with it.</summary>
    KeyMade,

    /// <summary>Everything is wrapped with it, and not yet for good.</summary>
    Rewrapped,

    /// <summary>For good; the new key has still its interim name.</summary>
    Committed,
}

// Another key over the same data keys. One transaction changes over; whether it happened is known by which key opens the proof, so a kill at any moment leaves one key that opens everything.
public sealed partial class SqliteSecretStore
{
    const string NextKey = KeyName + ".next";

    /// <summary>Gives the secrets in <paramref name="directory"/> a new wrapping key; how many were wrapped anew. No node may run there. Secrets themselves are not decrypted.</summary>
    /// <param name="directory">Whose.</param>
    /// <param name="reached">Told at each point where a kill would leave something half done.</param>
    /// <exception cref="SecretUnreadableException">There are none, or one does not open; nothing is changed.</exception>
    public static int Rotate(DataDirectory directory, Action<KeyRotation>? reached = null)
    {
        if (!File.Exists(directory.File(FileName))) throw new SecretUnreadableException($"There are no secrets in {directory.Path}.");
        using var store = Open(directory);
        KeyFile.Create(directory.File(NextKey));
        reached?.Invoke(KeyRotation.KeyMade);
        var next = KeyFile.Load(directory.File(NextKey), mayCreate: false);
        try
        {
            using var transaction = store._connection.BeginTransaction();
            var wrapped = store.Wrapped();
            foreach (var (name, version, dataKey) in wrapped)
                Run(store._connection, "UPDATE secrets SET data_key = $key WHERE name = $name AND version = $version", ("$key", Envelope.Rewrap(store._key, next, dataKey, name, version)), ("$name", name), ("$version", version));
            Run(store._connection, "UPDATE proof SET envelope = $envelope", ("$envelope", Envelope.Prove(next)));
            reached?.Invoke(KeyRotation.Rewrapped);
            transaction.Commit();
            reached?.Invoke(KeyRotation.Committed);
            File.Move(directory.File(NextKey), directory.File(KeyName), overwrite: true);
            return wrapped.Count;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(next);
        }
    }

    List<(string Name, int Version, byte[] DataKey)> Wrapped()
    {
        using var command = Command(_connection, "SELECT name, version, data_key FROM secrets WHERE data_key IS NOT NULL");
        using var row = command.ExecuteReader();
        var wrapped = new List<(string, int, byte[])>();
        while (row.Read()) wrapped.Add((row.GetString(0), row.GetInt32(1), (byte[])row[2]));
        return wrapped;
    }

    /// <summary>Of a rotation that was interrupted: the key that opens the proof is the one.</summary>
    static void FinishRotation(SqliteConnection connection, DataDirectory directory)
    {
        var (key, next) = (directory.File(KeyName), directory.File(NextKey));
        if (!File.Exists(next)) return;
        var proof = LogFile.Scalar(connection, "SELECT envelope FROM proof") as byte[];
        if (Envelope.Proves(KeyFile.Load(next, mayCreate: false), proof)) File.Move(next, key, overwrite: true);
        else if (File.Exists(key) && Envelope.Proves(KeyFile.Load(key, mayCreate: false), proof)) File.Delete(next);
    }
}
