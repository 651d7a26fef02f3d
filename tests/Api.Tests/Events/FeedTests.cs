using System.Net.ServerSentEvents;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Events;

namespace Ppec.Api.Tests.Events;

/// <summary>The feed misses nothing and says nothing twice, as pages and live.</summary>
public sealed class FeedTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    async Task<string> End()
    {
        var last = "0";
        while (true)
        {
            var page = (await Api.Get($"/api/v1/events?from={last}&limit=1000")).Is(200);
            if (page.Items.Count == 0) return last;
            last = (string)page.Json["nextPosition"]!;
        }
    }

    [Fact]
    public async Task Pages_walk_the_whole_log_in_order()
    {
        await Api.Machine(await Api.Rack(), 1);
        async Task<List<string>> Walk(int limit, string until)
        {
            var (seen, from) = (new List<string>(), "0");
            while (true)
            {
                var page = (await Api.Get($"/api/v1/events?from={from}&limit={limit}")).Is(200);
                seen.AddRange(page.Items.Select(e => (string)e!["position"]!).Where(p => ulong.Parse(p) <= ulong.Parse(until)));
                if (page.Items.Count == 0 || ulong.Parse((string)page.Json["nextPosition"]!) >= ulong.Parse(until)) return seen;
                from = (string)page.Json["nextPosition"]!;
            }
        }
        var end = await End();
        var large = await Walk(1000, end);
        Assert.Equal(large, await Walk(37, end));
        Assert.Equal(large.Select(ulong.Parse).Order().Distinct(), large.Select(ulong.Parse));
        Assert.Equal(ulong.Parse(end), (ulong)large.Count); // the embedded log counts by ones: no gap
    }

    [Fact]
    public async Task Only_the_streams_that_were_asked_for()
    {
        var id = await Api.Machine(await Api.Rack(), 1);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" })).Is(200);
        var page = (await Api.Get($"/api/v1/events?stream=machine-{id}&limit=1000")).Is(200);
        Assert.Equal([0L, 1L], page.Items.Select(e => (long)e!["version"]!));
        Assert.All(page.Items, e => Assert.Equal(64, ((string)e!["hash"]!).Length));
    }

    [Fact]
    public async Task Live_with_many_writers_nothing_is_missing_or_twice_also_after_a_break()
    {
        var (rack, start) = (await Api.Rack(1 + 41), await End());
        var seen = new List<ulong>();
        var writers = Task.WhenAll(Enumerable.Range(0, 4).Select(async w =>
        {
            for (var n = 0; n < 10; n++)
            {
                var id = await Api.Machine(rack, (w * 10) + n + 1);
                (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" })).Is(200);
            }
        }));
        // A client that loses its connection after every seven events.
        var last = start;
        while (!writers.IsCompleted || ulong.Parse(last) < ulong.Parse(await End()))
        {
            using var response = await Api.Open($"/api/v1/events?from={start}", Cancelled, "Accept", "text/event-stream", "Last-Event-ID", last);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            await using var stream = await response.Content.ReadAsStreamAsync(Cancelled);
            var taken = 0;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
            patience.CancelAfter(TimeSpan.FromSeconds(2));
            try
            {
                await foreach (var e in SseParser.Create(stream).EnumerateAsync(patience.Token))
                {
                    if (e.EventId is null or "") continue;
                    Assert.Equal(e.EventId, (string?)JsonNode.Parse(e.Data)!["position"]);
                    seen.Add(ulong.Parse(last = e.EventId));
                    if (++taken == 7) break;
                }
            }
            catch (OperationCanceledException) when (!Cancelled.IsCancellationRequested) { /* nothing more for now */ }
        }
        await writers;
        var first = ulong.Parse(start) + 1;
        Assert.Equal(Enumerable.Range(0, seen.Count).Select(n => first + (ulong)n), seen);
        Assert.True(seen.Count >= 80, $"Only {seen.Count} events of at least 120 came.");
    }

    [Fact]
    public async Task A_feed_with_nothing_new_is_open_at_once()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        using var response = await Api.Open($"/api/v1/events?from={await End()}&stream=nothing-", patience.Token, "Accept", "text/event-stream");
        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_quiet_feed_says_that_it_is_alive()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        using var response = await Api.Open($"/api/v1/events?from={await End()}&stream=nothing-", patience.Token, "Accept", "text/event-stream");
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(patience.Token));
        for (var beats = 0; beats < 2; beats++)
        {
            Assert.Equal(":", await lines.ReadLineAsync(patience.Token)); // a comment: no reader of events hears of it
            Assert.Equal("", await lines.ReadLineAsync(patience.Token));
        }
    }

    [Fact]
    public async Task Who_leaves_is_forgotten()
    {
        await using var node = new TestNode();
        await node.Up();
        await Contract.Load(node.Url);
        const int Own = 4;
        // The node's own, each in its own time: the read model, the tree, the list of commands, the alerts and the webhooks.
        await Things.Eventually("the node's own follow", () => Task.FromResult(Subscribers(node) == Own));
        var feeds = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => node.Api.Open("/api/v1/events?from=0", Cancelled, "Accept", "text/event-stream")));
        await Things.Eventually("all are served", () => Task.FromResult(Subscribers(node) == Own + 20));
        foreach (var feed in feeds) feed.Dispose();
        await Things.Eventually("all are gone, though nothing was written", () => Task.FromResult(Subscribers(node) == Own), seconds: 10);
    }

    /// <summary>The store counts them to know whether anybody follows; nothing outside needs that number but this test.</summary>
    static int Subscribers(TestNode node)
    {
        object At(object of, string type) => of.GetType().GetFields(BindingFlags.NonPublic | BindingFlags.Instance).Single(f => f.FieldType.Name == type).GetValue(of)!;
        var tail = At(node.Node.Services.GetRequiredService<IEventStore>(), "LiveTail");
        return (int)tail.GetType().GetField("_subscribers", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(tail)!;
    }

    [Fact]
    public async Task A_position_beyond_the_end_is_refused_and_not_waited_for()
    {
        (await Api.Get("/api/v1/events?from=999999999999")).Is(400, "invalid");
        using var response = await Api.Open("/api/v1/events?from=999999999999", Cancelled, "Accept", "text/event-stream");
        Assert.Equal(400, (int)response.StatusCode);
    }
}
