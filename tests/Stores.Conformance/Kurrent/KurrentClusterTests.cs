using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent;
using Xunit;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>Finding the leader and following it; TLS and credentials.</summary>
public sealed class KurrentClusterTests : IAsyncLifetime
{
    const string User = "ops:s3cr%40t"; // s3cr@t
    readonly TestCluster _cluster = new();
    readonly Certificates _certificates = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _cluster.Nodes) await node.DisposeAsync();
        _certificates.Dispose();
    }

    static Task<KurrentEventStore> Open(string connectionString) => KurrentEventStore.Open(KurrentOptions.Parse(connectionString), default).Within("the store being open");

    [Fact]
    public async Task A_node_that_does_not_lead_points_to_the_one_that_does()
    {
        await _cluster.Start();
        var follower = await _cluster.Start();
        await using var store = await Open(follower.Address);
        var author = new StreamAuthor(store, "redirect-1");
        await author.Append(2);
        Assert.Equal(2, (await store.ReadStream("redirect-1", 0, default).All()).Count);
    }

    [Fact]
    public async Task A_node_that_leads_no_longer_and_does_not_know_who_does_is_left()
    {
        TestServer first = await _cluster.Start(), second = await _cluster.Start();
        await using var store = await Open($"esdb://127.0.0.1:{first.Port},127.0.0.1:{second.Port}?tls=false");
        var author = new StreamAuthor(store, "hidden-1");
        await author.Append();
        _cluster.Faults.HidesLeader = true;
        _cluster.Leader = second;
        Assert.Equal(3, (await author.Append(2)).Version);
        Assert.Equal(2, _cluster.Faults.BatchCalls);
        _cluster.Leader = first;
        Assert.Equal(3, (await store.ReadStream("hidden-1", 0, default).All()).Count);
    }

    [Theory]
    [InlineData("esdb://"), InlineData("kurrentdb+discover://"), InlineData("esdb+discover://")]
    public async Task The_leader_may_change_while_many_write_and_one_follows(string scheme)
    {
        TestServer first = await _cluster.Start(), second = await _cluster.Start(), third = await _cluster.Start();
        var hosts = scheme == "esdb://" ? $"127.0.0.1:{first.Port},127.0.0.1:{second.Port},127.0.0.1:{third.Port}" : $"localhost:{first.Port},localhost:{second.Port},localhost:{third.Port}";
        await using var store = await Open($"{scheme}{hosts}?tls=false&nodePreference=leader");
        var end = LogPosition.Start;
        var following = Task.Run(async () =>
        {
            var seen = new List<RecordedEvent>();
            await foreach (var item in store.Subscribe(LogPosition.Start, default))
            {
                if (item.Event is { } e) seen.Add(e);
                if (end != LogPosition.Start && item.Position >= end) break;
            }
            return seen;
        });
        var authors = Enumerable.Range(0, 8).Select(i => new StreamAuthor(store, $"moved-{i}")).ToArray();
        async Task Write() => await Task.WhenAll(authors.Select(async a => Assert.True((await a.Append(2)).Appended)));

        await Write();
        _cluster.Leader = second; // and the first says so
        await Task.WhenAll(Write(), first.Restart());
        await Write();
        _cluster.Leader = third;
        await second.Stop(); // and cannot say so
        await Write();
        end = await store.End(default);
        await authors[0].Append();

        var all = (await store.ReadAll(LogPosition.Start, default).All()).Where(e => e.Position <= end).ToList();
        Assert.Equal(8 * 8, all.Count);
        Chain.Verify(all);
        Assert.Equal(all.Select(e => e.Id), (await following.Within("the subscriber's last event")).Where(e => e.Position <= end).Select(e => e.Id));
    }

    [Fact]
    public async Task Without_a_leader_it_says_what_each_node_answered()
    {
        TestServer first = await _cluster.Start(), second = await _cluster.Start();
        await first.Stop();
        var error = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => Open($"esdb://127.0.0.1:{first.Port},127.0.0.1:{second.Port}?tls=false&maxDiscoverAttempts=2&discoveryInterval=5&defaultDeadline=300"));
        Assert.Contains($"127.0.0.1:{first.Port} did not answer", error.Message, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{second.Port} names a leader that is not alive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_DNS_does_not_know_is_said()
    {
        var error = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => Open("esdb+discover://cluster.invalid:2113?maxDiscoverAttempts=1&defaultDeadline=300"));
        Assert.Contains("cluster.invalid is not known to DNS", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("esdb"), InlineData("esdb+discover")]
    public async Task With_TLS_the_authority_given_is_trusted_and_the_password_is_sent(string scheme)
    {
        var server = await _cluster.Start(_certificates.Server, "ops:s3cr@t");
        await using var store = await Open($"{scheme}://{User}@localhost:{server.Port}?tlsCaFile={Uri.EscapeDataString(_certificates.AuthorityFile)}");
        Assert.Equal(2, (await new StreamAuthor(store, "secure-1").Append(2)).Version);
        Assert.Equal(2, (await store.ReadAll(LogPosition.Start, default).All()).Count);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_not_trusted_unless_told_to()
    {
        var server = await _cluster.Start(_certificates.Server);
        var error = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => Open($"esdb://localhost:{server.Port}"));
        Assert.Contains("was not trusted", error.Message, StringComparison.Ordinal);
        Assert.Contains("tlsCaFile", error.Message, StringComparison.Ordinal);
        await using var store = await Open($"esdb://localhost:{server.Port}?tlsVerifyCert=false");
        Assert.Equal(LogPosition.Start, await store.End(default));
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_not_trusted()
    {
        var server = await _cluster.Start(_certificates.Elsewhere);
        var error = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => Open($"esdb://localhost:{server.Port}?tlsCaFile={Uri.EscapeDataString(_certificates.AuthorityFile)}"));
        Assert.Contains("was not trusted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_said_at_once_and_not_repeated_in_the_error()
    {
        var server = await _cluster.Start(_certificates.Server, "ops:another");
        var options = KurrentOptions.Parse($"esdb://{User}@localhost:{server.Port}?tlsVerifyCert=false");
        var error = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => KurrentEventStore.Open(options, default).Within("the refusal"));
        Assert.Contains("does not know this user and password", error.Message, StringComparison.Ordinal);
        foreach (var text in new[] { error.ToString(), options.ToString()! })
            foreach (var secret in new[] { "s3cr", Convert.ToBase64String("ops:s3cr@t"u8) }) Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_TLS_the_password_stays_here()
    {
        var server = await _cluster.Start(credentials: "ops:s3cr@t");
        var error = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => Open($"esdb://{User}@127.0.0.1:{server.Port}?tls=false"));
        Assert.Contains("over TLS only", error.Message, StringComparison.Ordinal);
    }
}
