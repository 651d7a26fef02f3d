using System.Collections.Concurrent;
using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent;
using Xunit;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>What goes wrong between the adapter and a server. After each, every acknowledged append is in the log exactly once, and a subscriber saw no gap and no duplicate.</summary>
public sealed class KurrentFaultTests : IAsyncLifetime
{
    readonly TestCluster _cluster = new();
    TestServer _server = null!;
    KurrentEventStore _store = null!;

    Faults Faults => _cluster.Faults;

    public async ValueTask InitializeAsync()
    {
        _server = await _cluster.Start();
        _store = await KurrentEventStore.Open(KurrentOptions.Parse(_server.Address), default);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        foreach (var node in _cluster.Nodes) await node.DisposeAsync();
    }

    /// <summary>Many write and one follows while <paramref name="faults"/> happen; then all is counted.</summary>
    async Task WriteThrough(Func<Task>? faults = null, int authors = 16, int appends = 12)
    {
        var acknowledged = new ConcurrentBag<(string Stream, long Version, Guid Id)>();
        using var stop = new CancellationTokenSource();
        var end = new TaskCompletionSource<LogPosition>();
        var following = Task.Run(() => Follow(end.Task));
        var writing = Task.WhenAll(Enumerable.Range(0, authors).Select(i => Task.Run(async () =>
        {
            var author = new StreamAuthor(_store, $"fault-{i}");
            for (var n = 0; n < appends; n++)
            {
                var events = author.Next(1 + n % 3);
                var answer = await author.Append(events);
                Assert.True(answer.Appended, $"{author.Stream} at {author.Version}: nobody else writes it");
                for (var e = 0; e < events.Length; e++) acknowledged.Add((author.Stream, answer.Version - events.Length + e, events[e].Id));
            }
        })));
        if (faults is not null) await faults().Within("the faults");
        await writing.Within("the answers to all appends");
        end.SetResult(await _store.End(default));
        await new StreamAuthor(_store, "fault-end").Append(); // wakes a subscriber that already waits at the end
        var seen = (await following.Within("the subscriber's last event")).Where(e => e.Stream != "fault-end").ToList();

        var log = (await _store.ReadAll(LogPosition.Start, default).All()).Where(e => e.Stream != "fault-end").ToList();
        Assert.Equal(0, Faults.Left);
        Chain.Verify(log);
        Assert.Equal(acknowledged.Order(), log.Select(e => (e.Stream, e.Version, e.Id)).Order());
        Assert.Equal(log.Select(e => (e.Position, e.Id)), seen.Select(e => (e.Position, e.Id)));
    }

    async Task<List<RecordedEvent>> Follow(Task<LogPosition> end)
    {
        var seen = new List<RecordedEvent>();
        await foreach (var item in _store.Subscribe(LogPosition.Start, default))
        {
            if (item.Event is { } e) seen.Add(e);
            if (end.IsCompletedSuccessfully && item.Position >= end.Result) break;
        }
        return seen;
    }

    [Fact]
    public async Task Many_appends_share_one_call_and_wait_together()
    {
        Faults.Slow = TimeSpan.FromMilliseconds(5);
        await WriteThrough(authors: 32, appends: 3);
        Assert.Equal(1, Faults.BatchCalls);
        Assert.True(Faults.MostInFlight >= 16, $"at most {Faults.MostInFlight} appends were in flight at once");
    }

    [Fact]
    public async Task A_connection_cut_between_write_and_answer_loses_and_doubles_nothing()
    {
        Faults.DropAfterWrite = 8;
        await WriteThrough();
        Assert.True(Faults.BatchCalls > 1, "the connection was not cut");
    }

    [Fact]
    public async Task An_answer_that_says_time_out_after_the_write_is_found_to_be_written()
    {
        Faults.TimeoutAfterWrite = 20;
        await WriteThrough();
        Assert.Equal(1, Faults.BatchCalls);
    }

    [Fact]
    public async Task A_server_that_is_not_ready_is_asked_again()
    {
        Faults.NotReady = 20;
        await WriteThrough();
    }

