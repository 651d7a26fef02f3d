using System.Text;
using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Access;

/// <summary>
/// Every operation of the OpenAPI document, asked by a stranger, by a viewer, and by an operator of another region: <c>access.txt</c> says what each hears.
/// A new operation without a row there fails here.
/// </summary>
public sealed class SurfaceTests(AccessNode people) : IClassFixture<AccessNode>
{
    Calls Admin => people.Admin;

    [Fact]
    public async Task Everyone_hears_what_the_table_says()
    {
        var (rack, other) = (await Admin.Rack(), await Admin.Rack());
        var machine = await Admin.Machine(rack, 1);
        var (viewer, viewerId) = await people.Person("viewer");
        var (elsewhere, _) = await people.Person("operator", $"region:{other.Split('.')[0]}");
        (await Admin.Post("/api/v1/profiles", new { name = "seen", spec = new { memoryMiB = 1024 } })).Is(201);
        (await Admin.Post("/api/v1/filters", new { name = "mine", expression = "stage:spare" })).Is(201);
        (await Admin.Post("/api/v1/tags", new { key = "team" })).Is(201);
        (await Admin.Post("/api/v1/groups", new { id = "people" })).Is(201);
        (await Admin.Post("/api/v1/owners", new { id = "team" })).Is(201);
        var work = (string)(await Admin.Post("/api/v1/machines/tag", new { machines = new[] { machine }, set = new Dictionary<string, string> { ["a"] = "b" } })).Is(202).Json["id"]!;
        await Admin.Ends(work);
        var ids = new Dictionary<string, string>
        {
            ["machines"] = machine, ["racks"] = rack, ["regions"] = rack.Split('.')[0], ["operations"] = work, ["profiles"] = "seen-v1", ["images"] = "none@1", ["filters"] = "mine", ["tags"] = "team",
            ["users"] = "admin", ["groups"] = "people", ["roles"] = "operator", ["grants"] = "bootstrap", ["owners"] = "team", ["policies"] = "system-access", ["credentials"] = "bootstrap",
            ["changes"] = "none", ["disks"] = "NONE", ["webhooks"] = "none", ["alerts"] = "drift.none.power",
        };
        var known = new Dictionary<string, JsonNode?>
        {
            ["rack"] = rack, ["unit"] = 9, ["height"] = 1, ["region"] = rack.Split('.')[0], ["machines"] = new JsonArray(machine), ["serial"] = "NEW1", ["hash"] = new string('0', 64), ["count"] = 1,
            ["user"] = viewerId, ["password"] = "a-long-enough-one", ["expiresAt"] = "2030-01-01T00:00:00Z", ["until"] = "2030-01-01T00:00:00Z", ["permissions"] = new JsonArray("machine.read"),
            ["scope"] = "global", ["subject"] = "group:people", ["role"] = "viewer", ["kind"] = "person", ["macs"] = new JsonArray("52:54:00:00:00:01"), ["uuid"] = "11111111-1111-1111-1111-111111111111",
            ["address"] = "https://10.0.0.9", ["hostname"] = "h1", ["image"] = "none@1", ["units"] = 42, ["days"] = 1, ["url"] = "https://example.invalid/hook", ["hostnamePattern"] = "h-{n}",
        };

        var table = new StringBuilder("operation                        stranger  viewer  operator of another region\n");
        foreach (var (path, operations) in Contract.Document["paths"]!.AsObject().OrderBy(p => p.Key, StringComparer.Ordinal))
            foreach (var (method, operation) in operations!.AsObject())
            {
                var name = (string)operation!["operationId"]!;
                if (path.StartsWith("/agent/", StringComparison.Ordinal) || path.StartsWith("/boot", StringComparison.Ordinal) || !path.StartsWith("/api/", StringComparison.Ordinal)) continue; // machines' own surface, tested where it is
                var noun = path.Split('/')[3];
                var url = path.Replace("{id}", ids.GetValueOrDefault(noun, "none"), StringComparison.Ordinal).Replace("{serial}", "NONE", StringComparison.Ordinal).Replace("{sha256}", new string('0', 64), StringComparison.Ordinal);
                if (name == "grant_explain") url += $"?user=admin&permission=machine.hold&resource=machine:{machine}";
                if (name == "find") url += "?q=nothing";
                if (name.EndsWith("_diff", StringComparison.Ordinal)) url += "?from=2026-01-01T00:00:00Z";
                var content = operation["requestBody"]?["content"]?.AsObject();
                var json = content?["application/json"]?["schema"];
                object? body = content is null ? null : json is null ? Array.Empty<byte>() : name == "site_import" ? "{}" : Body(json.AsObject(), known).ToJsonString();
                string[] headers = content is not null && json is null ? ["Content-Type", content.First().Key] : [];
                async Task<int> By(Calls who) => (await who.Send(new(method.ToUpperInvariant()), url, body, headers)).Status;
                var ends = name is "sign_out"; // it would end the session of the calls that follow
                table.Append($"{name,-32} {await By(people.Node.As(null)),-9} {(ends ? 204 : await By(viewer)),-7} {(ends ? 204 : await By(elsewhere))}\n");
            }
        Compare(table.ToString());
    }

    /// <summary>The least that the schema asks for, with values that mean something where we know the field.</summary>
    static JsonNode Body(JsonObject schema, Dictionary<string, JsonNode?> known)
    {
        schema = Schema.Resolve(schema);
        var body = new JsonObject();
        var required = schema["required"]?.AsArray().Select(r => (string)r!).ToHashSet() ?? [];
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            if (!required.Contains(name) && !(known.ContainsKey(name) && name is "machines" or "rack" or "unit")) continue;
            body[name] = known.TryGetValue(name, out var value) ? value?.DeepClone() : Value(Schema.Resolve(property!.AsObject()), known);
        }
        return body;
    }

    static JsonNode? Value(JsonObject schema, Dictionary<string, JsonNode?> known) => (schema["type"] is JsonArray several ? several.Select(t => (string)t!).First(t => t != "null") : (string?)schema["type"]) switch
    {
        "string"             => "x",
        "integer" or "number" => 1,
        "boolean"            => true,
        "array"              => new JsonArray(Value(Schema.Resolve(schema["items"]!.AsObject()), known)),
        _                    => Body(schema, known),
    };

    static void Compare(string found)
    {
        var file = Path.Combine(Folder(), "access.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(file, found);
        var (was, now) = (File.Exists(file) ? File.ReadAllText(file).Split('\n') : [], found.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(was.Length, now.Length)).FirstOrDefault(i => was.ElementAtOrDefault(i) != now.ElementAtOrDefault(i), -1);
        Assert.True(line < 0, $"access.txt differs from line {line + 1} on. Review, then run with UPDATE_GOLDEN=1.\n  file: {was.ElementAtOrDefault(line)}\n  now:  {now.ElementAtOrDefault(line)}");
    }

    static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "PPEC.sln"))) return Path.Combine(at.FullName, "tests", "Api.Tests");
        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
