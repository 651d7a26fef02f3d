using Ppec.Contracts.Events;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Postgres;

/// <summary>A server that acknowledges what a power failure can take back is refused. It has a server of its own, whose settings it spoils.</summary>
public sealed class ServerChecksTests : IAsyncLifetime
{
    PostgresServer _server = null!;
    string _database = null!;

    string Connection => _server.Connection(PostgresServer.Application, _database);

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.Start();
        _database = await _server.Database();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    Task Say(string sql) => _server.Execute(PostgresServer.SuperUser, _database, sql);

    async Task Configure(string sql, string setting, string value)
    {
        await Say(sql);
        await Say("SELECT pg_reload_conf()");
        var inForce = Task.Run(async () =>
        {
            while (!Equals(await _server.Ask(PostgresServer.Application, _database, $"SELECT current_setting('{setting}')"), value)) await Task.Delay(10);
        });
        await inForce.Within($"{setting} = {value}");
    }

    [Fact]
    public async Task A_server_that_may_lose_what_it_acknowledged_is_refused()
    {
        (string Spoil, string Setting, string Mend)[] ways =
        [
            ("ALTER SYSTEM SET fsync = off", "fsync", "ALTER SYSTEM RESET fsync"),
            ("ALTER SYSTEM SET full_page_writes = off", "full_page_writes", "ALTER SYSTEM RESET full_page_writes"),
            ("ALTER SYSTEM SET synchronous_commit = off", "synchronous_commit", "ALTER SYSTEM RESET synchronous_commit"),
            ("ALTER ROLE ppec_app SET synchronous_commit = off", "synchronous_commit", "ALTER ROLE ppec_app RESET synchronous_commit"),
            ($"ALTER DATABASE {_database} SET synchronous_commit = off", "synchronous_commit", $"ALTER DATABASE {_database} RESET synchronous_commit"),
        ];
        foreach (var (spoil, setting, mend) in ways)
        {
            await Configure(spoil, setting, "off");
            var error = await Assert.ThrowsAsync<PostgresUnfitException>(() => PostgresEventStore.Open(Connection, default));
            Assert.Contains($"{setting} is off", error.Message, StringComparison.Ordinal);
            await Configure(mend, setting, "on");
            await (await PostgresEventStore.Open(Connection, default)).DisposeAsync();
        }
        var own = await Assert.ThrowsAsync<PostgresUnfitException>(() => PostgresEventStore.Open(Connection + ";Options=-c synchronous_commit=off", default));
        Assert.Contains("synchronous_commit is off", own.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fsync"), InlineData("full_page_writes"), InlineData("synchronous_commit")]
    public async Task A_server_that_is_spoiled_while_nodes_run_is_not_written_until_it_is_mended(string setting)
    {
        await using var store = await PostgresEventStore.Open(Connection, default);
        var author = new StreamAuthor(store, "spoiled-1");
        await author.Append();
        await Configure($"ALTER SYSTEM SET {setting} = off", setting, "off");
        var next = author.Next(1);
        EventStoreUnavailableException? refused = null;
        for (var i = 0; i < 100 && refused is null; i++) // until the writer's session has taken the new setting in
        {
            try { await author.Append(next); next = author.Next(1); }
            catch (EventStoreUnavailableException e) { refused = e; }
        }
        Assert.Contains("has been switched off", refused?.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => author.Append(next));
        Assert.Equal(author.Version, (await store.ReadStream("spoiled-1", 0, default).All()).Count); // it is still read

        await Configure($"ALTER SYSTEM RESET {setting}", setting, "on");
        Assert.True((await author.Append(next)).Appended);
    }

    [Fact]
    public async Task Another_encoding_is_refused()
    {
        await Say("CREATE DATABASE latin ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0 OWNER ppec_owner");
        await PostgresSchema.Apply(_server.Connection(PostgresServer.Owner, "latin"), PostgresServer.Application, default);
        Assert.Contains("UTF8", (await Assert.ThrowsAsync<PostgresUnfitException>(() => PostgresEventStore.Open(_server.Connection(PostgresServer.Application, "latin"), default))).Message, StringComparison.Ordinal);
    }
}
