using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Access;

/// <summary>Two persons for what matters: the plan that was seen is what is done, or nothing is.</summary>
public sealed class ChangeTests : IAsyncLifetime
{
    readonly AccessNode _people = new();
    Calls _checker = null!;
    string _checkerId = "";
    string _rack = "";

    Calls Admin => _people.Admin;

    public async ValueTask InitializeAsync()
    {
        await _people.InitializeAsync();
        (_checker, _checkerId) = await _people.Person("administrator");
        _rack = await Admin.Rack();
    }

    public ValueTask DisposeAsync() => _people.DisposeAsync();

    /// <summary>What takes a second person: to hold a machine that is tagged <c>env=prod</c>. PPEC's own rules are awake, so the policy itself takes one.</summary>
    async Task Policy(object? more = null)
    {
        var body = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(new { id = "prod", permissions = new[] { "machine.hold", "machine.unrack", "machine.set" }, scope = "tag:env=prod" }))!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(more ?? new { }))!.AsObject()) body[key] = value?.DeepClone();
        await Approved((await Admin.Post("/api/v1/policies", body)).Is(202));
    }

    async Task<string> Production(int unit)
    {
        var id = await Admin.Machine(_rack, unit);
        (await Admin.Post($"/api/v1/machines/{id}/tag", new { set = new Dictionary<string, string> { ["env"] = "prod" } })).Is(200);
        return id;
    }

    static string Id(Answer change) => (string)change.Json["id"]!;

    static string Hash(Answer change) => (string)change.Json["plan"]!["hash"]!;

    Task<Answer> Approve(Answer change, Calls? by = null) => (by ?? _checker).Post($"/api/v1/changes/{Id(change)}/approve", new { hash = Hash(change) });

    async Task<Answer> Approved(Answer change)
    {
        (await Approve(change)).Is(200);
        return await Ends(change, "executed");
    }

    async Task<Answer> Ends(Answer change, string state)
    {
        Answer? seen = null;
        await Things.Eventually($"change {Id(change)} ends", async () => (seen = (await Admin.Get($"/api/v1/changes/{Id(change)}")).Is(200)).Json["endedAt"] is not null, () => seen?.Text);
        return state == (string)seen!.Json["state"]! ? seen : throw new Xunit.Sdk.XunitException($"It ended otherwise than {state}: {seen.Text}");
    }

    Task<Answer> Hold(string machine, params string[] headers) => Admin.Post($"/api/v1/machines/{machine}/hold", new { source = "drive", reason = "smart" }, headers);

    [Fact]
    public async Task What_the_checker_saw_is_done_once_and_by_its_maker()
    {
        await Policy();
        var machine = await Production(1);
        var change = (await Hold(machine, "Ppec-Reason", "bad%20drive", "Ppec-Ticket", "OPS-1", "Idempotency-Key", "k1")).Is(202);
        Assert.Equal("waiting", (string)change.Json["state"]!);
        Assert.Equal("machine.hold", (string)change.Json["plan"]!["command"]!);
        Assert.Equal("bad drive", (string)change.Json["reason"]!);
        Assert.False((bool)(await Admin.Show(machine))["held"]!);
        Assert.Equal(Id(change), Id((await Hold(machine, "Idempotency-Key", "k1")).Is(202))); // the same again is the same change
        Assert.Equal(Id(change), (string)(await Admin.Show(machine))["reservedFor"]!);

        (await Approve(change, Admin)).Is(403, "change-own");
        (await _checker.Post($"/api/v1/changes/{Id(change)}/approve", new { hash = new string('0', 64) })).Is(409, "change-plan-moved");
        (await Approve(change)).Is(200);
        await Ends(change, "executed");
        await Things.Eventually("it is free", async () => (await Admin.Show(machine))["reservedFor"] is null);
        Assert.True((bool)(await Admin.Show(machine))["held"]!);
        var held = (await Admin.Get($"/api/v1/events?stream=machine-{machine}&limit=1000")).Is(200).Items.Single(e => (string)e!["type"]! == "machine.held.v1")!;
        Assert.Equal("admin", (string)held["actor"]!);
        Assert.Equal("OPS-1", (string)held["ticket"]!);
        (await Approve(change)).Is(200); // again writes nothing
        Assert.Single((await Admin.Get($"/api/v1/events?stream=machine-{machine}&limit=1000")).Is(200).Items, e => (string)e!["type"]! == "machine.held.v1");
        Assert.Equal(4, (await Admin.Get($"/api/v1/changes/{Id(change)}/history")).Is(200).Items.Count);
        Assert.NotEmpty((await Admin.Get($"/api/v1/changes/{Id(change)}/diff?from=2026-01-01T00:00:00Z")).Is(200).Items);
        (await Hold(await Admin.Machine(_rack, 9))).Is(200); // another machine needs nobody
    }

    [Fact]
    public async Task A_tag_voids_nothing_and_what_matters_voids_it()
    {
        await Policy(new { permissions = new[] { "machine.set" } });
        var machine = await Production(2);
        Task<Answer> Rename(string name) => Admin.Post($"/api/v1/machines/{machine}/set", new { name });
        var first = (await Rename("one")).Is(202);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { set = new Dictionary<string, string> { ["note"] = "x" } })).Is(200);
        await Approved(first);
        Assert.Equal("one", (string)(await Admin.Show(machine))["name"]!);

        // A grant of a role that comes to give more is not the grant that was approved.
        var (_, friend) = await _people.Person();
        var role = Things.New("role");
        await Approved((await Admin.Post("/api/v1/roles", new { id = role, permissions = new[] { "user.create" } })).Is(202));
        var grant = (await Admin.Post("/api/v1/grants", new { subject = $"user:{friend}", role, scope = "global" })).Is(202);
        await Approved((await Admin.Post("/api/v1/roles", new { id = role, permissions = new[] { "user.create", "machine.release" } })).Is(202));
        (await Approve(grant)).Is(200);
        var ended = await Ends(grant, "superseded");
        Assert.Contains(ended.Json["moved"]!.AsArray(), m => ((string)m!).Contains("machine.release", StringComparison.Ordinal));
        Assert.Equal(0, (int)(await Admin.Get($"/api/v1/grants?filter=subject:user:{friend}")).Is(200).Json["total"]!);
    }

    [Fact]
    public async Task Rejected_withdrawn_or_too_late_it_is_over_and_the_machine_free()
    {
        await Policy();
        var machine = await Production(3);
        var rejected = (await Hold(machine)).Is(202);
        (await _checker.Post($"/api/v1/changes/{Id(rejected)}/reject", new { reason = "" })).Is(400, "invalid");
        (await _checker.Post($"/api/v1/changes/{Id(rejected)}/withdraw")).Is(403, "change-not-yours");
        (await _checker.Post($"/api/v1/changes/{Id(rejected)}/reject", new { reason = "not on a Friday" })).Is(200);
        (await Approve(rejected)).Is(409, "change-ended");
        await Things.Eventually("it is free", async () => (await Admin.Show(machine))["reservedFor"] is null);

        var withdrawn = (await Hold(machine)).Is(202);
        (await Admin.Post($"/api/v1/changes/{Id(withdrawn)}/withdraw")).Is(200);
        (await Approve(withdrawn)).Is(409, "change-ended");
        Assert.False((bool)(await Admin.Show(machine))["held"]!);
    }

    [Fact]
    public async Task The_makers_own_hands_do_not_count_whatever_they_hold()
    {
        await Policy();
        var machine = await Production(4);
        var service = Things.New("svc");
        (await Admin.Post("/api/v1/users", new { id = service, kind = "service", responsible = "admin" })).Is(201);
        await Approved((await Admin.Post("/api/v1/grants", new { subject = $"user:{service}", role = "administrator", scope = "global" })).Is(202));
        var hand = _people.Node.As((string)(await Admin.Post("/api/v1/credentials", new { name = "hand", user = service })).Is(201).Json["token"]!);

        var mine = (await Hold(machine)).Is(202);
        (await Approve(mine, hand)).Is(403, "change-not-yours"); // a service account has no word
        var other = await Production(5);
        var itsOwn = (await hand.Post($"/api/v1/machines/{other}/hold", new { source = "drive", reason = "x" })).Is(202);
        (await Approve(itsOwn, Admin)).Is(403, "change-own"); // made by a service account one answers for

        // Who was made an approver by the maker lately does not count either.
        var (friend, friendId) = await _people.Person();
        await Approved((await Admin.Post("/api/v1/grants", new { subject = $"user:{friendId}", role = "approver", scope = "global" })).Is(202));
        (await Approve(mine, friend)).Is(403, "change-not-yours");
        (await Approve(mine)).Is(200);
    }

    [Fact]
    public async Task Two_checkers_at_one_instant_and_approval_against_withdrawal_come_to_one_end()
    {
        await Policy();
        for (var round = 0; round < 5; round++)
        {
            var machine = await Production(10 + round);
            var change = (await Hold(machine)).Is(202);
            var answers = await Task.WhenAll(Approve(change), Approve(change), Admin.Post($"/api/v1/changes/{Id(change)}/withdraw"));
            Assert.All(answers, a => Assert.Contains(a.Status, (int[])[200, 409]));
            Answer? seen = null;
            await Things.Eventually("it ends", async () => (seen = (await Admin.Get($"/api/v1/changes/{Id(change)}")).Is(200)).Json["endedAt"] is not null, () => seen?.Text);
            Assert.Equal((string)seen!.Json["state"]! == "executed", (bool)(await Admin.Show(machine))["held"]!);
            Assert.Contains((string)seen.Json["state"]!, (string[])["executed", "withdrawn"]);
        }
    }

    [Fact]
    public async Task Nobody_weakens_a_policy_or_who_guards_it_alone()
    {
        await Policy();
        var (_, friend) = await _people.Person();
        (await Admin.Post("/api/v1/policies/prod/delete")).Is(202);
        (await Admin.Post("/api/v1/policies", new { id = "prod", permissions = new[] { "machine.unrack" } })).Is(202);
        (await Admin.Post($"/api/v1/users/{_checkerId}/set", new { disabled = true })).Is(409, "too-few-approvers");
        (await Admin.Post($"/api/v1/users/{_checkerId}/password", new { password = "not-theirs-12345" })).Is(202);
        (await Admin.Post("/api/v1/grants", new { subject = $"user:{friend}", role = "approver", scope = "global" })).Is(202);
        (await Admin.Post("/api/v1/roles", new { id = Things.New("role"), permissions = new[] { "machine.read" } })).Is(202);
        (await Admin.Post("/api/v1/grants", new { subject = $"user:{friend}", role = "viewer", scope = "global" })).Is(201); // to look is no power
    }

    [Fact]
    public async Task What_a_policy_guards_is_not_moved_away_from_it_by_one()
    {
        await Policy();
        var machine = await Production(33);
        (await Admin.Post($"/api/v1/machines/{machine}/tag", new { remove = new[] { "env" } })).Is(202);
        Assert.Equal("prod", (string)(await Admin.Show(machine))["tags"]!["env"]!);
        var other = await Production(34);
        (await Admin.Post($"/api/v1/machines/{other}/tag", new { set = new Dictionary<string, string> { ["env"] = "dev" } })).Is(202);
        (await Admin.Post("/api/v1/machines/tag", new { machines = new[] { other }, set = new Dictionary<string, string> { ["env"] = "dev" } })).Is(409, "machine-reserved");
        var third = await Production(35);
        var change = (await Admin.Post("/api/v1/machines/tag", new { machines = new[] { third }, remove = new[] { "env" } })).Is(202);
        Assert.Equal("waiting", (string)change.Json["state"]!);
        (await Admin.Post($"/api/v1/machines/{third}/tag", new { set = new Dictionary<string, string> { ["note"] = "free" } })).Is(200);
    }

    [Fact]
    public async Task Breaking_the_glass_is_done_at_once_and_looked_at_by_somebody_else()
    {
        await Policy();
        var machine = await Production(20);
        (await Hold(machine, "Ppec-Break-Glass", "true")).Is(400, "invalid"); // without a reason
        var change = (await Hold(machine, "Ppec-Break-Glass", "true", "Ppec-Reason", "the%20rack%20burns")).Is(202);
        await Ends(change, "executed");
        Assert.True((bool)(await Admin.Show(machine))["held"]!);
        Assert.Equal("due", (string)(await Admin.Get($"/api/v1/changes/{Id(change)}")).Is(200).Json["review"]!);
        (await Admin.Post($"/api/v1/changes/{Id(change)}/review", new { justified = true, comment = "I say so" })).Is(403, "change-own");
        (await _checker.Post($"/api/v1/changes/{Id(change)}/review", new { justified = true, comment = "it burnt" })).Is(200);
        Assert.StartsWith("justified", (string)(await Admin.Get($"/api/v1/changes/{Id(change)}")).Is(200).Json["review"]!, StringComparison.Ordinal);
        var (operatorApi, _) = await _people.Person("operator");
        (await operatorApi.Post($"/api/v1/machines/{await Production(21)}/hold", new { source = "x", reason = "x" }, "Ppec-Break-Glass", "true", "Ppec-Reason", "no")).Is(403, "forbidden");
    }

    [Fact]
    public async Task A_severe_one_takes_a_fresh_sign_in_and_two_stages_two_persons_in_turn()
    {
        var (second, secondId) = await _people.Person();
        (await Admin.Post("/api/v1/groups", new { id = "board", add = new[] { secondId } })).Is(201);
        await Approved((await _checker.Post("/api/v1/grants", new { subject = "group:board", role = "approver", scope = "global" })).Is(202), Admin);
        await Policy(new { severe = true, quorum = 1 });
        var machine = await Production(30);
        var change = (await Hold(machine)).Is(202);
        var token = _people.Node.As((string)(await _checker.Post("/api/v1/credentials", new { name = "long-lived" })).Is(201).Json["token"]!);
        (await Approve(change, token)).Is(403, "sign-in-again"); // no session at all
        (await Approve(change)).Is(200);
        await Ends(change, "executed");
        Assert.NotNull(second);
    }

    async Task Approved(Answer change, Calls by)
    {
        (await Approve(change, by)).Is(200);
        await Ends(change, "executed");
    }

    [Fact]
    public async Task Many_are_one_change_with_one_plan()
    {
        await Policy(new { permissions = new[] { "machine.tag" }, minCount = 3 });
        var (a, b) = (await Production(40), await Production(41));
        (await Admin.Post("/api/v1/machines/tag", new { machines = new[] { a, b }, set = new Dictionary<string, string> { ["x"] = "1" } })).Is(202);
        var c = await Production(42);
        var change = (await Admin.Post("/api/v1/machines/tag", new { machines = new[] { a, b, c }, set = new Dictionary<string, string> { ["x"] = "2" } })).Is(202);
        Assert.Equal(3, change.Json["plan"]!["machines"]!.AsArray().Count);
        var ended = await Approved(change);
        await Admin.Ends((string)ended.Json["operation"]!);
        Assert.Equal("2", (string)(await Admin.Show(c))["tags"]!["x"]!);
    }
}
