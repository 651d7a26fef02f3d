using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace Ppec.Api.Tests.Requests;

/// <summary>
/// Every operation of the OpenAPI document, with what the document lets one send and with what it does not. What holds for every answer is in <see cref="Contract"/>: never a fault of ours, declared, of the declared
/// shape, a refusal is a problem document that leaks nothing. Here besides: what is not as declared is refused, and the same word again is answered as the first time. A failure is shrunk, and printed as a line for curl.
/// PPEC_FUZZ_CASES: how many cases an operation; PPEC_FUZZ_SEED: the seed that a failure printed.
/// </summary>
public sealed class DocumentFuzzTests
{
    const int Deepest = 4;

    static readonly int Cases = int.Parse(Environment.GetEnvironmentVariable("PPEC_FUZZ_CASES") ?? "25", CultureInfo.InvariantCulture);
    static readonly string? Seed = Environment.GetEnvironmentVariable("PPEC_FUZZ_SEED");

    /// <summary>What a string can be that somebody means to break something with.</summary>
    static readonly string[] Hostile =
    [
        "", " ", ".", "..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "a\0b", "a\r\nX-Injected: 1", "\u001b[31m", "\u202e", "\ud83d\ude00", "\u0085", "' OR 1=1 --", "${jndi:ldap://x}", "<script>", "x'\"`$(id)", "null", "-1",
        "9223372036854775808", "2001-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2030-01-01T00:00:00Z", "global", "machine:*", "*", "tag:=", new string('x', 300),
    ];

    /// <summary>One request. <paramref name="IsInvalid"/>: its body is not as the document says, so it must be refused.</summary>
    sealed record Sent(string Method, string Path, string[] Headers, string? Body, bool IsInvalid)
    {
        public override string ToString()
        {
            var line = new StringBuilder($"curl -X {Method} \"$PPEC{Path}\" -H \"Authorization: Bearer $TOKEN\"");
            for (var i = 0; i < Headers.Length; i += 2) line.Append(CultureInfo.InvariantCulture, $" -H '{Headers[i]}: {Headers[i + 1]}'");
            return Body is null ? line.ToString() : line.Append(CultureInfo.InvariantCulture, $" --data-binary '{(Body.Length > 2000 ? $"{Body[..2000]}…" : Body)}'").ToString();
        }
    }

    [Fact]
    public async Task Nothing_that_can_be_sent_is_answered_otherwise_than_the_document_says()
    {
        await using var node = new TestNode { AllowLoopback = false };
        await node.Up();
        var api = node.Api;
        var pool = await Seeds(api);
        var (asked, done) = (0, new HashSet<string>(StringComparer.Ordinal));
        foreach (var (path, operations) in Contract.Document["paths"]!.AsObject())
            foreach (var (method, operation) in operations!.AsObject())
            {
                var id = (string)operation!["operationId"]!;
                // Machines' own surface waits for tasks, and has a fuzzer of its own; whoever signs out is nobody afterwards.
                if (!path.StartsWith("/api/", StringComparison.Ordinal) || id == "sign_out") continue;
                await Requests(path, method, operation.AsObject(), pool).SampleAsync(async sent =>
                {
                    string[] headers = [.. sent.Headers, .. method == "get" ? [] : (string[])["Idempotency-Key", Guid.NewGuid().ToString()]];
                    var first = await api.Send(new(sent.Method), sent.Path, sent.Body, headers);
                    Interlocked.Increment(ref asked);
                    if (first.Status < 300) lock (done) done.Add(id);
                    if (sent.IsInvalid) Assert.True(first.Status is >= 400 and < 500, $"It was accepted ({first.Status}) though its body is not as declared.");
                    if (method == "get" || first.Status >= 300 || path.StartsWith("/api/v1/sign-in", StringComparison.Ordinal)) return;
                    var again = await api.Send(new(sent.Method), sent.Path, sent.Body, headers);
                    Assert.True(first.Status == again.Status, $"First {first.Status}, and the same word again {again.Status}: {again.Text}");
                    if (first.Status is 200 or 201) Assert.Equal(Named(first), Named(again));
                }, iter: Cases, threads: 1, seed: Seed, print: sent => $"{id}\n{sent}");
            }
        (await api.Get("/api/v1/machines")).Is(200); // whoever asked all this is still who he was
        Assert.True(asked > 100 * Cases, $"Only {asked} requests were made.");
        Assert.True(done.Count > 60, $"Only {done.Count} operations did anything: {string.Join(' ', done)}"); // refusals alone would find little
    }

    /// <summary>What an answer is of: what happened to the thing meanwhile may differ.</summary>
    static string? Named(Answer answer) => answer.ContentType == "application/json" && JsonNode.Parse(answer.Text) is JsonObject o ? (string?)(o["id"] ?? o["hash"] ?? o["name"]) : null;

    /// <summary>Things that are there, by the noun in a path.</summary>
    static async Task<Dictionary<string, string>> Seeds(Calls api)
    {
        var rack = await api.Rack();
        var machine = await api.Machine(rack, 1);
        (await api.Post("/api/v1/profiles", new { name = "seen", spec = new { memoryMiB = 1024 } })).Is(201);
        (await api.Post("/api/v1/filters", new { name = "mine", expression = "stage:spare" })).Is(201);
        (await api.Post("/api/v1/tags", new { key = "team", description = "whose" })).Is(201);
        (await api.Post("/api/v1/webhooks", new { id = "pager", url = "https://alerts.invalid/x", secret = "a-secret-of-the-receivers" })).Is(201);
        (await api.Post("/api/v1/users", new { id = "ci", kind = "service", responsible = "admin" })).Is(201);
        (await api.Post("/api/v1/groups", new { id = "people" })).Is(201);
        (await api.Post("/api/v1/owners", new { id = "team" })).Is(201);
        (await api.Post("/api/v1/roles", new { id = "imager", permissions = new[] { "image.read" } })).Is(201);
        var grant = (string)(await api.Post("/api/v1/grants", new { subject = "group:people", role = "viewer", scope = $"rack:{rack}" })).Is(201).Json["id"]!;
        var credential = (string)(await api.Post("/api/v1/credentials", new { name = "ci", user = "ci", days = 7 })).Is(201).Json["id"]!;
        (await api.Post($"/api/v1/machines/{machine}/hold", new { reason = "to be seen" })).Is(200);
        var operation = (await api.Work("/api/v1/machines/tag", new { machines = new[] { machine }, set = new { team = "x" } }))["id"];
        return new()
        {
            ["machines"] = machine, ["racks"] = rack, ["regions"] = rack.Split('.')[0], ["operations"] = (string)operation!, ["profiles"] = "seen-v1", ["images"] = "none@1", ["filters"] = "mine", ["tags"] = "team", ["users"] = "ci",
            ["groups"] = "people", ["roles"] = "imager", ["grants"] = grant, ["owners"] = "team", ["policies"] = "system-access", ["credentials"] = credential, ["changes"] = "none", ["disks"] = "NONE", ["webhooks"] = "pager",
            ["alerts"] = $"machine-held.{machine}.operator",
        };
    }

    static Gen<Sent> Requests(string path, string method, JsonObject operation, Dictionary<string, string> pool)
    {
        var there = pool.GetValueOrDefault(path.Split('/')[3], "none");
        var parameters = operation["parameters"]?.AsArray().Select(p => (Name: (string)p!["name"]!, In: (string)p["in"]!)).ToArray() ?? [];
        // Dots alone are folded away by every client, and a NUL in a path is refused by Kestrel before there is anybody to say why.
        var where = Gen.Frequency((4, Gen.Const(there)), (1, Gen.OneOf([.. Hostile.Where(h => h is not ("" or "." or "..") && !h.Contains('\0', StringComparison.Ordinal)), "none-of-that-name"])));
        var paths = where.Select(id => string.Join('/', path.Split('/').Select(part => part.StartsWith('{') ? part == "{sha256}" ? new string('0', 64) : Uri.EscapeDataString(id) : part)));
        var queries = All([.. parameters.Where(p => p.In == "query").Select(p => Query(p.Name, pool))]).Select(parts => string.Join('&', parts.Where(part => part.Length > 0)));
        var headers = All([.. parameters.Where(p => p.In == "header" && p.Name != "Idempotency-Key").Select(p => Header(p.Name))]).Select(pairs => pairs.SelectMany(pair => pair).ToArray());
        return Gen.Select(paths, queries, headers, Bodies(operation, pool), (at, query, more, body) =>
            new Sent(method.ToUpperInvariant(), query.Length > 0 ? $"{at}?{query}" : at, [.. more, .. body.Type is null || body.Text is null ? [] : (string[])["Content-Type", body.Type]], body.Text, body.IsInvalid));
    }

    static Gen<string> Query(string name, Dictionary<string, string> pool)
    {
        var likely = name switch
        {
            "at" or "from" or "to" => Gen.OneOf("2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
            "limit"                => Gen.OneOf("1", "1000", "0", "1001"),
            "filter"               => Gen.OneOf("stage:spare", "-hold", "id:x", "(", "tag.team=x", "cpu>=64", "@mine", "version>0"),
            "sort"                 => Gen.OneOf("id", "-time", "nothing"),
            "plan"                 => Gen.OneOf("true", "false"),
            "user"                 => Gen.OneOf("admin", "ci"),
            "permission"           => Gen.OneOf("machine.read", "none.such"),
            "resource"             => Gen.Const($"machine:{pool["machines"]}"),
            _                      => Gen.OneOf("1", "json", "csv", "nothing"),
        };
        return Gen.Frequency((2, Gen.Const("")), (3, likely.Select(Pair)), (1, Gen.OneOf(Hostile).Select(Pair)));

        string Pair(string value) => $"{name}={Uri.EscapeDataString(value)}";
    }

    static Gen<string[]> Header(string name)
    {
        var value = name switch
        {
            "If-Match"         => Gen.OneOf("\"1\"", "\"999\"", "*", "\"-1\"", "x"),
            "Ppec-Plan"        => Gen.OneOf(new string('0', 64), "x"),
            "Ppec-Break-Glass" => Gen.OneOf("true", "false", "maybe"),
            _                  => Gen.OneOf("because", "a%0d%0aX-Injected%3a%201", "%00", "%zz", new string('y', 1001), "na%C3%AFve"),
        };
        return Gen.Frequency((5, Gen.Const(Array.Empty<string>())), (1, value.Select(v => (string[])[name, v])));
    }

    static Gen<(string? Text, string? Type, bool IsInvalid)> Bodies(JsonObject operation, Dictionary<string, string> pool)
    {
        if (operation["requestBody"]?["content"]?.AsObject() is not { } content) return Gen.Const<(string?, string?, bool)>((null, null, false));
        if (content["application/json"]?["schema"]?.AsObject() is not { } schema)
            return Gen.OneOf([.. Hostile, "a: [1", "serial,rack\nx,y", "{}"]).Select(text => ((string?)text, (string?)content.First().Key, false));
        var good = Json(schema, pool, "", 0);
        return Gen.Select(good, Gen.Int[0, 9], Gen.Int[0, 1000], (text, how, pick) => Bent(schema, text, how, pick));
    }

    /// <summary>Mostly as it is; otherwise bent in one way, and then it is known whether the document still allows it.</summary>
    static (string? Text, string? Type, bool IsInvalid) Bent(JsonObject schema, string text, int how, int pick)
    {
        const string Json = "application/json";
        if (how == 9) return (text, "text/plain", true);
        if (how == 8) return (text[..(pick % text.Length)], Json, true); // cut: no prefix of an object is JSON
        if (how == 7) return ($"{{\"deep\":{string.Concat(Enumerable.Repeat("[", 300))}{string.Concat(Enumerable.Repeat("]", 300))}}}", Json, true);
        if (how < 4 || JsonNode.Parse(text) is not JsonObject { Count: > 0 } body) return (text, Json, false);
        var name = body.Select(p => p.Key).ElementAt(pick % body.Count);
        if (how == 4) body.Remove(name);
        else if (how == 5) body["notAField"] = 1;
        else body[name] = body[name] is JsonObject or JsonArray ? "x" : new JsonObject { ["a"] = new JsonArray(1) };
        return (body.ToJsonString(), Json, Schema.Wrong(schema, body, "") is not null);
    }

    /// <summary>JSON as a schema has it.</summary>
    static Gen<string> Json(JsonObject schema, Dictionary<string, string> pool, string name, int depth)
    {
        schema = Schema.Resolve(schema);
        if (schema["enum"] is JsonArray values) return Gen.OneOf([.. values.Select(v => v!.ToJsonString())]);
        if (schema["oneOf"] is JsonArray any) return Gen.OneOf([.. any.Select(s => Json(s!.AsObject(), pool, name, depth))]);
        var type = schema["type"] switch { JsonArray several => several.Select(t => (string)t!).First(t => t != "null"), { } one => (string)one!, null => schema["properties"] is null ? "any" : "object" };
        switch (type)
        {
            case "integer": return Gen.OneOf("0", "1", "2", "42", "-1", "1000000", "2147483647");
            case "number": return Gen.OneOf("0", "1.5", "-1");
            case "boolean": return Gen.OneOf("true", "false");
            case "null": return Gen.Const("null");
            case "array": return depth >= Deepest ? Gen.Const("[]") : Json(schema["items"]!.AsObject(), pool, name, depth + 1).Array[0, 3].Select(items => $"[{string.Join(',', items)}]");
            case "object" when schema["properties"] is JsonObject properties:
                var required = schema["required"]?.AsArray().Select(r => (string)r!).ToHashSet() ?? [];
                return All([.. properties.Select(p => required.Contains(p.Key) ? One(p) : depth >= Deepest ? Gen.Const("") : Gen.Frequency((1, Gen.Const("")), (1, One(p))))]).Select(parts => $"{{{string.Join(',', parts.Where(part => part.Length > 0))}}}");
            case "object": return Gen.OneOf("{}", "{\"team\":\"x\"}", "{\"machines\":\"1\"}");
            case "string": return Text(name, (string?)schema["format"], pool).Select(text => JsonValue.Create(text).ToJsonString());
            default: return Gen.OneOf("{}", "1", "\"x\"", "[]");
        }

        Gen<string> One(KeyValuePair<string, JsonNode?> property) => Json(property.Value!.AsObject(), pool, property.Key, depth + 1).Select(json => $"{JsonValue.Create(property.Key).ToJsonString()}:{json}");
    }

    static Gen<string> Text(string name, string? format, Dictionary<string, string> pool)
    {
        var likely = (name, format) switch
        {
            (_, "date-time") => Gen.OneOf("2030-01-01T00:00:00Z", "2001-01-01T00:00:00+05:30"),
            ("rack", _)        => Gen.Const(pool["racks"]),
            ("region", _)      => Gen.Const(pool["regions"]),
            ("machines", _)    => Gen.Const(pool["machines"]),
            ("permissions", _) => Gen.OneOf("machine.read", "machine.*", "*.read"),
            ("scope", _)       => Gen.OneOf("global", $"rack:{pool["racks"]}", "tag:env=prod"),
            ("subject", _)     => Gen.OneOf("group:people", "user:ci", "owner:team"),
            ("role", _)        => Gen.OneOf("viewer", "imager"),
            ("expression" or "filter", _) => Gen.OneOf("stage:spare", "-hold", "("),
            ("url" or "address", _) => Gen.OneOf("https://alerts.invalid/x", "http://169.254.169.254/latest", "https://127.0.0.1/", "file:///etc/passwd", "10.0.0.2/24"),
            ("kind", _)        => Gen.OneOf("person", "service", "events"),
            ("password" or "current" or "secret", _) => Gen.OneOf("a-long-enough-one", "short"),
            ("of", _)          => Gen.Const($"machine:{pool["machines"]}"),
            _ => Gen.OneOf(["x1", "alpha", "beta-2", "admin", "1", "compute", .. pool.Values]),
        };
        return Gen.Frequency((6, likely), (1, Gen.OneOf(Hostile)), (1, Gen.String));
    }

    static Gen<T[]> All<T>(Gen<T>[] parts) => parts.Aggregate(Gen.Const(Array.Empty<T>()), (all, part) => Gen.Select(all, part, (before, one) => (T[])[.. before, one]));
}
