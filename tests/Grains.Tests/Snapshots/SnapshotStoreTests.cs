using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Memory;
using Ppec.Stores.Sqlite;

namespace Ppec.Grains.Tests.Snapshots;

/// <summary>What every place for snapshots must do.</summary>
public abstract class SnapshotStoreConformance
{
    protected abstract ISnapshotStore Store { get; }

    [Fact]
    public async Task The_last_saved_is_loaded_byte_by_byte_and_each_stream_has_its_own()
    {
        Assert.Null(await Store.Load("pool-a", default));
        await Store.Save("pool-a", new byte[] { 1, 2, 3 }, default);
        await Store.Save("pool-b", Enumerable.Range(0, 3 << 20).Select(i => (byte)(i * 31)).ToArray(), default);
        Assert.Equal([1, 2, 3], (await Store.Load("pool-a", default))!.Value.ToArray());
        Assert.Equal(3 << 20, (await Store.Load("pool-b", default))!.Value.Length);
        await Store.Save("pool-a", new byte[] { 4 }, default);
        await Store.Save("pool-a", new byte[] { 5 }, default);
        Assert.Equal([5], (await Store.Load("pool-a", default))!.Value.ToArray());
        Assert.Null(await Store.Load("pool-c", default));
    }

    [Fact]
    public async Task Of_many_at_once_one_stays_whole()
    {
        await Task.WhenAll(Enumerable.Range(1, 20).Select(n => Store.Save("pool-race", Enumerable.Repeat((byte)n, 10_000).ToArray(), default)));
        var kept = (await Store.Load("pool-race", default))!.Value.ToArray();
        Assert.Equal(10_000, kept.Length);
        Assert.Single(kept.Distinct());
    }
}

/// <summary>In Orleans grain storage; the provider is Orleans' own in memory.</summary>
public sealed class GrainStorageSnapshotTests : SnapshotStoreConformance, IAsyncLifetime
{
    TallySilo _silo = null!;

    protected override ISnapshotStore Store => _silo.GrainStorage;

    public async ValueTask InitializeAsync() => _silo = await TallySilo.Start(new MemoryEventStore(), new ScriptedSnapshots());
    public ValueTask DisposeAsync() => _silo.DisposeAsync();
}

/// <summary>In SQLite.</summary>
public sealed class SqliteSnapshotTests : SnapshotStoreConformance, IDisposable
{
    readonly DataDirectory _data = DataDirectory.Lock(Directory.CreateTempSubdirectory("ppec-snapshots-").FullName);
    SqliteSnapshotStore _store;

    public SqliteSnapshotTests() => _store = SqliteSnapshotStore.Open(_data);

    protected override ISnapshotStore Store => _store;

    [Fact]
    public async Task It_outlives_the_process()
    {
        await _store.Save("pool-a", new byte[] { 1 }, default);
        Reopen(() => { });
        Assert.Equal([1], (await _store.Load("pool-a", default))!.Value.ToArray());
    }

    [Fact]
    public async Task A_file_of_another_schema_is_made_anew()
    {
        await _store.Save("pool-a", new byte[] { 1 }, default);
        Reopen(() =>
        {
            using var connection = new SqliteConnection($"Data Source={_data.File("snapshots.db")};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        });
        Assert.Null(await _store.Load("pool-a", default));
        await _store.Save("pool-a", new byte[] { 2 }, default);
        Assert.Equal([2], (await _store.Load("pool-a", default))!.Value.ToArray());
    }

    [Fact]
    public async Task A_damaged_file_fails_once_and_is_made_anew()
    {
        await _store.Save("pool-a", new byte[] { 1 }, default);
        Reopen(() => File.WriteAllBytes(_data.File("snapshots.db"), [.. Enumerable.Range(0, 9000).Select(n => (byte)n)]));
        await Assert.ThrowsAsync<SqliteException>(() => _store.Load("pool-a", default));
        Assert.Null(await _store.Load("pool-a", default));
        await _store.Save("pool-a", new byte[] { 2 }, default);
        Assert.Equal([2], (await _store.Load("pool-a", default))!.Value.ToArray());
    }

    void Reopen(Action meanwhile)
    {
        _store.Dispose();
        meanwhile();
        _store = SqliteSnapshotStore.Open(_data);
    }

    public void Dispose()
    {
        _store.Dispose();
        _data.Dispose();
        Directory.Delete(_data.Path, recursive: true);
    }
}
