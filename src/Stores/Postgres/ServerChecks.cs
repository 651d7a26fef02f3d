using Npgsql;

namespace Ppec.Stores.Postgres;

/// <summary>
/// What must hold of a server before the log is kept on it. The settings are read as they are in force for this session,
/// so one that was changed for the role or the database alone is found too.
/// </summary>
static class ServerChecks
{
    /// <summary>SQL for "an acknowledged commit survives a power failure"; every append asks it again, since a running server can be reconfigured.</summary>
    public const string Durable = "current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AND current_setting('synchronous_commit') <> 'off'";

    const string Settings = "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_sync_retry', 'server_encoding')";
    const string Standby = "SELECT pg_catalog.pg_is_in_recovery()";
    const string Rights = "SELECT has_table_privilege('ppec.events', 'UPDATE') OR has_table_privilege('ppec.events', 'DELETE') OR has_table_privilege('ppec.events', 'TRUNCATE')";

    static readonly Dictionary<string, string> Why = new(StringComparer.Ordinal)
    {
        ["fsync"] = "what it acknowledges may not be on the disk",
        ["full_page_writes"] = "a power failure may leave torn pages",
        ["synchronous_commit"] = "it acknowledges commits before they are on the disk",
    };

    public static PostgresUnfitException NotDurable(string where) =>
        new($"{where}: fsync, full_page_writes or synchronous_commit has been switched off, so an acknowledged event could be lost. Nothing is written until all three are on.");

    /// <exception cref="PostgresUnfitException">Names every setting that is wrong, and why it matters.</exception>
    public static async Task CheckSettings(NpgsqlConnection connection, string where, CancellationToken cancellation)
    {
        var wrong = new List<string>();
        await using (var command = new NpgsqlCommand(Settings, connection))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
            while (await row.ReadAsync(cancellation))
                if (Objection(row.GetString(0), row.GetString(1)) is { } objection) wrong.Add(objection);
        if (wrong.Count > 0) throw new PostgresUnfitException($"{where} cannot keep the event log: {string.Join("; ", wrong)}. Change it for the server, the database and the role, then start the node again.");
        if (await Holds(connection, Standby, cancellation)) throw new PostgresUnfitException($"{where} is a standby and cannot be written. Connect to the primary, or name all hosts and add Target Session Attributes=primary.");
    }

    /// <exception cref="PostgresUnfitException">This role could alter or remove events.</exception>
    public static async Task CheckRole(NpgsqlConnection connection, string where, CancellationToken cancellation)
    {
        if (await Holds(connection, Rights, cancellation))
            throw new PostgresUnfitException($"{where}: this role may update, delete or truncate events, and a node must not be able to. Let one role own the tables (it runs {PostgresErrors.Migrate}), and the node log in as another.");
    }

    static string? Objection(string name, string setting) => (name, setting) switch
    {
        ("fsync" or "full_page_writes" or "synchronous_commit", "off") => $"{name} is off ({Why[name]})",
        ("data_sync_retry", "on") => "data_sync_retry is on (a failed flush would be tried again, and what was dropped reported as written)",
        ("server_encoding", not "UTF8") => $"its encoding is {setting} (it must be UTF8)",
        _ => null,
    };

    static async Task<bool> Holds(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellation) is true;
    }
}
