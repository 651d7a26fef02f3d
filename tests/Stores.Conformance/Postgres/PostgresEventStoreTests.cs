using Ppec.Contracts.Events;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Postgres;

public sealed class PostgresEventStoreTests(OneServer one) : FeedConformance
{
    PostgresServer _server = null!;
    string _database = null!;

    string Connection => _server.Connection(PostgresServer.Application, _database);

    protected override async ValueTask<IEventStore> Open()
    {
        _server = await one.Started();
        _database = await _server.Database();
        return await PostgresEventStore.Open(Connection, default);
    }

    [Fact]
    public async Task Positions_count_from_one_without_a_hole()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Author($"count-{i}").Append(5)));
        Assert.Equal(Enumerable.Range(1, 100).Select(p => new LogPosition((ulong)p)), (await ReadAll()).Select(e => e.Position));
    }

    [Fact]
    public async Task A_repeat_is_known_after_a_restart_and_streams_go_on()
    {
        var author = Author("restart-1");
        var first = author.Next(2);
        var answer = await author.Append(first);
        var next = author.Next(1);
        await ((IAsyncDisposable)Store).DisposeAsync();

        await using var again = await PostgresEventStore.Open(Connection, default);
        Assert.Equal(answer, await again.Append("restart-1", 0, first, default));
        Assert.Equal(new AppendResult(true, 3, new(3)), await again.Append("restart-1", 2, next, default));
        Assert.False((await again.Append("restart-1", 2, Chain.Events("restart-1", 2, first[1].Hash, "other"), default)).Appended);
        Assert.Equal(new LogPosition(3), await again.Verify(null, default));
    }

    [Fact]
    public async Task The_whole_log_is_verified_while_it_is_written()
    {
        var author = Author("verify-1");
        await author.Append(2_000, 16);
        var writing = Task.Run(async () => { for (var i = 0; i < 50; i++) await author.Append(3); });
        var proven = await ((PostgresEventStore)Store).Verify(null, default).Within("the end of the verification");
        await writing;
        Assert.True(proven >= new LogPosition(2_000));
        Assert.Equal(new LogPosition(2_150), await ((PostgresEventStore)Store).Verify(null, default));
    }

    [Fact]
    public async Task A_closed_store_ends_its_subscribers_and_answers_clearly()
    {
        var author = Author("closed-1");
        await author.Append();
        await using var feed = Store.Subscribe(new(1), default).GetAsyncEnumerator();
        await feed.MoveNextAsync().AsTask().Within("word of being caught up");
        var waiting = feed.MoveNextAsync().AsTask();
        await ((IAsyncDisposable)Store).DisposeAsync();
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => waiting.Within("the end of the subscription"));
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => author.Append());
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => Read("closed-1"));
    }

    [Theory]
    [InlineData("stream", 0), InlineData("stream", 0xD800), InlineData("type", 0), InlineData("type", 0xD800)] // NUL, and half a character
    public async Task What_PostgreSQL_cannot_store_is_refused_and_fails_no_other(string where, int character)
    {
        var (stream, type) = where == "stream" ? ($"bad{(char)character}-1", "t.v1") : ("bad-1", $"t{(char)character}.v1");
        var id = Guid.NewGuid();
        var bad = new NewEvent(id, type, default, default, EventChain.Hash(EventChain.Genesis.Span, stream, 0, id, type, default, default));
        var others = Enumerable.Range(0, 20).Select(i => Author($"fine-{i}").Append()).ToArray();
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Append(stream, 0, bad));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Append(new string('x', 1_025), 0, Chain.Events(new string('x', 1_025), 0, EventChain.Genesis, "x")));
        Assert.All(await Task.WhenAll(others), answer => Assert.True(answer.Appended));
    }

    [Fact]
    public async Task A_false_notification_changes_nothing()
    {
        var author = Author("false-1");
        await author.Append();
        await using var feed = Store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        Assert.True(await feed.MoveNextAsync().AsTask().Within("the first event"));
        foreach (var payload in new[] { "1000000", "nonsense", "-1", "" }) await _server.Execute(PostgresServer.Application, _database, $"NOTIFY ppec_log, '{payload}'");
        await author.Append();
        do Assert.True(await feed.MoveNextAsync().AsTask().Within("the second event")); while (feed.Current.Event is null);
        Assert.Equal(new LogPosition(2), feed.Current.Position);
        Assert.Equal(new LogPosition(2), await Store.End(default));
    }
}
