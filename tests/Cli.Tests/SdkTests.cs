using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Ppec.Contracts.Machines;
using Ppec.Sdk;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>The SDK by itself: keys, the three outcomes, paging, waiting, the feed.</summary>
public sealed class SdkTests : IAsyncLifetime
{
    StubServer _server = null!;
    PpecClient _client = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await StubServer.StartAsync();
        _client = new(new PpecClientOptions { Server = _server.Address, Credential = "ppec_x", RetryDelay = TimeSpan.FromMilliseconds(1), AttemptTimeout = TimeSpan.FromSeconds(1) });
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_change_is_sent_again_with_the_same_key_and_body_until_it_is_answered()
    {
        _server.InTurn("POST /api/v1/machines/sn-1/hold", StubServer.LoseAnswer, StubServer.Problem(503, "outcome-unknown"), StubServer.Problem(429, "too-many", headers: ("Retry-After", "0")), StubServer.Json(Canned.Machine(), headers: [("Ppec-Position", "9"), ("ETag", "\"7\"")]));
        var answer = await _client.Machines.HoldAsync("sn-1", new("why"), cancellation: Stop);
        Assert.Equal(("sn-1", "9", 7L), (answer.Value.Id, answer.Position, answer.Version));
        Assert.Equal(4, _server.Requests.Count);
        Assert.Single(_server.Requests.Select(seen => (seen.Headers["Idempotency-Key"], seen.Body)).Distinct());
    }

    [Fact]
    public async Task Two_changes_have_two_keys()
    {
        _server.On("POST /api/v1/machines/sn-1/promote", Canned.Machine());
        await _client.Machines.PromoteAsync("sn-1", cancellation: Stop);
        await _client.Machines.PromoteAsync("sn-1", cancellation: Stop);
        Assert.Equal(2, _server.Requests.Select(seen => seen.Headers["Idempotency-Key"]).Distinct().Count());
    }

    [Fact]
    public async Task No_answer_at_all_is_the_third_outcome_with_the_key_to_repeat_it()
    {
        _server.On("POST /api/v1/machines/sn-1/promote", StubServer.LoseAnswer);
        var unknown = await Assert.ThrowsAsync<OutcomeUnknownException>(() => _client.Machines.PromoteAsync("sn-1", new() { IdempotencyKey = "k" }, Stop));
        Assert.Equal("k", unknown.IdempotencyKey);
        Assert.Equal(5, _server.Requests.Count);
    }

    [Fact]
    public async Task An_answer_that_takes_too_long_is_unknown_too()
    {
        using var client = new PpecClient(new PpecClientOptions { Server = _server.Address, MaxAttempts = 2, RetryDelay = TimeSpan.FromMilliseconds(1), AttemptTimeout = TimeSpan.FromMilliseconds(100) });
        _server.On("POST /api/v1/machines/sn-1/promote", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => client.Machines.PromoteAsync("sn-1", cancellation: Stop));
    }

    [Fact]
    public async Task A_server_that_was_away_all_along_did_nothing()
    {
        await _server.StopAsync();
        await Assert.ThrowsAsync<ServerUnreachableException>(() => _client.Machines.PromoteAsync("sn-1", cancellation: Stop));
        await Assert.ThrowsAsync<ServerUnreachableException>(() => _client.Machines.GetAsync("sn-1", cancellation: Stop));
    }

