using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ppec.Api.Tests;

/// <summary>As much of JSON Schema as our document uses: references, types, required and declared properties, items, values of an enumeration.</summary>
public static class Schema
{
    /// <summary>The first thing wrong with <paramref name="value"/>; null when it is as declared.</summary>
    public static string? Wrong(JsonObject schema, JsonNode? value, string at)
    {
        schema = Resolve(schema);
        if (schema["oneOf"] is JsonArray any) return any.Any(s => Wrong(s!.AsObject(), value, at) is null) ? null : $"{at} is none of those";
        if (schema["enum"] is JsonArray values && values.All(v => !JsonNode.DeepEquals(v, value))) return $"{at} is {value}, which is not one of the values";
        if (schema["type"] is { } type && !Types(type).Contains(TypeOf(value))) return $"{at} is {TypeOf(value)}, not {type.ToJsonString()}";
        if ((string?)schema["format"] is "int32" or "int64" && value?.GetValueKind() == JsonValueKind.Number && !Fits((string)schema["format"]!, value.ToJsonString())) return $"{at} is {value.ToJsonString()}, which is no {schema["format"]}";
        return value switch
        {
            JsonObject o => OfObject(schema, o, at),
            JsonArray a when schema["items"] is JsonObject items => a.Select((v, i) => Wrong(items, v, $"{at}[{i}]")).FirstOrDefault(w => w is not null),
            _ => null,
        };
    }

    public static JsonObject Resolve(JsonObject schema)
    {
        while ((string?)schema["$ref"] is { } reference) schema = Contract.Document["components"]!["schemas"]![reference.Split('/')[^1]]!.AsObject();
        return schema;
    }

    static string? OfObject(JsonObject schema, JsonObject value, string at)
    {
        if (schema["required"] is JsonArray required && required.FirstOrDefault(r => !value.ContainsKey((string)r!)) is { } missing) return $"{at}.{missing} is missing";
        if (schema["properties"] is not JsonObject properties)
            return schema["additionalProperties"] is JsonObject each ? value.Select(p => Wrong(each, p.Value, $"{at}.{p.Key}")).FirstOrDefault(w => w is not null) : null;
        return value.Select(p => properties[p.Key] is JsonObject declared ? Wrong(declared, p.Value, $"{at}.{p.Key}") : $"{at}.{p.Key} is not declared").FirstOrDefault(w => w is not null);
    }

    static bool Fits(string format, string number) =>
        format == "int32" ? int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) : long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    static IEnumerable<string> Types(JsonNode type) => type is JsonArray several ? several.SelectMany(s => Types(s!)) : (string)type! == "number" ? ["number", "integer"] : [(string)type!];

    static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? "number" : "integer",
    };
}
