using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>
/// The database's schema, by versions. Two roles: the owner applies migrations, by an explicit command; the application's role reads and adds events, and can do nothing else to them.
/// A node never changes the schema: it refuses to start on another version than its own.
/// </summary>
public static class PostgresSchema
{
    const string Orleans = "orleans";

    // Orleans' names are not qualified, neither in its scripts nor in the queries they store: they work in whatever schema comes first.
    sealed record Migration(int Version, string Name, string Schema, params string[] Files)
    {
        public string Sql { get; } = $"CREATE SCHEMA IF NOT EXISTS {Schema};\nSET LOCAL search_path = {Schema};\n{string.Join('\n', Files.Select(Resource))}";
        public byte[] Hash => SHA256.HashData(Encoding.UTF8.GetBytes(Sql));
    }

    static readonly Migration[] Migrations =
    [
        new(1, "log", "ppec", "0001-log.sql"),
        new(2, "orleans 10.4.2", Orleans, "PostgreSQL-Main.sql", "PostgreSQL-Clustering.sql", "PostgreSQL-Persistence.sql", "PostgreSQL-Reminders.sql"),
        new(3, "secrets", "ppec", "0003-secrets.sql"),
    ];

    // Two commands at once: the second waits, and finds the work done.
    const string Begin =
        """
        SELECT pg_advisory_xact_lock(1347437891);
        CREATE SCHEMA IF NOT EXISTS ppec;
        CREATE TABLE IF NOT EXISTS ppec.migrations(
          version integer PRIMARY KEY,
          name    text        NOT NULL,
          hash    bytea       NOT NULL,
          applied timestamptz NOT NULL DEFAULT now());
        """;

    /// <summary>The version this program works with.</summary>
    public static int Version => Migrations[^1].Version;

    /// <summary>The connection string for Orleans' AdoNet providers: the same database and role, in the schema of Orleans' tables.</summary>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public static string OrleansConnection(string connectionString)
    {
        var settings = PostgresDatabase.Parse(connectionString);
        settings.SearchPath = Orleans;
        return settings.ConnectionString;
    }

    /// <summary>Brings the schema to <see cref="Version"/>, all or nothing, and grants <paramref name="applicationRole"/> its rights. Repeating it changes nothing.</summary>
    /// <param name="connectionString">Of the owner, who may create schemas in the database.</param>
    /// <param name="applicationRole">The role that nodes log in as. It exists already, and is not the owner.</param>
    /// <param name="cancellation">Ends the attempt; nothing is changed.</param>
    /// <returns>What was applied now: <c>1 log</c>.</returns>
    /// <exception cref="PostgresUnfitException">The schema is newer than this program, a migration was altered after it was applied, or the roles are not two.</exception>
    /// <exception cref="EventStoreUnavailableException">The server refused or cannot be reached.</exception>
    public static async Task<IReadOnlyList<string>> Apply(string connectionString, string applicationRole, CancellationToken cancellation)
    {
        var settings = PostgresDatabase.Parse(connectionString);
        settings.Pooling = false;
        settings.IncludeErrorDetail = false;
        var where = PostgresDatabase.Name(settings);
        try
        {
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(cancellation);
            return await Apply(connection, applicationRole, where, cancellation);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedObject)
        {
            throw new PostgresUnfitException($"{where}: {e.MessageText}. Make the application's role first: CREATE ROLE {applicationRole} LOGIN PASSWORD '…'.", e);
        }
        catch (PostgresException e) { throw new EventStoreUnavailableException($"{where}: the schema could not be migrated: {e.MessageText} ({e.SqlState}).", e); }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException) { throw PostgresErrors.Translate(e, where, "be migrated"); }
    }

    static async Task<List<string>> Apply(NpgsqlConnection connection, string applicationRole, string where, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await Execute(connection, Begin, cancellation);
        var applied = await Applied(connection, cancellation);
        if (applied.Count > 0 && applied.Keys.Max() > Version) throw Newer(where, applied.Keys.Max());
        var now = new List<string>();
        foreach (var migration in Migrations)
        {
            if (!applied.TryGetValue(migration.Version, out var hash))
            {
                await Run(connection, migration, cancellation);
                now.Add($"{migration.Version} {migration.Name}");
            }
            else if (!hash.AsSpan().SequenceEqual(migration.Hash))
                throw new PostgresUnfitException($"{where}: migration {migration.Version} ({migration.Name}) is not the one that was applied there. A migration is never changed; what it lacks is another migration.");
        }
        if (await IsSame(connection, applicationRole, cancellation))
            throw new PostgresUnfitException($"{where}: {applicationRole} owns the tables, so it could alter events. Let nodes log in as another role.");
        await Execute(connection, Resource("grants.sql").Replace("\"application\"", new NpgsqlCommandBuilder().QuoteIdentifier(applicationRole), StringComparison.Ordinal), cancellation);
        await transaction.CommitAsync(cancellation);
        return now;
    }

    /// <summary>Refuses a schema that is missing, older or newer than this program's.</summary>
    /// <exception cref="PostgresUnfitException">Says which, and the command that migrates.</exception>
    /// <exception cref="EventStoreUnavailableException">The server cannot be reached.</exception>
    public static async Task Check(string connectionString, CancellationToken cancellation)
    {
        await using var database = new PostgresDatabase(connectionString);
        try
        {
            await using var connection = await database.Open(cancellation);
            await Check(connection, database.Where, cancellation);
        }
        catch (Exception e) when (e is not (OperationCanceledException or PostgresUnfitException)) { throw database.Translate(e, "be opened"); }
    }

    internal static async Task Check(NpgsqlConnection connection, string where, CancellationToken cancellation)
    {
        int version;
        try { version = (await Applied(connection, cancellation)).Keys.DefaultIfEmpty().Max(); }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new PostgresUnfitException($"{where} holds no event log. Make it with {PostgresErrors.Migrate}, as the role that shall own it.", e);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new PostgresUnfitException($"{where}: this role has no rights to the event log. {PostgresErrors.Migrate} grants them to the application's role.", e);
        }
        if (version > Version) throw Newer(where, version);
        if (version < Version) throw new PostgresUnfitException($"{where}: the schema is version {version}, this program needs {Version}. Stop the nodes and run {PostgresErrors.Migrate}.");
    }

    static PostgresUnfitException Newer(string where, int version) =>
        new($"{where}: the schema is version {version}, this program knows {Version}. A newer program has run {PostgresErrors.Migrate} there: start that one.");

    static async Task Run(NpgsqlConnection connection, Migration migration, CancellationToken cancellation)
    {
        await Execute(connection, migration.Sql, cancellation);
        await using var record = new NpgsqlCommand("INSERT INTO ppec.migrations(version, name, hash) VALUES ($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = migration.Version }, new() { Value = migration.Name }, new() { Value = migration.Hash } },
        };
        await record.ExecuteNonQueryAsync(cancellation);
    }

    static async Task<Dictionary<int, byte[]>> Applied(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var applied = new Dictionary<int, byte[]>();
        await using var command = new NpgsqlCommand("SELECT version, hash FROM ppec.migrations", connection);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) applied.Add(row.GetInt32(0), row.GetFieldValue<byte[]>(1));
        return applied;
    }

    static async Task<bool> IsSame(NpgsqlConnection connection, string role, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT tableowner = $1 FROM pg_catalog.pg_tables WHERE schemaname = 'ppec' AND tablename = 'events'", connection) { Parameters = { new() { Value = role } } };
        return await command.ExecuteScalarAsync(cancellation) is true;
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    static string Resource(string name)
    {
        using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded in this program.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
