namespace Ppec.Api.Tests.Lists;

/// <summary>Reading: pages, filters, one's own writes, the past.</summary>
public sealed class ListTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    [Fact]
    public async Task Pages_walked_are_the_whole_and_inserts_move_nothing()
    {
        var rack = await Api.Rack();
        for (var unit = 1; unit <= 23; unit++) await Api.Machine(rack, unit, $"WALK{Things.New("x")}-{unit * 7 % 23:00}");
        var whole = (await Api.Get($"/api/v1/machines?filter=rack:{rack}&limit=1000")).Is(200);
        Assert.Equal(23, (int)whole.Json["total"]!);
        foreach (var sort in (string[])["id", "-id", "time", "-time"])
        {
            var expected = (await Api.Get($"/api/v1/machines?filter=rack:{rack}&limit=1000&sort={sort}")).Is(200).Ids.ToList();
            var walked = new List<string>();
            string? cursor = null;
            do
            {
                var page = (await Api.Get($"/api/v1/machines?filter=rack:{rack}&limit=5&sort={sort}{(cursor is null ? "" : $"&cursor={cursor}")}")).Is(200);
                walked.AddRange(page.Ids);
                cursor = (string?)page.Json["nextCursor"];
            } while (cursor is not null);
            Assert.Equal(expected, walked);
            Assert.Equal(whole.Ids.Order(StringComparer.Ordinal), walked.Order(StringComparer.Ordinal));
        }

        var first = (await Api.Get($"/api/v1/machines?filter=rack:{rack}&limit=10")).Is(200);
        var before = await Api.Machine(rack, 30, "AAAA" + Things.New("x")); // sorts before the page that was read
        var rest = (await Api.Get($"/api/v1/machines?filter=rack:{rack}&limit=1000&cursor={first.Json["nextCursor"]}")).Is(200);
        Assert.Equal(whole.Ids, first.Ids.Concat(rest.Ids));
        Assert.DoesNotContain(before, rest.Ids);
    }

    [Fact]
    public async Task The_filter_finds_by_what_a_machine_is()
    {
        var rack = await Api.Rack();
        var (a, b, c) = (await Api.Machine(rack, 1), await Api.Machine(rack, 2), await Api.Machine(rack, 3));
        (await Api.Post($"/api/v1/machines/{a}/tag", new { set = new Dictionary<string, string> { ["team"] = "payments", ["note"] = "two words", ["empty"] = "" } })).Is(200);
        (await Api.Post($"/api/v1/machines/{b}/hold", new { reason = "x", source = "drive" })).Is(200);
        (await Api.Post($"/api/v1/machines/{b}/tag", new { set = new Dictionary<string, string> { ["team"] = "fraud" } })).Is(200);

        async Task Finds(string filter, params string[] ids)
        {
            var found = (await Api.Get($"/api/v1/machines?filter={Uri.EscapeDataString($"rack:{rack} {filter}")}")).Is(200);
            Assert.True(ids.Order(StringComparer.Ordinal).SequenceEqual(found.Ids), $"{filter} found {string.Join(' ', found.Ids)}, not {string.Join(' ', ids)}");
            Assert.Equal(ids.Length, (int)found.Json["total"]!);
        }

        await Finds("", a, b, c);
        await Finds("stage:racked", a, b, c);
        await Finds("-stage:racked");
        await Finds("stage:spare");
        await Finds($"region:{rack.Split('.')[0]}", a, b, c);
        await Finds("type:none-such");
        await Finds("tag.team=payments", a);
        await Finds("-tag.team=payments", b, c);
        await Finds("tag.team:fraud", b);
        await Finds("tag.note=\"two words\"", a);
        await Finds("\"tag.note=two words\"", a);
        await Finds("hold", b);
        await Finds("-hold", a, c);
        await Finds("hold:drive", b);
        await Finds("hold:other");
        await Finds(c, c);
        await Finds($"id:{c}", c);
        await Finds("%");
        await Finds("_");
        await Finds("'");
        await Finds("stage:' -stage:racked");
        await Finds($"-{a} -{b}", c);
    }

    [Theory]
    [InlineData("filter=colour:red", "filter")]
    [InlineData("filter=stage:", "filter")]
    [InlineData("filter=%22open", "filter")]
    [InlineData("sort=colour", "sort")]
    [InlineData("sort=id;drop", "sort")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("limit=1.5", "limit")]
    [InlineData("limit=99999999999", "limit")]
    [InlineData("cursor=nonsense", "cursor")]
    [InlineData("cursor=bnVsbA", "cursor")]
    [InlineData("cursor=WyJpZCIsbnVsbCxudWxsXQ", "cursor")]
    [InlineData("cursor=WyJ0aW1lIiwiYSIsImIiXQ", "cursor")]
    [InlineData("after=tomorrow", "after")]
    [InlineData("after=-1", "after")]
    public async Task What_cannot_be_asked_is_said_by_name(string query, string field) =>
        Assert.Equal([field], (await Api.Get($"/api/v1/machines?{query}")).Is(400, "invalid").Fields);

    [Fact]
    public async Task Filters_are_bounded()
    {
        (await Api.Get($"/api/v1/machines?filter={new string('x', 2001)}")).Is(400, "invalid");
        (await Api.Get($"/api/v1/machines?filter={string.Join('+', Enumerable.Repeat("x", 33))}")).Is(400, "invalid");
    }

    [Theory]
    [InlineData("machines/x?at=yesterday", "at")]
    [InlineData("machines/x?at=99999-01-01", "at")]
    [InlineData("machines/x/diff", "from")]
    [InlineData("machines/x/diff?from=never", "from")]
    [InlineData("machines/x/diff?from=2020-01-01T00:00:00Z&to=never", "to")]
    [InlineData("events?from=abc", "from")]
    [InlineData("events?limit=0", "limit")]
    [InlineData("events?from=99999999999999999999999", "from")]
    public async Task A_time_and_a_position_have_their_shape(string path, string field) =>
        Assert.Equal([field], (await Api.Get($"/api/v1/{path}")).Is(400, "invalid").Fields);

    [Fact]
    public async Task A_write_is_read_back_at_once_and_after_its_position()
    {
        var rack = await Api.Rack();
        for (var unit = 1; unit <= 20; unit++)
        {
            var racked = (await Api.Post("/api/v1/machines", new { serial = Things.New("SN"), rack, unit })).Is(201);
            var position = racked.Header("Ppec-Position")!;
            Assert.Equal(racked.Text, (await Api.Get($"{racked.Header("Location")}?after={position}")).Is(200).Text);
            Assert.Equal(unit, (int)(await Api.Get($"/api/v1/machines?filter=rack:{rack}&after={position}")).Is(200).Json["total"]!);
        }
    }

    [Fact]
    public async Task The_past_is_answered_as_it_was()
    {
        var rack = await Api.Rack();
        var before = DateTimeOffset.UtcNow;
        await Task.Delay(5, TestContext.Current.CancellationToken);
        var id = await Api.Machine(rack, 1);
        await Task.Delay(5, TestContext.Current.CancellationToken);
        var racked = DateTimeOffset.UtcNow;
        await Task.Delay(5, TestContext.Current.CancellationToken);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "noise" })).Is(200);
        static string At(DateTimeOffset time) => Uri.EscapeDataString(time.ToString("O"));

        (await Api.Get($"/api/v1/machines/{id}?at={At(before)}")).Is(404);
        var then = (await Api.Get($"/api/v1/machines/{id}?at={At(racked)}")).Is(200);
        Assert.Equal("\"1\"", then.ETag);
        Assert.False((bool)then.Json["held"]!);
        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals((await Api.Show(id)), (await Api.Get($"/api/v1/machines/{id}?at={At(DateTimeOffset.UtcNow)}")).Is(200).Json));

        var diff = (await Api.Get($"/api/v1/machines/{id}/diff?from={At(racked)}")).Is(200).Items;
        Assert.Equal(["held", "holds"], diff.Select(d => (string)d!["field"]!));
        var history = (await Api.Get($"/api/v1/machines/{id}/history")).Is(200).Items;
        Assert.Equal(["machine.racked.v1", "machine.held.v1"], history.Select(h => (string)h!["type"]!));
        Assert.Equal([1L, 2L], history.Select(h => (long)h!["version"]!));
    }

    [Fact]
    public async Task Every_noun_is_listed_and_shown()
    {
        var rack = await Api.Rack();
        var (image, _) = await shared.Node.Image();
        var name = Things.New("prof");
        (await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 5 } })).Is(201);
        foreach (var (noun, id) in new[] { ("regions", rack.Split('.')[0]), ("racks", rack), ("profiles", $"{name}-v1"), ("images", image) })
        {
            Assert.Contains(id, (await Api.Get($"/api/v1/{noun}?filter=id:{Uri.EscapeDataString(id)}")).Is(200).Ids);
            Assert.Equal(id, (string?)(await Api.Get($"/api/v1/{noun}/{Uri.EscapeDataString(id)}")).Is(200).Json["id"]);
            Assert.Equal(id, (string?)(await Api.Get($"/api/v1/{noun}/{Uri.EscapeDataString(id)}?at=2999-01-01T00:00:00Z")).Is(200).Json["id"]);
        }
    }
}
