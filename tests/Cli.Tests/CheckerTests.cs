using Ppec.Sdk;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>A command that a second person must agree to: what its maker sees, and what the checker.</summary>
public sealed class CheckerTests : AgainstStub
{
    static string Change(string state = "waiting") => $$"""
        {"id":"ch-1","state":"{{state}}","permission":"machine.release","target":"machine:sn-1","maker":"ada","reason":"service moved","ticket":"OPS-1","command":"release","body":{"machine":"sn-1"},"plan":{{Canned.Plan}},
         "stages":[{"policy":"prod","turn":1,"quorum":2,"approvers":["role:approver"],"severe":false,"approvedBy":["bob"]}],"approvals":[{"by":"bob","at":"2026-01-05T09:00:00Z","hash":"abc123","comment":"seen"}],
         "openedAt":"2026-01-05T08:00:00Z","approveUntil":"2026-01-06T08:00:00Z","moved":[],"breakGlass":false,"risks":["wipes 1 disk"],"version":2}
        """;

    [Fact]
    public async Task What_waits_for_a_second_person_is_exit_6_and_says_which_change()
    {
        _server.On("POST /api/v1/machines/sn-1/release", Change(), 202, ("Location", "/api/v1/changes/ch-1"));
        var ran = await _terminal.RunAsync("machine", "release", "sn-1", "--yes", "--reason", "service moved");
        Assert.Equal(6, ran.Exit);
        Assert.Contains("next: ppec change show ch-1", ran.Error, StringComparison.Ordinal);
        Assert.Contains("\"approvedBy\"", (await _terminal.RunAsync("machine", "release", "sn-1", "--yes", "-o", "json")).Out, StringComparison.Ordinal);
        Assert.Equal("ch-1\n", (await _terminal.RunAsync("machine", "release", "sn-1", "--yes", "-o", "name")).Out);

        using var client = new PpecClient(_server.Address, "ppec_x");
        var waiting = await Assert.ThrowsAsync<AwaitingApprovalException>(() => client.Machines.ReleaseAsync("sn-1", null, TestContext.Current.CancellationToken));
        Assert.Equal(("ch-1", "abc123"), (waiting.Change.Value.Id, waiting.Change.Value.Plan.Hash));
    }

    [Fact]
    public async Task The_glass_is_broken_by_saying_so()
    {
        _server.WithWork(verb: "release");
        await _terminal.RunAsync("machine", "release", "sn-1", "--yes", "--no-wait", "--break-glass", "--reason", "the hall is on fire");
        Assert.Equal("true", _server.Of("POST /api/v1/machines/sn-1/release").Single().Headers["Ppec-Break-Glass"]);
    }

    [Fact]
    public async Task Every_change_can_be_planned_by_the_same_words_and_by_the_same_call()
    {
        _server.On("POST /api/v1/machines/sn-1/hold", Canned.Plan).On("POST /api/v1/machines/sn-1/tag", Canned.Plan).On("POST /api/v1/grants/g-1/revoke", Canned.Plan).On("POST /api/v1/machines/sn-1/inspect", Canned.Plan);
        foreach (string[] words in (string[][])[["machine", "hold", "sn-1", "--reason", "r", "--lift-permission", "machine.retire"], ["machine", "tag", "sn-1", "a=b"], ["grant", "revoke", "g-1"], ["machine", "inspect", "sn-1"]])
        {
            var ran = await _terminal.RunAsync([.. words, "--plan"]);
            Assert.Equal(0, ran.Exit);
            Assert.Contains("abc123", ran.Out, StringComparison.Ordinal);
        }
        Assert.All(_server.Requests, request => Assert.Equal("?plan=true", request.Query));
        Assert.Contains("\"liftPermission\":\"machine.retire\"", _server.Of("POST /api/v1/machines/sn-1/hold").Single().Body, StringComparison.Ordinal);

        using var client = new PpecClient(_server.Address, "ppec_x");
        Assert.Equal("abc123", (await PpecClient.PlanAsync(options => client.Grants.RevokeAsync("g-1", options, TestContext.Current.CancellationToken))).Value.Hash);
        await Assert.ThrowsAsync<InvalidOperationException>(() => PpecClient.PlanAsync(_ => Task.CompletedTask));
    }

