using System.Collections.Immutable;
using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Stores;
using Ppec.Stores.Postgres;

namespace Ppec.Silo.Upkeep;

/// <summary>The commands of ppec-silo that are not the node: <c>ppec-silo NAME …</c>.</summary>
static class UpkeepCommands
{
    static readonly ImmutableArray<UpkeepCommand> All = [Backup.Command, Restore.Command, Verify.Command, Migrate.Command, MigrateSchema.Command, RotateKey.Command, Recover.Command];

    public static string Help => $"""

        Commands for upkeep, each with its own --help:
        {string.Join('\n', All.Select(c => $"  ppec-silo {c.Name,-14}  {c.Summary}"))}
        """;

    /// <summary>Runs the command that the first argument names; null when it names none. The exit status.</summary>
    public static async Task<int?> Run(string[] arguments)
    {
        if (arguments is not [var name, .. var rest] || All.FirstOrDefault(c => c.Name == name) is not { } command) return null;
        if (rest.Any(a => a is "--help" or "-h"))
        {
            Console.WriteLine(command.Help);
            return 0;
        }
        try
        {
            Console.WriteLine(await command.Run(UpkeepArguments.Read(command, rest), CancellationToken.None));
            return 0;
        }
        catch (OptionException e)
        {
            Console.Error.WriteLine($"{e.Message} See ppec-silo {name} --help.");
            return 2;
        }
        catch (Exception e) when (e is UpkeepException or DataDirectoryHeldException or EventLogCorruptException or EventStoreUnavailableException or EventIdConflictException
            or PostgresUnfitException or SecretUnreadableException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