    [Fact]
    public async Task Lost_once_and_then_away_stays_unknown()
    {
        _server.On("POST /api/v1/machines/sn-1/promote", async context =>
        {
            context.Abort();
            await Task.CompletedTask;
            _ = _server.StopAsync();
        });
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => _client.Machines.PromoteAsync("sn-1", cancellation: Stop));
    }

    [Fact]
    public async Task A_refusal_is_final_and_typed()
    {
        _server.On("POST /api/v1/machines/sn-1/promote", StubServer.Problem(409, "machine-held", "Held.", """[{"field":"f","message":"m"}]"""));
        var refused = await Assert.ThrowsAsync<PpecException>(() => _client.Machines.PromoteAsync("sn-1", cancellation: Stop));
        Assert.Equal((409, "machine-held", "Held.", "f"), (refused.Status, refused.Code, refused.Message, Assert.Single(refused.Fields).Field));
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task A_long_retry_after_is_reported_and_not_slept_through()
    {
        _server.On("GET /api/v1/machines/sn-1", StubServer.Problem(429, "too-many", headers: ("Retry-After", "3600")));
        var refused = await Assert.ThrowsAsync<PpecException>(() => _client.Machines.GetAsync("sn-1", cancellation: Stop));
        Assert.Equal(TimeSpan.FromHours(1), refused.RetryAfter);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Pages_are_one_sequence()
    {
        _server.InTurn("GET /api/v1/machines",
            StubServer.Json($$"""{"items":[{{Canned.Machine("a")}},{{Canned.Machine("b")}}],"nextCursor":"c/1","total":3,"totalIsMore":false}"""),
            StubServer.Json($$"""{"items":[{{Canned.Machine("c")}}],"nextCursor":null,"total":3,"totalIsMore":false}"""));
        List<string> ids = [];
        await foreach (var machine in _client.Machines.ListAsync(new() { Filter = "stage:spare", Limit = 2 }, Stop)) ids.Add(machine.Id);
        Assert.Equal(["a", "b", "c"], ids);
        Assert.Equal("?filter=stage%3Aspare&limit=2&cursor=c%2F1", _server.Requests.Last().Query);
    }

    [Fact]
    public async Task Lists_that_were_left_out_or_null_are_no_trouble()
    {
        _server.On("GET /api/v1/machines/sn-1", """{"id":"sn-1","serial":"s","stage":"racked","holds":null,"held":false,"version":1}""");
        var machine = (await _client.Machines.GetAsync("sn-1", cancellation: Stop)).Value;
        Assert.Equal((true, ImmutableArray<HoldView>.Empty), (machine.Waivers.IsDefaultOrEmpty, machine.Holds));
        _server.On("POST /api/v1/machines/sn-1/provision", Canned.Operation(), 202);
        await _client.Machines.ProvisionAsync("sn-1", new("i", "h", "o"), cancellation: Stop); // Dns and SshKeys never set
        Assert.Equal("""{"image":"i","hostname":"h","owner":"o","dns":[],"sshKeys":[]}""", _server.Requests.Last().Body);
    }

    [Fact]
    public async Task Ids_are_escaped_and_cannot_leave_their_place()
    {
        await Assert.ThrowsAsync<PpecException>(() => _client.Machines.GetAsync("../operations?x", cancellation: Stop));
        Assert.Equal("/api/v1/machines/..%2Foperations%3Fx", _server.Requests.Single().Path);
        await Assert.ThrowsAsync<ArgumentException>(() => _client.Machines.GetAsync("..", cancellation: Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => _client.Machines.PromoteAsync("sn-1", new() { Ticket = "a\r\nX: y" }, Stop));
    }

    [Fact]
    public async Task Waiting_ends_with_the_operation_and_tells_each_log_line_once()
    {
        _server.WithWork("failed");
        List<OperationProgress> looks = [];
        var ended = await _client.Operations.WaitAsync(Canned.Op, looks.Add, new() { ShortestPause = TimeSpan.FromMilliseconds(1) }, Stop);
        Assert.Equal("failed", ended.Value.State);
        Assert.Equal(["running", "running", "failed"], looks.Select(look => look.Operation!.State));
        Assert.Equal([1L], looks.SelectMany(look => look.Lines).Select(line => line.Number));
        Assert.Equal(["?from=0", "?from=1", "?from=1"], _server.Of($"GET /api/v1/operations/{Canned.Op}/log").Select(seen => seen.Query));
    }

    [Fact]
    public async Task Waiting_has_an_end_when_the_server_stays_away()
    {
        await _server.StopAsync();
        List<OperationProgress> looks = [];
        await Assert.ThrowsAsync<ServerUnreachableException>(() =>
            _client.Operations.WaitAsync(Canned.Op, looks.Add, new() { ShortestPause = TimeSpan.FromMilliseconds(1), Patience = TimeSpan.FromMilliseconds(300) }, Stop));
        Assert.All(looks, look => Assert.NotNull(look.Away));
        Assert.NotEmpty(looks);
    }

    [Fact]
    public async Task The_feed_resumes_after_the_last_event_without_gap_or_repeat()
    {
        string[] parts =
        [
            $": hello\n\nid: 5\ndata: {Canned.Event(5)}\n\nid: 6\ndata: {Canned.Event(6)}\n\nid: 7\ndata: {Canned.Event(7)[..20]}", // cut off within an event
            "503",
            $"id: 6\ndata: {Canned.Event(6)}\n\nid: 7\ndata: {Canned.Event(7)}\n\n",
        ];
        var turn = -1;
        var seen = new TaskCompletionSource();
        _server.On("GET /api/v1/events", async context =>
        {
            var part = parts[Math.Min(Interlocked.Increment(ref turn), parts.Length - 1)];
            if (part == "503") { await StubServer.Problem(503, "unavailable")(context); return; }
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync(part, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (turn != 0) return;
            await seen.Task.WaitAsync(context.RequestAborted);
            context.Abort();
        });
        List<string> positions = [];
        await foreach (var item in _client.Events.FollowAsync("4", "machine-", Stop))
        {
            positions.Add(item.Value.Position);
            if (positions.Count == 2) seen.SetResult();
            if (positions.Count == 3) break;
        }
        Assert.Equal(["5", "6", "7"], positions);
        Assert.Equal(["?from=4&stream=machine-", "?from=6&stream=machine-", "?from=6&stream=machine-"], _server.Requests.Select(request => request.Query));
        Assert.All(_server.Requests, request => Assert.Equal("text/event-stream", request.Headers["Accept"]));
    }

    [Fact]
    public async Task A_feed_that_falls_silent_is_resumed()
    {
        using var client = new PpecClient(new PpecClientOptions { Server = _server.Address, RetryDelay = TimeSpan.FromMilliseconds(1), FeedSilence = TimeSpan.FromMilliseconds(200) });
        var turn = 0;
        _server.On("GET /api/v1/events", async context =>
        {
            context.Response.ContentType = "text/event-stream";
            if (Interlocked.Increment(ref turn) == 2) await context.Response.WriteAsync($"id: 5\ndata: {Canned.Event(5)}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await foreach (var item in client.Events.FollowAsync(cancellation: Stop))
        {
            Assert.Equal("5", item.Value.Position);
            break;
        }
        Assert.Equal(2, turn);
    }

    [Fact]
    public async Task A_feed_that_is_refused_says_so()
    {
        _server.On("GET /api/v1/events", StubServer.Problem(403, "forbidden"));
        var refused = await Assert.ThrowsAsync<PpecException>(async () => { await foreach (var _ in _client.Events.FollowAsync(cancellation: Stop)) { } });
        Assert.Equal(403, refused.Status);
    }

    [Fact]
    public async Task All_events_are_read_page_by_page()
    {
        _server.InTurn("GET /api/v1/events",
            StubServer.Json($$"""{"items":[{{Canned.Event(1)}},{{Canned.Event(2)}}],"nextPosition":"2"}"""), StubServer.Json($$"""{"items":[{{Canned.Event(3)}}],"nextPosition":"3"}"""), StubServer.Json("""{"items":[],"nextPosition":"3"}"""));
        List<string> positions = [];
        await foreach (var item in _client.Events.ListAsync(cancellation: Stop)) positions.Add(item.Position);
        Assert.Equal(["1", "2", "3"], positions);
    }

    [Fact]
    public async Task An_upload_is_sent_whole_again_and_the_file_stays_open()
    {
        _server.InTurn("PUT /api/v1/images/content/aa", StubServer.LoseAnswer, StubServer.Json("", 201), StubServer.Json(""));
        using var file = new MemoryStream("0123456789"u8.ToArray()) { Position = 2 };
        Assert.True(await _client.Images.UploadAsync("aa", file, Stop));
        file.Position = 2;
        Assert.False(await _client.Images.UploadAsync("aa", file, Stop));
        Assert.Equal(["23456789", "23456789", "23456789"], _server.Requests.Select(seen => seen.Body));
    }
}