    [Fact]
    public async Task One_change_is_taken_back_by_its_version()
    {
        _server.On("POST /api/v1/undo", "", 204);
        var ran = await _terminal.RunAsync("undo", "machine:sn-1", "--change", "12", "--reason", "a slip");
        Assert.Equal((0, "Undone: change 12 of machine:sn-1.\n"), (ran.Exit, ran.Error));
        Assert.Equal("""{"of":"machine:sn-1","version":12}""", _server.Of("POST /api/v1/undo").Single().Body);
        _server.On("POST /api/v1/undo", Canned.Plan);
        Assert.Contains("abc123", (await _terminal.RunAsync("undo", "machine:sn-1", "--change", "12", "--plan")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checker_sees_the_plan_and_agrees_to_its_hash()
    {
        _server.On("GET /api/v1/changes", Canned.Page(Change())).On("GET /api/v1/changes/ch-1", Change()).On("POST /api/v1/changes/ch-1/approve", Change("executed"))
            .On("GET /api/v1/changes/ch-1/now", $$"""{"stands":false,"plan":{{Canned.Plan}},"moved":["disk D1 became D2"],"at":"2026-01-05T09:00:00Z"}""");
        var list = (await _terminal.RunAsync("change", "list", "-o", "wide")).Out;
        foreach (var word in (string[])["ch-1", "waiting", "machine.release", "1/2", "wipes 1 disk", "service moved"]) Assert.Contains(word, list, StringComparison.Ordinal);
        Assert.Contains("machine.release", (await _terminal.RunAsync("change", "list")).Out, StringComparison.Ordinal);
        var shown = (await _terminal.RunAsync("change", "show", "ch-1")).Out;
        foreach (var word in (string[])["ada", "service moved", "OPS-1", "disk-wipe", "abc123", "role:approver", "seen"]) Assert.Contains(word, shown, StringComparison.Ordinal);
        Assert.Contains("disk D1 became D2", (await _terminal.RunAsync("change", "now", "ch-1")).Out, StringComparison.Ordinal);

        Assert.Equal(2, (await _terminal.RunAsync("change", "approve", "ch-1")).Exit); // which plan?
        Assert.Equal(0, (await _terminal.RunAsync("change", "approve", "ch-1", "--hash", "abc123", "--comment", "seen")).Exit);
        Assert.Equal("""{"hash":"abc123","comment":"seen"}""", _server.Of("POST /api/v1/changes/ch-1/approve").Last().Body);
        (_terminal.IsTerminal, _terminal.In) = (true, "no\n");
        Assert.Equal(1, (await _terminal.RunAsync("change", "approve", "ch-1")).Exit);
        Assert.Single(_server.Of("POST /api/v1/changes/ch-1/approve"));
        _terminal.In = "yes\n";
        var asked = await _terminal.RunAsync("change", "approve", "ch-1");
        Assert.Contains("disk-wipe", asked.Error, StringComparison.Ordinal);
        Assert.Equal("""{"hash":"abc123"}""", _server.Of("POST /api/v1/changes/ch-1/approve").Last().Body);
    }

    [Fact]
    public async Task A_change_is_rejected_withdrawn_asked_again_and_reviewed()
    {
        foreach (var verb in (string[])["reject", "withdraw", "review"]) _server.On($"POST /api/v1/changes/ch-1/{verb}", Change("rejected"));
        _server.InTurn("POST /api/v1/changes/ch-1/again", StubServer.Json(Change(), 202, ("Location", "/api/v1/changes/ch-2")), StubServer.Json("", 204));
        Assert.Equal(2, (await _terminal.RunAsync("change", "reject", "ch-1")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("change", "reject", "ch-1", "--reason", "not now")).Exit);
        Assert.Equal("""{"reason":"not now"}""", _server.Of("POST /api/v1/changes/ch-1/reject").Single().Body);
        Assert.Equal(0, (await _terminal.RunAsync("change", "withdraw", "ch-1")).Exit);
        Assert.Equal(6, (await _terminal.RunAsync("change", "again", "ch-1")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("change", "again", "ch-1")).Exit);
        Assert.Equal(0, (await _terminal.RunAsync("change", "review", "ch-1", "--justified", "--comment", "it burnt")).Exit);
        Assert.Equal("""{"justified":true,"comment":"it burnt"}""", _server.Of("POST /api/v1/changes/ch-1/review").Single().Body);
    }
}
