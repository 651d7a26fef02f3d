using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Kurrent;
using Ppec.Stores.Postgres;
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
    public const string Addresses = "sqlite:DIR (a node's data directory, or a backup), a PostgreSQL connection string (Host=…;Database=…), or esdb://…";

    /// <exception cref="OptionException">No store has such an address.</exception>
    /// <exception cref="DataDirectoryHeldException">A node runs on it.</exception>
    public static async Task<OpenStore> Open(string address, Use use, CancellationToken cancellation) =>
        address.StartsWith("sqlite:", StringComparison.Ordinal) ? Sqlite(address["sqlite:".Length..], use) : new(await Shared(address, cancellation));

    /// <summary>A store that several nodes share: <c>esdb://…</c> and <c>kurrentdb://…</c> are EventStoreDB, a connection string is PostgreSQL. No message repeats the address: it may hold a password.</summary>
    public static async Task<IEventStore> Shared(string address, CancellationToken cancellation)
    {
        try
        {
            if (Schemes.Any(s => address.StartsWith(s, StringComparison.OrdinalIgnoreCase))) return await KurrentEventStore.Open(KurrentOptions.Parse(address), cancellation);
            if (address.Contains('=', StringComparison.Ordinal)) return await PostgresEventStore.Open(address, cancellation);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new OptionException(e.Message);
        }
        throw new OptionException($"That is not the address of an event store; give {Addresses}.");
    }

    static readonly string[] Schemes = ["esdb://", "esdb+discover://", "kurrentdb://", "kurrentdb+discover://"];

    public static OpenStore Sqlite(string directory, Use use)
    {
        if (directory.Length == 0) throw new OptionException("sqlite: is followed by a directory.");
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
