using Ppec.Contracts.Events;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Postgres;

/// <summary>A superuser can alter rows; that it was done is found, and no wrong event is handed out.</summary>
public sealed class DamageTests(OneServer one) : IAsyncLifetime
{
    const int Events = 600;
    PostgresServer _server = null!;
    string _database = null!;

    string Connection => _server.Connection(PostgresServer.Application, _database);

    public async ValueTask InitializeAsync()
    {
        _server = await one.Started();
        _database = await _server.Database();
        await using var store = await PostgresEventStore.Open(Connection, default);
        for (var i = 0; i < 20; i++) await new StreamAuthor(store, $"damage-{i:00}").Append(Events / 20, 300);
    }

    public ValueTask DisposeAsync() => default;

    Task Alter(string sql) => _server.Execute(PostgresServer.SuperUser, _database, $"SET session_replication_role = replica; {sql}");

    static void AssertClear(Exception? error)
    {
        Assert.IsType<EventLogCorruptException>(error);
        Assert.Contains("restore it from a backup", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE FROM ppec.events WHERE position = 300", "position 300 is missing")]
    [InlineData("DELETE FROM ppec.events WHERE position = 1", "position 1 is missing")]
    [InlineData("DELETE FROM ppec.events WHERE position = 600", "had been acknowledged")]
    [InlineData("TRUNCATE ppec.events", "had been acknowledged")]
    [InlineData("DELETE FROM ppec.head", "no head")]
    [InlineData("UPDATE ppec.head SET position = 599", "position 599 had been")]
    [InlineData("UPDATE ppec.head SET position = 601", "position 601 had been")]
    [InlineData("UPDATE ppec.events SET data = '\\x00' WHERE position = 17", "hash chain")]
    [InlineData("UPDATE ppec.events SET metadata = '\\x00' WHERE position = 600", "hash chain")]
    [InlineData("UPDATE ppec.events SET type = 'other.happened.v1' WHERE position = 42", "hash chain")]
    [InlineData("UPDATE ppec.events SET version = version + 1000 WHERE position = 42", "hash chain")]
    [InlineData("UPDATE ppec.events SET stream = 'another' WHERE stream = 'damage-07'", "hash chain")]
    public async Task A_log_altered_with_SQL_is_refused_at_the_start(string sql, string said)
    {
        await Alter(sql);
        var error = await Record.ExceptionAsync(() => PostgresEventStore.Open(Connection, default));
        AssertClear(error);
        Assert.Contains(said, error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_event_altered_is_found_by_each_read_and_by_verification()
    {
        await using (var store = await PostgresEventStore.Open(Connection, default)) await new StreamAuthor(store, "newer-1").Append(PostgresEventStore.CheckedTail, 16);
        await Alter("UPDATE ppec.events SET data = '\\x00' WHERE position = 31"); // damage-01, version 0
        await using var opened = await PostgresEventStore.Open(Connection, default);
        AssertClear(await Record.ExceptionAsync(() => opened.Verify(null, default)));
        AssertClear(await Record.ExceptionAsync(() => opened.ReadAll(LogPosition.Start, default).All()));
        AssertClear(await Record.ExceptionAsync(() => opened.ReadStream("damage-01", 0, default).All()));
        AssertClear(await Record.ExceptionAsync(() => opened.Subscribe(LogPosition.Start, default).All()));
        Assert.Contains("position 31", (await Assert.ThrowsAsync<EventLogCorruptException>(() => opened.Verify(null, default))).Message, StringComparison.Ordinal);
        Assert.Equal(30, (await opened.ReadStream("damage-02", 0, default).All()).Count);
        Assert.Equal(10, (await opened.ReadStream("damage-01", 20, default).All()).Count);
    }

    [Theory]
    [InlineData("DELETE FROM ppec.events WHERE stream = 'damage-03' AND version = 9", 0, "version 9")]
    [InlineData("DELETE FROM ppec.events WHERE stream = 'damage-03' AND version = 9", 10, "version 9")]
    [InlineData("UPDATE ppec.events SET hash = sha256('x') WHERE stream = 'damage-03' AND version = 9", 10, "hash chain")]
    public async Task A_stream_with_a_hole_is_not_read_past_it(string sql, long from, string said)
    {
        await using var opened = await PostgresEventStore.Open(Connection, default);
        await Alter(sql);
        var error = await Record.ExceptionAsync(() => opened.ReadStream("damage-03", from, default).All());
        AssertClear(error);
        Assert.Contains(said, error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_became_shorter_under_a_running_node_is_written_and_followed_no_more()
    {
        await using var opened = await PostgresEventStore.Open(Connection, default);
        await using var feed = opened.Subscribe(new(600), default).GetAsyncEnumerator();
        Assert.True(await feed.MoveNextAsync().AsTask().Within("word of being caught up"));
        await Alter("DELETE FROM ppec.events WHERE position > 590; UPDATE ppec.head SET position = 590"); // as a restored backup, or a standby that lagged
        AssertClear(await Record.ExceptionAsync(() => new StreamAuthor(opened, "after-1").Append().Within("the refusal")));
        AssertClear(await Record.ExceptionAsync(() => feed.MoveNextAsync().AsTask().Within("the end of the subscription")));
        await using var again = await PostgresEventStore.Open(Connection, default); // a restart confirms it
        Assert.Equal(new LogPosition(591), (await new StreamAuthor(again, "after-1").Append()).Position);
    }
}
