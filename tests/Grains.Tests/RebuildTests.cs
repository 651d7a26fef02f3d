using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Grains.Tests.Rig;
using Ppec.Projections;
using Ppec.Stores.Codec;
using Ppec.Stores.Conformance.Kurrent;
using Ppec.Stores.Conformance.Postgres;
using Ppec.Stores.Kurrent;
using Ppec.Stores.Memory;
using Ppec.Stores.Postgres;
using Ppec.Stores.Sqlite;
using Ppec.Stores;

namespace Ppec.Grains.Tests;

/// <summary>
/// The log is the only place where PPEC keeps state: with everything else deleted, what anyone reads comes out the same. One class a store:
/// it opens an empty log, and closes it when the test is over.
/// </summary>
public abstract class RebuildTests(ITestOutputHelper output)
{
    protected abstract Task<IEventStore> Open();
    protected abstract ValueTask Close();

    [Fact]
    public async Task Changelogs_and_documents_are_made_again_from_the_log_alone()
    {
        await using (var world = new World(await Open()))
        {
            await world.InitializeAsync();
            var machines = await Lives(world);
            var end = await world.Store.End(default);
            var (documents, changelogs, aggregates) = await Everything(world, machines);
            Assert.All(machines, m => Assert.Contains(documents, d => d.StartsWith($"machine {m} ", StringComparison.Ordinal)));
            Assert.All(machines, m => Assert.True(changelogs[$"machine {m}"].Length > 500));

            await world.Rebuild();

            Assert.Equal(end, await world.Store.End(default));
            var again = await Everything(world, machines);
            Assert.Equal(documents, again.Documents);
            Assert.Equal(changelogs, again.Changelogs);
            Assert.Equal(aggregates, again.Aggregates);
            output.WriteLine($"{end} events, {documents.Count} rows, {changelogs.Count} changelogs: the same");
        }
        await Close();
    }

    /// <summary>A machine through each workflow, one that fails, one that is held, tagged and left.</summary>
    static async Task<IReadOnlyList<string>> Lives(World world)
    {
        var machines = new List<string>();
        foreach (var kind in new[] { Workflows.Inspect, Workflows.Provision, Workflows.Release, Workflows.Retire })
        {
            var (server, command) = await StepFailureTests.Start(world, kind);
            machines.Add(server.Id);
            Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(command))).Result);
        }
        var (failing, provision) = await StepFailureTests.Start(world, Workflows.Provision, s => s.Reports = (at, honest) => at == Workflows.Steps.Install ? new("smoke came out") : honest);
        Assert.Equal(Ending.Failed, (await world.Finish(await world.Begin(provision))).Result);
        var held = await world.Racked();
        await world.Done(new HoldMachine(held.Id, "smoke", "a smell of smoke", null, null));
        await world.Done(new TagMachine(held.Id, ImmutableDictionary<string, string>.Empty.Add("team", "payments"), []));
        return [.. machines, failing.Id, held.Id];
    }

    static async Task<(List<string> Documents, SortedDictionary<string, string> Changelogs, List<string> Aggregates)> Everything(World world, IReadOnlyList<string> machines)
    {
        var end = await world.Store.End(default);
        Assert.True(await world.Silo.Model.WaitFor(end, TimeSpan.FromSeconds(20), default), $"The read model never came to the end of the log ({end}): it is at {world.Silo.Model.Position}.");
        var history = new History(world.Store, EventNames.Codec());
        var changelogs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (noun, id) in Rows(world, "SELECT noun, id FROM document").Select(r => (r[0], r[1])))
            changelogs.Add($"{noun} {id}", JsonSerializer.Serialize(await history.Of(noun, id, default)));
        var aggregates = new List<string>();
        foreach (var machine in machines) aggregates.Add(JsonSerializer.Serialize(await world.Inside(g => g.GetGrain<IMachineGrain>(machine).Read())));
        var rows = Rows(world, "SELECT d.noun, d.id, stream, time, CAST(json AS TEXT) FROM document d JOIN body b ON b.n = d.n UNION ALL SELECT noun, id, key, CAST(value AS TEXT), '' FROM found UNION ALL SELECT position, '', '', '', '' FROM checkpoint");
        return ([.. rows.Select(r => string.Join(' ', r)).Order(StringComparer.Ordinal)], changelogs, aggregates);
    }

    static IEnumerable<string[]> Rows(World world, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={world.ReadModelFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var row = command.ExecuteReader();
        while (row.Read()) yield return [.. Enumerable.Range(0, row.FieldCount).Select(row.GetString)];
    }
}

public sealed class MemoryRebuildTests(ITestOutputHelper output) : RebuildTests(output)
{
    protected override Task<IEventStore> Open() => Task.FromResult<IEventStore>(new MemoryEventStore());
    protected override ValueTask Close() => default;
}

public sealed class SqliteRebuildTests(ITestOutputHelper output) : RebuildTests(output)
{
    readonly DataDirectory _data = DataDirectory.Lock(Directory.CreateTempSubdirectory("ppec-rebuild-").FullName);
    SqliteEventStore? _store;

    protected override Task<IEventStore> Open() => Task.FromResult<IEventStore>(_store = SqliteEventStore.Open(_data));

    protected override async ValueTask Close()
    {
        await _store!.DisposeAsync();
        _data.Dispose();
        Directory.Delete(_data.Path, recursive: true);
    }
}

public sealed class PostgresRebuildTests(ITestOutputHelper output) : RebuildTests(output)
{
    PostgresServer? _server;
    PostgresEventStore? _store;

    protected override async Task<IEventStore> Open()
    {
        _server = await PostgresServer.Start();
        return _store = await PostgresEventStore.Open(_server.Connection(PostgresServer.Application, await _server.Database()), default);
    }

    protected override async ValueTask Close()
    {
        await _store!.DisposeAsync();
        await _server!.DisposeAsync();
    }
}

public sealed class KurrentRebuildTests(ITestOutputHelper output) : RebuildTests(output)
{
    TestServer? _server;
    KurrentEventStore? _store;

    protected override async Task<IEventStore> Open()
    {
        _server = await new TestCluster().Start();
        return _store = await KurrentEventStore.Open(KurrentOptions.Parse(_server.Address), default);
    }

    protected override async ValueTask Close()
    {
        await _store!.DisposeAsync();
        await _server!.DisposeAsync();
    }
}
