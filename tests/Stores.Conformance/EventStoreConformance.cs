using Ppec.Contracts.Events;
using Xunit;

namespace Ppec.Stores.Conformance;

/// <summary>What the port promises about appending and reading. Every adapter inherits it, the one for tests too; the feed is in <see cref="FeedConformance"/>.</summary>
public abstract class EventStoreConformance : IAsyncLifetime
{
    private protected IEventStore Store { get; private set; } = null!;

    protected abstract ValueTask<IEventStore> Open();

    /// <summary>False for stores that know an id only within its stream (EventStoreDB).</summary>
    protected virtual bool IdsAreUniqueInTheLog => true;

    public async ValueTask InitializeAsync() => Store = await Open();

    public virtual async ValueTask DisposeAsync()
    {
        if (Store is IAsyncDisposable store) await store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected StreamAuthor Author(string stream) => new(Store, stream);
    private protected Task<List<RecordedEvent>> Read(string stream, long from = 0) => Store.ReadStream(stream, from, default).All();
    private protected Task<List<RecordedEvent>> ReadAll(LogPosition after = default) => Store.ReadAll(after, default).All();
    private protected Task<AppendResult> Append(string stream, long version, params NewEvent[] events) => Store.Append(stream, version, events, default).Within("the answer to an append");

    [Fact]
    public async Task What_is_appended_is_read_back_whole()
    {
        var id = Guid.NewGuid();
        byte[] data = [.. "{\"naïve\":\"日本\"}"u8, 0, 255], metadata = [0, 1, 2];
        var sent = new NewEvent(id, "machine.racked.v1", data, metadata, EventChain.Hash(EventChain.Genesis.Span, "machine-é1", 0, id, "machine.racked.v1", data, metadata));
        var empty = Guid.NewGuid();
        var second = new NewEvent(empty, "machine.seen.v1", default, default, EventChain.Hash(sent.Hash.Span, "machine-é1", 1, empty, "machine.seen.v1", default, default));

        var answer = await Append("machine-é1", 0, sent, second);

        var read = await Read("machine-é1");
        Assert.Equal(new AppendResult(true, 2, read[1].Position), answer);
        Assert.Equal(2, read.Count);
        Assert.Equal(("machine-é1", 0L, id, "machine.racked.v1"), (read[0].Stream, read[0].Version, read[0].Id, read[0].Type));
        Assert.Equal(data, read[0].Data.ToArray());
        Assert.Equal(metadata, read[0].Metadata.ToArray());
        Assert.Equal(sent.Hash.ToArray(), read[0].Hash.ToArray());
        Assert.Equal((1L, empty, 0, 0), (read[1].Version, read[1].Id, read[1].Data.Length, read[1].Metadata.Length));
        Assert.True(read[0].Position < read[1].Position && LogPosition.Start < read[0].Position);
        Assert.Equal(read[1].Position, await Store.End(default));
    }

    [Fact]
    public async Task A_log_does_not_change_with_the_callers_buffers()
    {
        byte[] data = [1, 2, 3];
        var id = Guid.NewGuid();
        await Append("buffer-1", 0, new NewEvent(id, "t.happened.v1", data, default, EventChain.Hash(EventChain.Genesis.Span, "buffer-1", 0, id, "t.happened.v1", data, default)));
        data[0] = 99;
        Assert.Equal([1, 2, 3], (await Read("buffer-1"))[0].Data.ToArray());
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(3), InlineData(9)]
    public async Task A_wrong_version_is_refused_with_the_actual_one(long wrong)
    {
        var author = Author("version-1");
        await author.Append(2);
        var end = await Store.End(default);
        var answer = await Append("version-1", wrong, Chain.Events("version-1", wrong, EventChain.Genesis, "late"));
        Assert.Equal((false, 2L), (answer.Appended, answer.Version));
        Assert.Equal(end, await Store.End(default));
        Assert.Equal(2, (await Read("version-1")).Count);
    }

    [Fact]
    public async Task A_stream_that_does_not_exist_has_version_zero()
    {
        var answer = await Append("nobody-1", 1, Chain.Events("nobody-1", 1, EventChain.Genesis, "x"));
        Assert.Equal((false, 0L), (answer.Appended, answer.Version));
        Assert.Empty(await Read("nobody-1"));
    }

    [Fact]
    public async Task A_repeated_append_answers_as_the_first_time_and_writes_nothing()
    {
        var author = Author("repeat-1");
        var first = author.Next(3);
        var answer = await author.Append(first);
        await author.Append(2);
        var end = await Store.End(default);

        Assert.Equal(answer, await Append("repeat-1", 0, first));
        Assert.Equal(answer, await Append("repeat-1", 0, first));
        Assert.Equal(end, await Store.End(default));
        Assert.Equal(5, (await Read("repeat-1")).Count);
    }

    [Fact]
    public async Task The_same_append_sent_many_times_at_once_is_written_once()
    {
        var events = Author("herd-1").Next(2);
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => Append("herd-1", 0, events))));
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.True(answers[0].Appended);
        Assert.Equal(2, (await Read("herd-1")).Count);
    }

    [Fact]
    public async Task Part_of_an_earlier_append_with_other_events_is_an_error()
    {
        var author = Author("part-1");
        var first = author.Next(2);
        await author.Append(first);
        NewEvent[] mixed = [first[0], .. Chain.Events("part-1", 1, first[0].Hash, "another")];
        await Assert.ThrowsAsync<EventIdConflictException>(() => Append("part-1", 0, mixed));
        Assert.Equal(2, (await Read("part-1")).Count);
    }

    [Fact]
    public async Task An_id_with_other_content_is_an_error()
    {
        var author = Author("content-1");
        var first = author.Next(1);
        await author.Append(first);
        var altered = Chain.Event("content-1", 0, EventChain.Genesis, first[0].Id, "something else");
        var error = await Assert.ThrowsAsync<EventIdConflictException>(() => Append("content-1", 0, altered));
        Assert.Contains(first[0].Id.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_at_another_place_is_an_error_and_nothing_of_the_append_is_written()
    {
        if (!IdsAreUniqueInTheLog) Assert.Skip("This store knows an id only within its stream.");
        var author = Author("place-1");
        var first = author.Next(1);
        await author.Append(first);

        var fresh = Chain.Events("place-2", 0, EventChain.Genesis, "fresh");
        NewEvent[] append = [fresh[0], Chain.Event("place-2", 1, fresh[0].Hash, first[0].Id, "used elsewhere"), .. Chain.Events("place-2", 2, fresh[0].Hash, "x")];
        append[2] = Chain.Event("place-2", 2, append[1].Hash, Guid.NewGuid(), "after");
        var error = await Assert.ThrowsAsync<EventIdConflictException>(() => Append("place-2", 0, append));
        Assert.Contains("place-1", error.Message, StringComparison.Ordinal);
        Assert.Empty(await Read("place-2"));
        await Assert.ThrowsAsync<EventIdConflictException>(() => Append("place-1", 1, Chain.Event("place-1", 1, first[0].Hash, first[0].Id, "again")));

        // and both streams go on
        Assert.True((await Author("place-2").Append(2)).Appended);
        Assert.True((await author.Append()).Appended);
        Assert.Equal(4, (await ReadAll()).Count);
        Chain.Verify(await ReadAll());
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2)]
    public async Task A_chain_that_does_not_continue_is_refused_whole(int broken)
    {
        var author = Author("chain-1");
        await author.Append(2);
        var events = author.Next(3);
        var hash = events[broken].Hash.ToArray();
        hash[7] ^= 1;
        events[broken] = events[broken] with { Hash = hash };
        await Assert.ThrowsAsync<ArgumentException>(() => Append("chain-1", 2, events));
        Assert.Equal(2, (await Read("chain-1")).Count);
        Assert.True((await author.Append(3)).Appended);
    }

    [Fact]
    public async Task An_append_that_cannot_be_meant_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Append("empty-1", 0));
        var events = Author("empty-1").Next(1);
        await Assert.ThrowsAsync<ArgumentException>(() => Append("", 0, events));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Append("empty-1", -1, events));
        await Assert.ThrowsAsync<ArgumentException>(() => Append("empty-1", 0, events[0] with { Hash = new byte[31] }));
        await Assert.ThrowsAsync<ArgumentException>(() => Append("empty-1", 0, events[0], events[0]));
        Assert.Equal(LogPosition.Start, await Store.End(default));
    }

    [Fact]
    public async Task A_stream_is_read_from_any_version()
    {
        await Author("other-1").Append(3);
        await Author("middle-1").Append(1_200, 16); // more than a page of any adapter
        var all = await Read("middle-1");
        Assert.Equal(Enumerable.Range(0, 1_200).Select(v => (long)v), all.Select(e => e.Version));
        foreach (var from in new[] { 1, 2, 511, 512, 513, 1_199 })
            Assert.Equal(all.Skip(from).Select(e => e.Id), (await Read("middle-1", from)).Select(e => e.Id));
        Assert.Empty(await Read("middle-1", 1_200));
        Assert.Empty(await Read("middle-1", 5_000));
    }

    [Fact]
    public async Task The_log_is_read_from_any_position_up_to_its_end_at_the_call()
    {
        for (var i = 0; i < 8; i++) await Author($"all-{i}").Append(2);
        var all = await ReadAll();
        Assert.Equal(16, all.Count);
        Assert.Equal(all.Select(e => e.Position), all.Select(e => e.Position).Order());
        for (var i = 0; i < all.Count; i++) Assert.Equal(all.Skip(i + 1).Select(e => e.Id), (await ReadAll(all[i].Position)).Select(e => e.Id));

        var reading = Store.ReadAll(LogPosition.Start, default);
        await Author("later-1").Append();
        Assert.Equal(16, (await reading.All()).Count);
    }

    [Fact]
    public async Task Of_sixty_four_that_append_at_one_version_exactly_one_wins()
    {
        var last = EventChain.Genesis;
        for (var version = 0; version < 10; version++)
        {
            var attempts = Enumerable.Range(0, 64).Select(i => Chain.Events("race-1", version, last, $"attempt {i}")).ToArray();
            var answers = await Task.WhenAll(attempts.Select(events => Task.Run(() => Append("race-1", version, events))));
            var winner = Assert.Single(Enumerable.Range(0, 64), i => answers[i].Appended);
            Assert.All(answers, answer => Assert.Equal(version + 1, answer.Version));
            last = attempts[winner][0].Hash;
            Assert.Equal(attempts[winner][0].Id, (await Read("race-1", version))[0].Id);
        }
    }

    [Fact]
    public async Task Many_streams_are_written_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(async () =>
        {
            var author = Author($"many-{i}");
            for (var n = 1; n <= 4; n++) Assert.True((await author.Append(n)).Appended);
        })));
        var all = await ReadAll();
        Assert.Equal(3_000, all.Count);
        Chain.Verify(all);
        Assert.All(all.GroupBy(e => e.Stream), stream => Assert.Equal(10, stream.Count()));
    }

    [Fact]
    public async Task A_large_append_is_one_append()
    {
        var author = Author("large-1");
        Assert.Equal(2_000, (await author.Append(2_000, 128)).Version);
        Assert.Equal(2_001, (await author.Append(1, 900_000)).Version);
        var all = await Read("large-1");
        Assert.Equal(2_001, all.Count);
        Assert.Equal(900_000, all[^1].Data.Length);
        Chain.Verify(all);
    }

    [Fact]
    public async Task Cancelled_calls_end()
    {
        using var cancelled = new CancellationTokenSource();
        var author = Author("cancel-1");
        await author.Append(3);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.Append("cancel-1", 3, author.Next(1), cancelled.Token).Within("the end of a cancelled append"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.ReadStream("cancel-1", 0, cancelled.Token).All().Within("the end of a cancelled read"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.ReadAll(LogPosition.Start, cancelled.Token).All().Within("the end of a cancelled read"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.Subscribe(LogPosition.Start, cancelled.Token).All().Within("the end of a cancelled subscription"));
    }
}
