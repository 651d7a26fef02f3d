using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Ppec.Contracts.Events;

namespace Ppec.Grains.Snapshots;

/// <summary>Snapshots in the Orleans grain storage named <see cref="Provider"/>: in a cluster, AdoNet on PostgreSQL, which every silo reaches.</summary>
public sealed class GrainStorageSnapshots([FromKeyedServices(GrainStorageSnapshots.Provider)] IGrainStorage storage) : ISnapshotStore
{
    /// <summary>The name the storage is registered under.</summary>
    public const string Provider = "snapshots";
    const string Name = "snapshot";

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> Load(string stream, CancellationToken cancellation) =>
        await Read(stream) is { RecordExists: true, State: { Bytes: { } bytes } } ? new ReadOnlyMemory<byte>(bytes) : default(ReadOnlyMemory<byte>?);

    /// <inheritdoc/>
    public async Task Save(string stream, ReadOnlyMemory<byte> snapshot, CancellationToken cancellation)
    {
        var state = await Read(stream); // for its ETag
        state.State = new() { Bytes = snapshot.ToArray() };
        try { await storage.WriteStateAsync(Name, Id(stream), state); }
        catch (InconsistentStateException) { /* another activation's stays, which is as good */ }
    }

    async Task<GrainState<StoredSnapshot>> Read(string stream)
    {
        var state = new GrainState<StoredSnapshot>(new());
        await storage.ReadStateAsync(Name, Id(stream), state);
        return state;
    }

    static GrainId Id(string stream) => GrainId.Create(Name, stream);
}

/// <summary>A snapshot's bytes, as grain state.</summary>
[GenerateSerializer]
public sealed class StoredSnapshot
{
    [Id(0)] public byte[]? Bytes { get; set; }
}
