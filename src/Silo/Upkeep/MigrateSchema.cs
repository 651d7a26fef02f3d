using Ppec.Stores.Postgres;

namespace Ppec.Silo.Upkeep;

/// <summary>Brings a PostgreSQL database to this program's schema. Nodes never do: they log in as a role that may not.</summary>
static class MigrateSchema
{
    public const string Name = "migrate-schema";

    public const string Help = """
        ppec-silo migrate-schema: makes or upgrades PPEC's tables in a PostgreSQL database.

        Usage: ppec-silo migrate-schema --owner CONNECTION --role NAME

          --owner CONNECTION    Connection string of the role that shall own the tables (or PPEC_OWNER: it may hold a password).
          --role NAME           The role that nodes log in as. It may read and add events, and neither change nor remove one.

        Repeating it changes nothing. Stop the nodes before an upgrade; nodes refuse to start on another version.

        Example: ppec-silo migrate-schema --owner "Host=db1;Database=ppec;Username=ppec_owner" --role ppec_app
        """;

    public static async Task<int> Run(string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var given = Arguments(arguments);
        var owner = given.GetValueOrDefault("--owner") ?? environment.GetValueOrDefault("PPEC_OWNER") ?? throw new OptionException("--owner is needed: the connection string of the role that shall own the tables.");
        var role = given.GetValueOrDefault("--role") ?? throw new OptionException("--role is needed: the name of the role that nodes log in as.");
        var applied = await PostgresSchema.Apply(owner, role, CancellationToken.None);
        foreach (var migration in applied) Console.WriteLine($"applied {migration}");
        Console.WriteLine($"The schema is version {PostgresSchema.Version}; {role} has its rights.");
        return 0;
    }

    static Dictionary<string, string> Arguments(string[] arguments)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Length; i += 2)
            given[arguments[i] is "--owner" or "--role" ? arguments[i] : throw new OptionException($"There is no option {arguments[i]}. See ppec-silo migrate-schema --help.")] =
                i + 1 < arguments.Length ? arguments[i + 1] : throw new OptionException($"{arguments[i]} lacks its value.");
        return given;
    }
}
