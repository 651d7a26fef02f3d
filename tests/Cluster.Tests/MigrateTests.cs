using Ppec.EndToEnd.Running;
using Ppec.Stores.Conformance.Postgres;

namespace Ppec.Cluster.Tests;

/// <summary>A node that outgrew its embedded log: the log moves to PostgreSQL, is backed up and restored there, and moves back, the same each time.</summary>
public sealed class MigrateTests : IDisposable
{
    readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ppec-migrate-");

    string Under(string name) => Path.Combine(_root.FullName, name);

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task A_log_moves_to_PostgreSQL_is_backed_up_restored_and_moves_back()
    {
        await using var site = new Site();
        await site.StartNode();
        for (var i = 0; i < 40; i++) await site.Client.Regions.CreateAsync(new($"region-{i}"));
        await site.StopNode();
        await using var server = await PostgresServer.Start();
        var first = server.Connection(PostgresServer.Application, await server.Database());
        var second = server.Connection(PostgresServer.Application, await server.Database());

        Assert.Contains("42 events", await Upkeep.Silo(0, "migrate", "--from", $"sqlite:{site.Data}", "--to", first), StringComparison.Ordinal);
        Assert.Contains("0 events copied, 42 were there", await Upkeep.Silo(0, "migrate", "--from", $"sqlite:{site.Data}", "--to", first), StringComparison.Ordinal);
        Assert.Contains("42 events in 42 streams", await Upkeep.Silo(0, "verify", "--events", first), StringComparison.Ordinal);

        await Upkeep.Silo(0, "backup", "--data", site.Data, "--events", first, "--to", Under("backup"));
        await Upkeep.Silo(0, "restore", "--from", Under("backup"), "--data", Under("restored"), "--events", second);
        Assert.Contains("42 events in 42 streams", await Upkeep.Silo(0, "verify", "--events", second), StringComparison.Ordinal);

        await Upkeep.Silo(0, "migrate", "--from", second, "--to", $"sqlite:{Under("back")}");
        var (_, there) = await Evidence.Log(site.Data);
        var (_, back) = await Evidence.Log(Under("back"));
        Assert.Equal(there.Keys.Order(StringComparer.Ordinal), back.Keys.Order(StringComparer.Ordinal));
        Assert.All(there, c => Assert.Equal(c.Value.Select(e => Convert.ToHexString(e.Hash.Span)), back[c.Key].Select(e => Convert.ToHexString(e.Hash.Span))));

        // Somebody alters an event behind PPEC's back.
        await server.Execute(PostgresServer.SuperUser, new Npgsql.NpgsqlConnectionStringBuilder(second).Database!, "ALTER TABLE ppec.events DISABLE TRIGGER ALL; UPDATE ppec.events SET data = '{}' WHERE position = 7");
        Assert.Contains("damaged", await Upkeep.Silo(1, "verify", "--events", second), StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresServer.Password, await Upkeep.Silo(1, "migrate", "--from", second, "--to", first), StringComparison.Ordinal);
    }
}
