using Ppec.Stores;
using Ppec.Stores.Postgres;
using Ppec.Stores.Secrets;

namespace Ppec.Silo.Upkeep;

/// <summary><c>rotate-key</c>: another key over the same secrets.</summary>
static class RotateKey
{
    const string Owner = "PPEC_OWNER";

    public static UpkeepCommand Command { get; } = new("rotate-key", "Gives the secrets a new key; the secrets themselves stay as they are.",
        [new("data", "DIR", "The node's data directory. No node may be running on it."),
         new("owner", "CONNECTION", $"Of a cluster instead: connection string of the role that owns the tables. It may hold a password: better in {Owner}."),
         new("secrets-key", "FILE", "Of a cluster: the key as it is."),
         new("new-key", "FILE", "Of a cluster: the new key; made when there is no such file.")],
        """
        It may be killed at any time, and repeated. Backups made before still need the key as it was: keep a copy of it for as long as you keep them.
        Of a cluster, stop every silo first, and start each with --secrets-key NEW-KEY afterwards.

        Example: ppec-silo rotate-key --data /var/lib/ppec
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        if (arguments.Has("data"))
        {
            if (arguments.Has("owner") || arguments.Has("secrets-key") || arguments.Has("new-key")) throw new OptionException("--data is for a node alone; --owner, --secrets-key and --new-key are for a cluster.");
            if (!Directory.Exists(arguments.Directory("data"))) throw new UpkeepException($"There is no directory {arguments.Directory("data")}.");
            using var data = DataDirectory.Lock(arguments.Directory("data"));
            return Said(SqliteSecretStore.Rotate(data));
        }
        var owner = arguments.Find("owner") ?? Environment.GetEnvironmentVariable(Owner) ?? throw new OptionException($"Give --data DIR, or of a cluster --owner (or {Owner}), --secrets-key and --new-key.");
        if ((arguments.Find("secrets-key"), arguments.Find("new-key")) is not ({ } key, { } next)) throw new OptionException("A cluster's key is rotated from --secrets-key FILE to --new-key FILE.");
        return await PostgresSecretStore.Rotate(owner, key, next, cancellation) is { } wrapped ? Said(wrapped) : $"done before: {next} is the key.";
    }

    static string Said(int wrapped) => $"rotated: the keys of {wrapped:N0} secrets are wrapped with the new key";
}