    [Fact]
    public async Task Answers_that_come_twice_and_with_ids_in_another_form_are_taken_once()
    {
        Faults.Duplicate = true;
        await WriteThrough();
    }

    [Fact]
    public async Task Answers_in_another_order_reach_their_own_appends()
    {
        Faults.Reverse = true;
        await WriteThrough(authors: 32);
    }

    [Fact]
    public async Task Slow_answers_are_waited_for()
    {
        Faults.Slow = TimeSpan.FromMilliseconds(30);
        await WriteThrough(authors: 8, appends: 4);
        Assert.Equal(1, Faults.BatchCalls);
    }

    [Fact]
    public async Task A_restart_of_the_server_is_survived()
    {
        await WriteThrough(async () =>
        {
            for (var i = 0; i < 3; i++)
            {
                await Progress();
                await _server.Restart();
            }
        }, appends: 60);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_subscriber_that_falls_behind_catches_up_and_is_told_again(bool says)
    {
        Faults.SaysFellBehind = says;
        Faults.LiveBuffer = 0; // whatever arrives while live is too much
        await using var feed = _store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        await Next(feed, live: true);
        var author = new StreamAuthor(_store, "behind-1");
        for (var round = 0; round < 3; round++)
        {
            await author.Append(100);
            for (var i = 0; i < 100; i++) Assert.Equal(round * 100 + i, (await Next(feed, live: false)).Event!.Version);
            Assert.Equal(await _store.End(default), (await Next(feed, live: true)).Position);
        }
        Assert.Equal(says ? 1 : 4, Faults.Subscriptions);
    }

    [Fact]
    public async Task A_subscription_that_is_cut_again_and_again_goes_on_where_it_was()
    {
        await using var feed = _store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        var author = new StreamAuthor(_store, "cut-1");
        for (var round = 0; round < 6; round++)
        {
            await Next(feed, live: true);
            Faults.DropSubscriptions = 1; // as the next event is sent
            await author.Append(3);
            for (var i = 0; i < 3; i++) Assert.Equal(round * 3 + i, (await Next(feed, live: false)).Event!.Version);
        }
        Assert.Equal(7, Faults.Subscriptions);
    }

    [Fact]
    public async Task Reads_that_are_cut_go_on_where_they_were()
    {
        for (var i = 0; i < 3; i++) await new StreamAuthor(_store, $"read-{i}").Append(200);
        Faults.DropReads = 3;
        Assert.Equal(Enumerable.Range(0, 200).Select(v => (long)v), (await _store.ReadStream("read-1", 0, default).All()).Select(e => e.Version));
        Assert.Equal(0, Faults.DropReads);
        Faults.DropReads = 5;
        var all = await _store.ReadAll(LogPosition.Start, default).All();
        Assert.Equal(0, Faults.DropReads);
        Assert.Equal(600, all.Count);
        Chain.Verify(all);
        Faults.DropReads = 1;
        Assert.Equal(new AppendResult(false, 200, default), await _store.Append("read-2", 1, Chain.Events("read-2", 1, all[^200].Hash, [.. Enumerable.Repeat("late", 100)]), default));
    }

    [Fact]
    public async Task Subscriptions_may_be_cut_while_many_write()
    {
        Faults.DropSubscriptions = 6;
        await WriteThrough(appends: 40);
    }

    [Fact]
    public async Task Events_of_others_move_a_live_subscriber_on()
    {
        await new StreamAuthor(_store, "mine-1").Append();
        var last = await _store.End(default);
        await using var feed = _store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        Assert.Equal(last, (await Next(feed, live: true)).Position);
        Faults.LiveBuffer = int.MaxValue;
        _cluster.Log.AppendNoise(10_000);
        var checkpoint = await Next(feed, live: true);
        Assert.True(checkpoint.Position > last);
        Assert.Equal(last, await _store.End(default));

        // Whoever resumes there misses nothing of ours.
        await new StreamAuthor(_store, "mine-2").Append(3);
        await using var resumed = _store.Subscribe(checkpoint.Position, default).GetAsyncEnumerator();
        for (var version = 0; version < 3; version++) Assert.Equal(version, (await Next(resumed, live: false)).Event!.Version);
        Assert.Equal(3, (await _store.ReadAll(checkpoint.Position, default).All()).Count);
    }

    [Fact]
    public async Task Where_others_events_were_passed_while_catching_up_is_where_a_lost_subscription_resumes()
    {
        _cluster.Log.AppendNoise(20_000);
        await using var feed = _store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        Assert.Equal(LogPosition.Start, (await Next(feed, live: true)).Position);
        var next = Next(feed, live: false);
        await _server.Restart();
        await new StreamAuthor(_store, "mine-1").Append();
        Assert.Equal("mine-1", (await next).Event!.Stream);
    }

    [Fact]
    public async Task A_server_that_stays_away_makes_the_outcome_unknown_and_the_same_append_can_be_sent_again()
    {
        await using var impatient = await KurrentEventStore.Open(KurrentOptions.Parse(_server.Address + "&defaultDeadline=400"), default);
        var author = new StreamAuthor(impatient, "away-1");
        await author.Append();
        var events = author.Next(2);
        Faults.LoseAnswer = 1;
        var unknown = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => author.Append(events).Within("the end of the waiting"));
        Assert.Contains($"127.0.0.1:{_server.Port}", unknown.Message, StringComparison.Ordinal);
        await _server.Stop();
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => author.Append(events).Within("the end of the waiting"));
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => impatient.ReadStream("away-1", 0, default).All().Within("the end of the waiting"));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "retries are bounded by the deadline");
        await _server.Start();
        Assert.Equal(3, (await author.Append(events)).Version);
        Assert.Equal(3, (await impatient.ReadStream("away-1", 0, default).All()).Count);
    }

    [Fact]
    public async Task The_same_command_with_another_content_is_not_taken_for_written()
    {
        // Two silos, each sure that it leads the aggregate: both append an event of the same command, hence of the same id, with another time in it.
        await using var other = await KurrentEventStore.Open(KurrentOptions.Parse(_server.Address), default);
        var author = new StreamAuthor(_store, "twice-1");
        await author.Append();
        var mine = author.Next(1)[0];
        var theirs = Chain.Event("twice-1", 1, (await other.ReadStream("twice-1", 0, default).All())[0].Hash, mine.Id, "another time");
        Assert.True((await other.Append("twice-1", 1, [theirs], default)).Appended);
        await Assert.ThrowsAsync<EventIdConflictException>(() => author.Append([mine]));
        Assert.Equal(theirs.Hash.ToArray(), (await _store.ReadStream("twice-1", 1, default).All()).Single().Hash.ToArray());
    }

    [Fact]
    public async Task An_append_larger_than_the_server_takes_is_refused_in_words()
    {
        var author = new StreamAuthor(_store, "large-1");
        Assert.Contains("1048576 bytes", (await Assert.ThrowsAsync<ArgumentException>(() => author.Append(2, 600_000))).Message, StringComparison.Ordinal);
        Faults.MaxAppendSize = 1_000;
        Assert.Contains("1000 bytes", (await Assert.ThrowsAsync<ArgumentException>(() => author.Append(2, 600))).Message, StringComparison.Ordinal);
        Assert.True((await author.Append(2, 100)).Appended);
        Assert.Equal(1, Faults.BatchCalls);
    }

    [Theory]
    [InlineData("{\"actor\":\"anna\",\"reason\":\"disk 7 \\u2013 naïve\"}", "\"meta\":{\"actor\":\"anna\",\"reason\":\"disk 7 \\u2013 naïve\"}}")]
    [InlineData(" [1, 2] ", "\"meta\": [1, 2] }")]
    [InlineData("not json", "\"meta64\":\"bm90IGpzb24=\"}")]
    [InlineData("{\"a\":1}{\"b\":2}", "\"meta64\":\"eyJhIjoxfXsiYiI6Mn0=\"}")]
    [InlineData("", "\"}")]
    public async Task Metadata_stays_readable_in_EventStoreDB_and_comes_back_byte_for_byte(string metadata, string ends)
    {
        var (id, bytes) = (Guid.NewGuid(), System.Text.Encoding.UTF8.GetBytes(metadata));
        await _store.Append("meta-1", 0, [new(id, "t.happened.v1", "{}"u8.ToArray(), bytes, EventChain.Hash(EventChain.Genesis.Span, "meta-1", 0, id, "t.happened.v1", "{}"u8, bytes))], default);
        Assert.Equal(bytes, (await _store.ReadStream("meta-1", 0, default).All()).Single().Metadata.ToArray());
        var stored = _cluster.Log.Stream("ppec.meta-1", 0, 1)!.Value.Events[0];
        Assert.Equal("application/json", stored.ContentType);
        Assert.StartsWith($"{{\"id\":\"{id}\",\"hash\":\"", stored.CustomMetadata.ToStringUtf8(), StringComparison.Ordinal);
        Assert.EndsWith(ends, stored.CustomMetadata.ToStringUtf8(), StringComparison.Ordinal);
        System.Text.Json.JsonDocument.Parse(stored.CustomMetadata.Memory).Dispose();
    }

    [Fact]
    public async Task What_was_altered_in_the_store_is_not_read()
    {
        var author = new StreamAuthor(_store, "altered-1");
        await author.Append(3);
        _cluster.Log.Alter("ppec.altered-1", 1, e => e with { Data = Google.Protobuf.ByteString.CopyFromUtf8("another story") });
        Assert.Contains("version 1 of altered-1", (await Assert.ThrowsAsync<EventLogCorruptException>(() => _store.ReadStream("altered-1", 0, default).All())).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<EventLogCorruptException>(() => _store.ReadStream("altered-1", 1, default).All());
        await Assert.ThrowsAsync<EventLogCorruptException>(() => _store.ReadAll(LogPosition.Start, default).All());
        await Assert.ThrowsAsync<EventLogCorruptException>(() => _store.Subscribe(LogPosition.Start, default).All());

        _cluster.Log.Alter("ppec.altered-1", 0, e => e with { CustomMetadata = Google.Protobuf.ByteString.CopyFromUtf8("{}") });
        Assert.Contains("was not written by PPEC", (await Assert.ThrowsAsync<EventLogCorruptException>(() => _store.ReadStream("altered-1", 0, default).All())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_systems_share_a_server_and_see_their_own()
    {
        await using var other = await KurrentEventStore.Open(KurrentOptions.Parse(_server.Address + "&streamPrefix=test."), default);
        await new StreamAuthor(_store, "same-1").Append(2);
        await new StreamAuthor(other, "same-1").Append(3);
        Assert.Equal(2, (await _store.ReadAll(LogPosition.Start, default).All()).Count);
        Assert.Equal(3, (await other.ReadAll(LogPosition.Start, default).All()).Count);
        Assert.True(await _store.End(default) < await other.End(default));
    }

    [Fact]
    public async Task A_closed_store_ends_its_subscribers_and_answers_clearly()
    {
        var author = new StreamAuthor(_store, "closed-1");
        await author.Append();
        await using var feed = _store.Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        await Next(feed, live: true);
        var waiting = feed.MoveNextAsync().AsTask();
        await _store.DisposeAsync();
        Assert.Contains("closed", (await Assert.ThrowsAsync<EventStoreUnavailableException>(() => waiting.Within("the end of the subscription"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => author.Append());
        await Assert.ThrowsAsync<EventStoreUnavailableException>(() => _store.ReadStream("closed-1", 0, default).All());
    }

    /// <summary>The next event, or with <paramref name="live"/> the next word that the subscriber is live.</summary>
    static async Task<FeedItem> Next(IAsyncEnumerator<FeedItem> feed, bool live)
    {
        do Assert.True(await feed.MoveNextAsync().AsTask().Within(live ? "word of being live" : "an event"));
        while (live != feed.Current.Event is null);
        return feed.Current;
    }

    /// <summary>Until some more events are written.</summary>
    async Task Progress()
    {
        var wanted = _cluster.Log.Count + 50;
        while (_cluster.Log.Count < wanted) await _cluster.Log.Grown(_cluster.Log.Count).Within("more events");
    }
}
