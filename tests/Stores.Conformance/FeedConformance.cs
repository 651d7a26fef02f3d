using Ppec.Contracts.Events;
using Xunit;

namespace Ppec.Stores.Conformance;

/// <summary>What the port promises about subscriptions: catch up, say so, then live, with no gap and no duplicate.</summary>
public abstract class FeedConformance : EventStoreConformance
{
    /// <summary>A position that no log of this store reaches in a test. Where positions count bytes of a log that others fill too, that is far away.</summary>
    protected virtual LogPosition BeyondTheEnd => new(1_000_000);

    /// <summary>The events of a subscription up to <paramref name="end"/>.</summary>
    async Task<List<RecordedEvent>> Follow(LogPosition after, Func<LogPosition> end)
    {
        using var stop = new CancellationTokenSource();
        var seen = new List<RecordedEvent>();
        await foreach (var item in Store.Subscribe(after, stop.Token))
        {
            if (item.Event is { } e)
            {
                Assert.Equal(e.Position, item.Position);
                seen.Add(e);
            }
            if (item.Position >= end()) break;
        }
        return seen;
    }

    [Fact]
    public async Task A_subscriber_catches_up_is_told_so_and_then_follows()
    {
        var author = Author("feed-1");
        await author.Append(5);
        await using var feed = Store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        async Task<FeedItem> Next(string phase)
        {
            Assert.True(await feed.MoveNextAsync().AsTask().Within(phase));
            return feed.Current;
        }
        for (var version = 0; version < 5; version++) Assert.Equal(version, (await Next("what was there before")).Event?.Version);
        var caughtUp = await Next("word of being caught up");
        Assert.Null(caughtUp.Event);
        Assert.Equal(await Store.End(default), caughtUp.Position);

        for (var version = 5; version < 10; version++)
        {
            await author.Append();
            FeedItem live;
            do live = await Next("an event appended while subscribed"); while (live.Event is null); // the word may be repeated
            Assert.Equal(version, live.Event.Version);
        }
    }

    /// <summary>Who gathers events before it writes them would otherwise keep the last ones to itself until more come.</summary>
    [Fact]
    public async Task Being_caught_up_is_said_again_after_live_events()
    {
        var author = Author("feed-word");
        await author.Append();
        await using var feed = Store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        for (var turn = 0; turn < 4; turn++)
        {
            var end = await Store.End(default);
            do Assert.True(await feed.MoveNextAsync().AsTask().Within($"word of being caught up, turn {turn}")); while (feed.Current is not { Event: null } word || word.Position < end);
            await author.Append(1 + turn);
        }
    }

    [Fact]
    public async Task A_subscriber_of_an_empty_log_waits()
    {
        await using var feed = Store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        Assert.True(await feed.MoveNextAsync().AsTask().Within("word of being caught up with nothing"));
        Assert.Equal(new FeedItem(null, LogPosition.Start), feed.Current);
        var next = feed.MoveNextAsync().AsTask();
        await Author("first-1").Append();
        Assert.True(await next.Within("the first event ever"));
        Assert.Equal("first-1", feed.Current.Event?.Stream);
    }

    [Fact]
    public async Task Subscribers_see_every_event_once_and_in_order_while_many_append()
    {
        var end = new LogPosition(ulong.MaxValue);
        var written = new TaskCompletionSource();
        var followers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => Follow(LogPosition.Start, () => end))).ToArray();
        var late = Task.Run(async () =>
        {
            while ((await Store.End(default)).Commit < 500) await Task.Yield(); // joins in the middle of the writing
            return await Follow(LogPosition.Start, () => end);
        });
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var author = Author($"busy-{i}");
            for (var n = 0; n < 60; n++) await author.Append(1 + n % 3);
        })));
        end = await Store.End(default);
        await Author("last-1").Append(); // wakes those who were already waiting at the end
        var all = (await ReadAll()).Where(e => e.Position <= end).Select(e => (e.Position, e.Id)).ToList();
        Assert.Equal(16 * 120, all.Count);
        foreach (var follower in followers.Append(late))
        {
            var seen = await follower.Within("a subscriber's last event");
            Assert.Equal(all, seen.Where(e => e.Position <= end).Select(e => (e.Position, e.Id)));
            Chain.Verify(seen);
        }
    }

    [Fact]
    public async Task A_subscriber_resumes_at_every_position()
    {
        for (var i = 0; i < 10; i++) await Author($"resume-{i}").Append(2);
        var all = await ReadAll();
        for (var i = 0; i < all.Count; i++)
        {
            var seen = await Follow(all[i].Position, () => all[^1].Position).Within($"the end, from position {all[i].Position}");
            Assert.Equal(all.Skip(i + 1).Select(e => e.Id), seen.Select(e => e.Id));
        }
    }

    [Fact]
    public async Task A_slow_subscriber_misses_nothing()
    {
        var author = Author("slow-1");
        await author.Append();
        await using var feed = Store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        Assert.True(await feed.MoveNextAsync().AsTask().Within("the first event"));
        for (var i = 0; i < 10; i++) await author.Append(1_000, 16); // more than any adapter keeps for it
        long expected = 1;
        while (expected <= 10_000)
        {
            Assert.True(await feed.MoveNextAsync().AsTask().Within($"version {expected}"));
            if (feed.Current.Event is { } e) Assert.Equal(expected++, e.Version);
        }
    }

    [Fact]
    public async Task What_was_appended_while_nobody_subscribed_is_not_missed()
    {
        var author = Author("away-1");
        await using (var feed = Store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator())
        {
            await feed.MoveNextAsync().AsTask().Within("word of being caught up");
            await author.Append(5);
            while (feed.Current.Event is not { Version: 4 }) await feed.MoveNextAsync().AsTask().Within("the events appended while subscribed");
        }
        await author.Append(3);
        var all = await ReadAll();
        foreach (var after in all.Select(e => e.Position).Prepend(LogPosition.Start).SkipLast(1))
        {
            var seen = await Follow(after, () => all[^1].Position).Within($"the end, from position {after}");
            Assert.Equal(all.Where(e => e.Position > after).Select(e => e.Id), seen.Select(e => e.Id));
        }
    }

    [Fact]
    public async Task A_waiting_subscriber_is_cancelled()
    {
        using var stop = new CancellationTokenSource();
        await using var feed = Store.Subscribe(LogPosition.Start, stop.Token).GetAsyncEnumerator();
        await feed.MoveNextAsync().AsTask().Within("word of being caught up");
        var waiting = feed.MoveNextAsync().AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Within("the end of a cancelled subscription"));
    }

    [Fact]
    public async Task A_position_beyond_the_end_is_refused()
    {
        await Author("beyond-1").Append();
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.Subscribe(BeyondTheEnd, default).All().Within("the refusal"));
        Assert.Contains("beyond the end", error.Message, StringComparison.Ordinal);
    }
}
