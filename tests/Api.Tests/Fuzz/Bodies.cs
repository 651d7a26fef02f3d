using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Ppec.Api.Tests.Requests;

namespace Ppec.Api.Tests.Fuzz;

/// <summary>Bodies that a schema allows, and what becomes of one when one thing in it is wrong.</summary>
public static class Bodies
{
    /// <summary>JSON after a schema: every required field, any of the others.</summary>
    public static Gen<string> Of(JsonObject schema, string name = "")
    {
        schema = Schema.Resolve(schema);
        if (schema["oneOf"] is JsonArray any) return Gen.OneOf([.. any.Select(s => (IGen<string>)Of(s!.AsObject(), name))]);
        var types = schema["type"] switch { JsonArray several => several.Select(t => (string)t!).ToArray(), { } one => [(string)one!], _ => ["object"] };
        return Gen.OneOf([.. types.Select(t => (IGen<string>)Value(t, schema, name))]);
    }

    static Gen<string> Value(string type, JsonObject schema, string name) => type switch
    {
        "null"                => Gen.Const("null"),
        "boolean"             => Gen.Bool.Select(b => b ? "true" : "false"),
        "integer" or "number" => Gen.Frequency((6, Gen.Int[0, 5]), (2, Gen.Int[6, 5000]), (1, Gen.OneOf(-1, int.MaxValue, int.MinValue))).Select(i => i.ToString()),
        "string"              => Words.For(name, (string?)schema["format"]).Select(w => JsonSerializer.Serialize(w)),
        "array"               => Of(schema["items"]!.AsObject(), name).Array[0, 3].Select(items => $"[{string.Join(',', items)}]"),
        _                     => Object(schema),
    };

    static Gen<string> Object(JsonObject schema)
    {
        if (schema["properties"] is not JsonObject properties)
            return schema["additionalProperties"] is JsonObject each
                ? Gen.Select(Words.For("key", null), Of(each, "value")).Array[0, 2].Select(all => $"{{{string.Join(',', all.DistinctBy(p => p.Item1).Select(p => $"{JsonSerializer.Serialize(p.Item1)}:{p.Item2}"))}}}")
                : Gen.Const("{}");
        var required = schema["required"]?.AsArray().Select(r => (string)r!).ToHashSet() ?? [];
        var fields = properties.Aggregate(Gen.Const<string[]>([]), (all, field) =>
            Gen.Select(all, required.Contains(field.Key) ? Gen.Const(true) : Gen.Bool, Of(field.Value!.AsObject(), field.Key), (before, there, value) => there ? [.. before, $"\"{field.Key}\":{value}"] : before));
        return fields.Select(f => $"{{{string.Join(',', f)}}}");
    }

    /// <summary>One thing wrong. <paramref name="kind"/> says what, <paramref name="pick"/> where.</summary>
    public static string Wrong(string body, int kind, int pick)
    {
        var node = JsonNode.Parse(body)!;
        var (places, objects) = (FuzzTests.Leaves(node, []).Where(p => p.Length > 0).ToList(), FuzzTests.Objects(node, []).ToList());
        return (kind % 10) switch
        {
            0 => body[..(pick % body.Length)],
            1 => body + "x",
            2 => new[] { "null", "[]", "\"x\"", "1", "" }[pick % 5],
            3 => Unknown(node, objects[pick % objects.Count]),
            4 => Less(node, objects[pick % objects.Count], pick),
            5 when body.Length > 2 => $"{body[..^1]},{body[1..]}", // every field twice
            _ when places.Count == 0 => Unknown(node, []),
            6 => FuzzTests.Text(node, places[pick % places.Count], "null"),
            7 => FuzzTests.Text(node, places[pick % places.Count], new[] { "1e400", "99999999999999999999999999", "-9223372036854775809", "1.5", "-0", "2147483648" }[pick % 6]),
            8 => FuzzTests.Text(node, places[pick % places.Count], $"{new string('[', 500)}{new string(']', 500)}"),
            _ => FuzzTests.Text(node, places[pick % places.Count], new[] { "true", "\"x\"", "1", "[]", "{}", "[null]", "{\"a\":1}", "\"\\u0000\"", "\"\\ud800\"", $"\"{new string('x', 70_000)}\"" }[pick % 10]),
        };
    }

    /// <summary>Why nothing that keeps to the schema could be this; null when it might be, or when that cannot be told.</summary>
    public static string? Refused(JsonObject schema, string body)
    {
        try
        {
            using (JsonDocument.Parse(body)) return Schema.Wrong(schema, JsonNode.Parse(body), "the body");
        }
        catch (JsonException)
        {
            return "the body is no JSON";
        }
        catch (ArgumentException)
        {
            return null; // a field twice
        }
        catch (InvalidOperationException)
        {
            return null; // half of a surrogate pair
        }
    }

    /// <summary>The body with one field or element less each.</summary>
    public static IEnumerable<string> Smaller(string? body)
    {
        List<object[]> places;
        try
        {
            places = body is null || body.Length > 100_000 ? [] : [.. FuzzTests.Leaves(JsonNode.Parse(body)!, []).Where(p => p.Length > 0)];
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NullReferenceException or InvalidOperationException)
        {
            yield break;
        }
        foreach (var at in places)
        {
            var node = JsonNode.Parse(body!)!;
            var parent = FuzzTests.Find(node, at[..^1]);
            if (at[^1] is int index) parent.AsArray().RemoveAt(index);
            else parent.AsObject().Remove((string)at[^1]);
            yield return node.ToJsonString();
        }
    }

    static string Unknown(JsonNode node, object[] at)
    {
        if (FuzzTests.Find(node, at) is JsonObject o) o["notAField"] = 1;
        return node.ToJsonString();
    }

    static string Less(JsonNode node, object[] at, int pick)
    {
        if (FuzzTests.Find(node, at) is JsonObject { Count: > 0 } o) o.RemoveAt(pick % o.Count);
        return node.ToJsonString();
    }
}
