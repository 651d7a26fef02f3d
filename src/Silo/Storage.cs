using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Images;
using Ppec.Silo.Upkeep;
using Ppec.Stores;
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

    /// <summary>Null in a cluster: there Orleans' grain storage keeps them.</summary>
    public ISnapshotStore? Snapshots { get; private set; }
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
                if (options.Cluster is null)
                {
                    storage.Secrets = storage.Own(SqliteSecretStore.Open(data));
                    storage.Snapshots = storage.Own(SqliteSnapshotStore.Open(data));
                }
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

    static async Task<IEventStore> OpenEvents(string? address, DataDirectory data, CancellationToken cancellation)
    {
        try { return address is null ? SqliteEventStore.Open(data) : await EventStores.Shared(address, cancellation); }
        catch (OptionException e) { throw new OptionException($"--events: {e.Message}"); }
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
