using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Lists;

/// <summary>Finding: by anything that names a thing, by saved filters, by tags of which something was said, by a disk's serial.</summary>
public sealed class SearchTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    [Fact]
    public async Task Filters_that_cannot_be_read_are_refused_as_written_down()
    {
        var vectors = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "filter.vectors.json"), TestContext.Current.CancellationToken))!;
        foreach (var vector in vectors["refused"]!.AsArray())
        {
            var refused = (await Api.Get($"/api/v1/machines?filter={Uri.EscapeDataString((string)vector!["text"]!)}")).Is(400, "invalid");
            Assert.Equal([(string)vector["field"]!], refused.Fields);
            foreach (var says in vector["says"]!.AsArray()) Assert.Contains((string)says!, refused.Detail!, StringComparison.Ordinal);
        }
        foreach (var vector in vectors["parsed"]!.AsArray().Where(v => !((string)v!["text"]!).Contains('@', StringComparison.Ordinal)))
            (await Api.Get($"/api/v1/machines?filter={Uri.EscapeDataString((string)vector!["text"]!)}")).Is(200);
        Assert.Contains("number key", (await Api.Get("/openapi/v1.json")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_just_written_is_found_after_its_position()
    {
        var rack = await Api.Rack();
        for (var unit = 1; unit <= 10; unit++)
        {
            var serial = Things.New("FRESHTEXT");
            var racked = (await Api.Post("/api/v1/machines", new { serial, rack, unit })).Is(201);
            Assert.Equal([(string)racked.Json["id"]!], (await Api.Get($"/api/v1/machines?filter={serial[2..]}&after={racked.Header("Ppec-Position")}")).Is(200).Ids);
        }
    }

    [Fact]
    public async Task Anything_is_found_by_what_names_it()
    {
        var rack = await Api.Rack();
        var serial = Things.New("FINDME");
        var mac = $"52:54:99:00:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}";
        var racked = (await Api.Post("/api/v1/machines", new { serial, rack, unit = 1, macs = new[] { mac }, name = "Needle in it", bmc = new { address = $"https://10.77.0.{Random.Shared.Next(256)}", user = "u", password = "p" } })).Is(201);
        var id = (string)racked.Json["id"]!;
        async Task Finds(string text, string noun, string what, string field, bool exact)
        {
            var found = (await Api.Get($"/api/v1/find?q={Uri.EscapeDataString(text)}&after={racked.Header("Ppec-Position")}")).Is(200).Items.First(f => (string)f!["id"]! == what)!;
            Assert.Equal((noun, field, exact), ((string)found["noun"]!, (string)found["field"]!, (bool)found["exact"]!));
        }

        await Finds(id, "machine", id, "id", true);
        await Finds(id.ToUpperInvariant(), "machine", id, "id", true);
        await Finds("Needle in it", "machine", id, "name", true);
        await Finds("needle in", "machine", id, "name", false);
        await Finds(serial[..^1], "machine", id, "serial", false);
        await Finds(rack, "rack", rack, "id", true);
        await Finds(new Uri((string)racked.Json["bmc"]!["address"]!).Host, "machine", id, "bmc", true);
        Assert.Empty((await Api.Get("/api/v1/find?q=no-such-thing-anywhere")).Is(200).Items);
        Assert.Equal(["q"], (await Api.Get("/api/v1/find?q=")).Is(400, "invalid").Fields);
        Assert.Equal(["q"], (await Api.Get("/api/v1/find")).Is(400, "invalid").Fields);
    }

    [Fact]
    public async Task A_filter_is_saved_used_changed_and_deleted()
    {
        var (rack, name) = (await Api.Rack(), Things.New("mine"));
        var (a, b) = (await Api.Machine(rack, 1), await Api.Machine(rack, 2));
        (await Api.Post($"/api/v1/machines/{a}/hold", new { reason = "x" })).Is(200);
        var saved = (await Api.Post("/api/v1/filters", new { name, expression = $"rack:{rack} hold" })).Is(201);
        Assert.Equal("admin", (string)saved.Json["owner"]!);
        Assert.Equal([a], (await Api.Get($"/api/v1/machines?filter=@{name}")).Is(200).Ids);
        Assert.Equal([b], (await Api.Get($"/api/v1/machines?filter=rack:{rack}+-@{name}")).Is(200).Ids);
        (await Api.Post("/api/v1/filters", new { name, expression = $"rack:{rack} -hold" })).Is(201);
        Assert.Equal([b], (await Api.Get($"/api/v1/machines?filter=@{name}+stage:racked")).Is(200).Ids);
        Assert.Contains(name, (await Api.Get("/api/v1/filters?limit=1000")).Is(200).Ids);
        (await Api.Get($"/api/v1/filters/{name}")).Is(200);

        (await Api.Post("/api/v1/filters", new { name, expression = "colour:red" })).Is(400, "invalid");
        (await Api.Post("/api/v1/filters", new { name, expression = "@other" })).Is(400, "invalid");
        (await Api.Post("/api/v1/filters", new { name, expression = " " })).Is(400, "invalid");
        (await Api.Post("/api/v1/filters", new { name = "No Slug", expression = "hold" })).Is(400, "invalid");

        (await Api.Post($"/api/v1/filters/{name}/delete")).Is(204);
        (await Api.Post($"/api/v1/filters/{name}/delete")).Is(404);
        (await Api.Get($"/api/v1/filters/{name}")).Is(404);
        Assert.Contains($"@{name}", (await Api.Get($"/api/v1/machines?filter=@{name}")).Is(400, "invalid").Detail!, StringComparison.Ordinal);
        (await Api.Post("/api/v1/filters", new { name, expression = "hold" })).Is(201);
    }

    [Fact]
    public async Task What_is_said_of_a_tag_key_holds()
    {
        var (rack, key) = (await Api.Rack(), $"{Things.New("key")}/a");
        var id = await Api.Machine(rack, 1);
        var path = $"/api/v1/tags/{Uri.EscapeDataString(key)}";
        Task<Answer> Tag(object body) => Api.Post($"/api/v1/machines/{id}/tag", body);
        Dictionary<string, string> To(string value) => new() { [key] = value };

        (await Tag(new { set = To("anything") })).Is(200);
        Assert.Equal(1, (int)(await Api.Get(path)).Is(200).Json["used"]!);
        Assert.Equal(0, (int)(await Api.Get(path)).Is(200).Json["version"]!);
        (await Api.Post("/api/v1/tags", new { key, values = new[] { "prod", "test" }, requiredOn = new[] { "machine" }, @protected = true, description = "Who may see it" })).Is(201);
        await Things.Eventually("it holds", async () => (await Tag(new { set = To("else") })).Status == 400, seconds: 5);
        Assert.Contains("prod, test", (await Tag(new { set = To("else") })).Is(400, "tag-value-refused").Detail!, StringComparison.Ordinal);
        (await Tag(new { set = To("test") })).Is(200);
        (await Tag(new { remove = new[] { key } })).Is(409, "tag-required");
        var listed = (await Api.Get("/api/v1/tags")).Is(200).Items.Single(t => (string)t!["id"]! == key)!;
        Assert.Equal((1, true), ((int)listed["used"]!, (bool)listed["protected"]!));

        (await Api.Post("/api/v1/tags", new { key, requiredOn = new[] { "cat" } })).Is(400, "invalid");
        (await Api.Post("/api/v1/tags", new { key, values = new[] { "a", "a" } })).Is(400, "invalid");
        (await Api.Post("/api/v1/tags", new { key = "-", values = new[] { "a" } })).Is(400, "invalid");
        (await Api.Post($"{path}/delete")).Is(204);
        (await Api.Post($"{path}/delete")).Is(404);
        await Things.Eventually("it holds no more", async () => (await Tag(new { remove = new[] { key } })).Status == 200, seconds: 5);
        (await Api.Get(path)).Is(404);
    }

    [Fact]
    public async Task A_disk_that_no_machine_had_is_not_found() => (await Api.Get("/api/v1/disks/NO-SUCH")).Is(404, "not-found");
}
