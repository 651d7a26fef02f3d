using Ppec.Contracts.Events;
using Ppec.Stores.Sqlite;
using Xunit;

namespace Ppec.Stores.Conformance.Sqlite;

public sealed class SqliteEventStoreTests : FeedConformance
{
    readonly Scratch _scratch = new();
    DataDirectory _directory = null!;

    protected override ValueTask<IEventStore> Open()
    {
        _directory = DataDirectory.Lock(_scratch.Data);
        return new(SqliteEventStore.Open(_directory));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
        _scratch.Dispose();
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

        await using var again = SqliteEventStore.Open(_directory);
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
        var reached = new List<LogPosition>();
        var proven = await ((SqliteEventStore)Store).Verify(new Reached(reached), default).Within("the end of the verification");
        await writing;
        Assert.True(proven >= new LogPosition(2_000));
        Assert.Equal(proven, reached[^1]);
        Assert.Equal(new LogPosition(2_150), await ((SqliteEventStore)Store).Verify(null, default));
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

    [Fact]
    public async Task A_closed_log_is_one_file_that_only_its_user_can_read()
    {
        await Author("closed-1").Append(10);
        await ((IAsyncDisposable)Store).DisposeAsync();
        Assert.Equal(["events.db", "events.head"], Directory.GetFiles(_scratch.Data, "events.*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_scratch.Data, "events.db")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_scratch.Data));
    }

    sealed class Reached(List<LogPosition> positions) : IProgress<LogPosition>
    {
        public void Report(LogPosition value) => positions.Add(value);
    }
}
