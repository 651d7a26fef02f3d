using Ppec.Stores.Postgres;

namespace Ppec.Silo.Upkeep;

/// <summary><c>migrate-schema</c>: PPEC's tables in a PostgreSQL database. Nodes never make them: they log in as a role that may not.</summary>
static class MigrateSchema
{
    const string Owner = "PPEC_OWNER";

    public static UpkeepCommand Command { get; } = new("migrate-schema", "Makes or upgrades PPEC's tables in a PostgreSQL database.",
        [new("owner", "CONNECTION", $"Connection string of the role that shall own the tables. It may hold a password: better in {Owner}."),
         new("role", "NAME", "The role that nodes log in as. It may read and add events, and neither change nor remove one.", Required: true)],
        """
        Repeating it changes nothing. Stop the nodes before an upgrade: they refuse to start on another version.

        Example: ppec-silo migrate-schema --owner "Host=db1;Database=ppec;Username=ppec_owner" --role ppec_app
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        var owner = arguments.Find("owner") ?? Environment.GetEnvironmentVariable(Owner) ?? throw new OptionException($"--owner is missing: give the connection string of the role that shall own the tables, or {Owner}.");
        try
        {
            var applied = await PostgresSchema.Apply(owner, arguments["role"], cancellation);
            return $"{string.Concat(applied.Select(a => $"applied {a}\n"))}The schema is version {PostgresSchema.Version}; {arguments["role"]} has its rights.";
        }
        catch (ArgumentException e)
        {
            throw new OptionException($"--owner: {e.Message}");
        }
    }
}
