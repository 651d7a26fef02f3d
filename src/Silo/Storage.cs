using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Images;
using Ppec.Stores;
using Ppec.Stores.Kurrent;
using Ppec.Stores.Postgres;
using Ppec.Stores.Secrets;
using Ppec.Stores.Sqlite;

namespace Ppec.Silo;

/// <summary>Where a node keeps things: a directory of its own, the log, secrets (only silos see any), and image content.</summary>
sealed class Storage : IAsyncDisposable
{
    readonly Stack<IAsyncDisposable> _owned = new();

    Storage(DataDirectory data, IEventStore events, FileImageStore images) => (Data, Events, Images) = (data, events, images);

    public DataDirectory Data { get; }
    public IEventStore Events { get; }
    public ISecretStore? Secrets { get; private set; }
    public FileImageStore Images { get; }

    public static async Task<Storage> Open(NodeOptions options, CancellationToken cancellation)
    {
        var data = DataDirectory.Lock(options.Data);
        try
        {
            var events = await OpenEvents(options.Events, data, cancellation);
            var storage = new Storage(data, events, new(options.Images ?? data.File("images")));
            storage.Own((IAsyncDisposable)events);
            try
            {
                if (options.Cluster is null) storage.Secrets = storage.Own(SqliteSecretStore.Open(data));
                else if (options.Cluster.IsSilo) storage.Secrets = storage.Own(await PostgresSecretStore.Open(options.Cluster.Database, options.Cluster.SecretsKey!, cancellation));
                return storage;
            }
            catch
            {
                await storage.DisposeAsync();
                throw;
            }
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>The log at an address: none = SQLite in <paramref name="data"/>; <c>esdb://…</c> and <c>kurrentdb://…</c> = EventStoreDB; anything else is a PostgreSQL connection string.</summary>
    static async Task<IEventStore> OpenEvents(string? address, DataDirectory data, CancellationToken cancellation)
    {
        if (address is null) return SqliteEventStore.Open(data);
        try
        {
            return address.StartsWith("esdb", StringComparison.OrdinalIgnoreCase) || address.StartsWith("kurrentdb", StringComparison.OrdinalIgnoreCase)
                ? await KurrentEventStore.Open(KurrentOptions.Parse(address), cancellation)
                : await PostgresEventStore.Open(address, cancellation);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new OptionException($"--events: {e.Message}");
        }
    }

    /// <summary>Closed with the rest, the last opened first.</summary>
    public T Own<T>(T owned)
    {
        _owned.Push(owned as IAsyncDisposable ?? new Later((IDisposable)(object)owned!));
        return owned;
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var owned)) await owned.DisposeAsync();
        Data.Dispose();
    }

    sealed class Later(IDisposable owned) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            owned.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
