using Npgsql;
using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Silo;
using Ppec.Silo.Upkeep;
using Ppec.Stores;
using Ppec.Stores.Postgres;

if (args is ["--help" or "-h" or "help"])
{
    Console.WriteLine(NodeOptions.Help);
    Console.WriteLine(UpkeepCommands.Help);
    return 0;
}
if (await UpkeepCommands.Run(args) is { } status) return status;
try
{
    var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
    await using var node = await Node.Start(NodeOptions.Read(args, environment), CancellationToken.None);
    Console.WriteLine($"ready: {node.Url}");
    await node.Stopped();
    return 0;
}
catch (OptionException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (Exception e) when (e is DataDirectoryHeldException or EventLogCorruptException or EventStoreUnavailableException or PostgresUnfitException or SecretUnreadableException or NpgsqlException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
