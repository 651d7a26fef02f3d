using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Sqlite;

namespace Ppec.Silo.Upkeep;

/// <summary>What an event store is opened for.</summary>
enum Use
{
    /// <summary>To read what is in it now; a node may go on writing.</summary>
    Read,
    /// <summary>To read it while nobody writes.</summary>
    ReadAlone,
    /// <summary>To write it, alone; it is made when there is none.</summary>
    Write,
}

/// <summary>An event store and what is held for it.</summary>
sealed class OpenStore(IEventStore events, params IDisposable?[] held) : IAsyncDisposable
{
    public IEventStore Events => events;

    public async ValueTask DisposeAsync()
    {
        if (events is IAsyncDisposable store) await store.DisposeAsync();
        foreach (var one in held) one?.Dispose();
    }
}

/// <summary>Event stores by their address. Every adapter a node can run on has a row here.</summary>
static class EventStores
{
    public const string Addresses = "sqlite:DIR (a node's data directory, or a backup)";

    /// <exception cref="OptionException">No store has such an address.</exception>
    /// <exception cref="DataDirectoryHeldException">A node runs on it.</exception>
    public static OpenStore Open(string address, Use use = Use.Read) => address.Split(':', 2) switch
    {
        ["sqlite", { Length: > 0 } directory] => Sqlite(directory, use),
        _ => throw new OptionException($"'{address}' is not the address of an event store; give {Addresses}."),
    };

    static OpenStore Sqlite(string directory, Use use)
    {
        if (use != Use.Write && !SqliteEventStore.Exists(directory)) throw new EventStoreUnavailableException($"There is no event log in {directory}.");
        var held = use == Use.Read ? null : DataDirectory.Lock(directory);
        try { return new(use == Use.Write ? SqliteEventStore.Open(held!) : SqliteEventStore.OpenToRead(directory), held); }
        catch
        {
            held?.Dispose();
            throw;
        }
    }
}
