using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Postgres;

/// <summary>Several nodes on one log, each a store with connections of its own: one order for all.</summary>
public sealed class SeveralNodesTests(OneServer one, ITestOutputHelper output) : IAsyncLifetime
{
    const int Nodes = 3;
    readonly List<PostgresEventStore> _nodes = [];
    PostgresServer _server = null!;
    string _database = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await one.Started();
        _database = await _server.Database();
        for (var i = 0; i < Nodes; i++) _nodes.Add(await Another());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
    }

    Task<PostgresEventStore> Another() => PostgresEventStore.Open(_server.Connection(PostgresServer.Application, _database), default);

    /// <summary>Follows from the start until <paramref name="count"/> events were seen. Fails at once on a gap, a duplicate or a step back.</summary>
    static async Task<List<Guid>> Follow(IEventStore node, int count)
    {
        var seen = new List<Guid>();
        await foreach (var item in node.Subscribe(LogPosition.Start, default))
        {
            if (item.Event is not { } e) continue;
            Assert.Equal((ulong)seen.Count + 1, e.Position.Commit);
            seen.Add(e.Id);
            if (seen.Count == count) break;
        }
        return seen;
    }

    [Fact]
    public async Task Subscribers_on_every_node_see_the_one_order_while_all_append()
    {
        const int authors = 12, appends = 40;
        var events = Nodes * authors * Enumerable.Range(0, appends).Sum(n => 1 + n % 3);
        var followers = _nodes.SelectMany(node => new[] { node, node }).Select(node => Task.Run(() => Follow(node, events))).ToArray();
        var observed = Task.Run(() => Observe(events));
        await Task.WhenAll(_nodes.SelectMany((node, n) => Enumerable.Range(0, authors).Select(i => Task.Run(async () =>
        {
            var author = new StreamAuthor(node, $"node{n}-{i}");
            for (var a = 0; a < appends; a++) Assert.True((await author.Append(1 + a % 3)).Appended);
        }))));
        await using var fresh = await Another();
        var all = await fresh.ReadAll(LogPosition.Start, default).All();
        Assert.Equal(Enumerable.Range(1, events).Select(p => (ulong)p), all.Select(e => e.Position.Commit));
        Chain.Verify(all);
        foreach (var follower in followers) Assert.Equal(all.Select(e => e.Id), await follower.Within("a subscriber's last event"));
        output.WriteLine($"{await observed.Within("the observer's last look")} looks at the table while {events} events were written: never a hole");
        var positions = all.Select(e => e.Stream[..5]).ToList();
        Assert.True(Enumerable.Range(1, events - 1).Count(i => positions[i] != positions[i - 1]) > Nodes * 3, "the nodes did not write at once");
    }

    /// <summary>Looks at the table itself, as any reader might: what is visible is always 1…n.</summary>
    async Task<int> Observe(int events)
    {
        for (var looks = 1; ; looks++)
        {
            var seen = (string)(await _server.Ask(PostgresServer.Owner, _database, "SELECT count(*) || ' ' || coalesce(max(position), 0) || ' ' || (SELECT position FROM ppec.head) FROM ppec.events"))!;
            var numbers = seen.Split(' ').Select(int.Parse).ToArray();
            Assert.True(numbers[0] == numbers[1] && numbers[1] == numbers[2], $"count, last position and head: {seen}");
            if (numbers[0] >= events) return looks;
        }
    }

    [Fact]
    public async Task Of_nodes_that_append_at_one_version_exactly_one_wins()
    {
        var last = EventChain.Genesis;
        for (var version = 0; version < 15; version++)
        {
            var attempts = Enumerable.Range(0, Nodes * 8).Select(i => Chain.Events("race-1", version, last, $"attempt {i}")).ToArray();
            var answers = await Task.WhenAll(attempts.Select((events, i) => Task.Run(() => _nodes[i % Nodes].Append("race-1", version, events, default)))).Within("the answers");
            var winner = Assert.Single(Enumerable.Range(0, attempts.Length), i => answers[i].Appended);
            Assert.All(answers, answer => Assert.Equal(version + 1, answer.Version));
            last = attempts[winner][0].Hash;
        }
    }

    [Fact]
    public async Task The_same_append_sent_to_every_node_is_written_once()
    {
        for (var n = 0; n < 20; n++)
        {
            var events = Chain.Events($"same-{n}", 0, EventChain.Genesis, "a", "b");
            var answers = await Task.WhenAll(_nodes.Select(node => Task.Run(() => node.Append($"same-{n}", 0, events, default)))).Within("the answers");
            Assert.True(answers[0].Appended);
            Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        }
        Assert.Equal(new LogPosition(40), await _nodes[1].End(default));
    }

    [Fact]
    public async Task What_one_node_acknowledged_is_read_on_another_and_followed_there()
    {
        await using var feed = _nodes[1].Subscribe(LogPosition.Start, default).GetAsyncEnumerator();
        Assert.True(await feed.MoveNextAsync().AsTask().Within("word of being caught up"));
        var author = new StreamAuthor(_nodes[0], "across-1");
        var waits = new List<double>();
        for (var i = 0; i < 50; i++)
        {
            var answer = await author.Append();
            var since = Stopwatch.GetTimestamp();
            Assert.Equal(i + 1, (await _nodes[2].ReadStream("across-1", 0, default).All()).Count);
            Assert.Equal(answer.Position, await _nodes[2].End(default));
            Assert.Equal(i + 1, (await _nodes[2].ReadAll(LogPosition.Start, default).All()).Count);
            do Assert.True(await feed.MoveNextAsync().AsTask().Within("an event of another node")); while (feed.Current.Event is null);
            waits.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
            Assert.Equal(answer.Position, feed.Current.Position);
        }
        waits.Sort();
        output.WriteLine($"acknowledged on one node → seen by a subscriber on another (and read on a third meanwhile): p50 {waits[25]:F1} ms, max {waits[^1]:F1} ms");
        Assert.True(waits[25] < 500, "notifications do not arrive: only the poll does");

        // a position that this node has not heard of yet is not beyond the end
        var ahead = await author.Append();
        await foreach (var item in _nodes[2].Subscribe(ahead.Position, default))
        {
            Assert.Equal(new FeedItem(null, ahead.Position), item);
            break;
        }
    }

    [Fact]
    public async Task Connections_that_break_at_any_moment_lose_and_repeat_nothing()
    {
        var stop = false;
        var acknowledged = 0;
        var followers = _nodes.ConvertAll(node => Task.Run(() => Follow(node, Nodes * 8 * 30)));
        var writing = Task.WhenAll(_nodes.SelectMany((node, n) => Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var author = new StreamAuthor(node, $"cut{n}-{i}");
            for (var a = 0; a < 30; a++)
            {
                Assert.True((await author.Append()).Appended); // never an error: the writer looks up what became of it
                Interlocked.Increment(ref acknowledged);
            }
        }))));
        var cutting = Task.Run(async () =>
        {
            long cuts = 0;
            while (!Volatile.Read(ref stop))
            {
                cuts += (long)(await _server.Ask(PostgresServer.SuperUser, _database, $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{_database}' AND usename = '{PostgresServer.Application}'"))!;
                await Task.Delay(15);
            }
            return cuts;
        });
        await writing.Within("the last append");
        Volatile.Write(ref stop, true);
        output.WriteLine($"{await cutting} connections cut while {acknowledged} appends were acknowledged");
        await using var fresh = await Another();
        var all = await fresh.ReadAll(LogPosition.Start, default).All();
        Assert.Equal(acknowledged, all.Count);
        Chain.Verify(all);
        foreach (var follower in followers) Assert.Equal(all.Select(e => e.Id), await follower.Within("a subscriber's last event"));
    }
}
