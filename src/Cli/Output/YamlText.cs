using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ppec.Cli.Output;

/// <summary>YAML out (a rendering of the API's JSON) and in (files that people write).</summary>
static partial class YamlText
{
    /// <summary>JSON as block YAML. Whatever is not plainly a word is quoted as JSON quotes it, which YAML reads alike.</summary>
    public static string Of(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(JsonText.OneLine(json)); // strings come back with hostile characters still to be escaped: see Scalar
        var text = new StringBuilder();
        Write(text, document.RootElement, 0, startsLine: true);
        return text.ToString().TrimEnd('\n');
    }

    static void Write(StringBuilder text, JsonElement value, int depth, bool startsLine)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.EnumerateObject().Any():
                foreach (var property in value.EnumerateObject())
                {
                    if (startsLine) text.Append(' ', depth * 2);
                    text.Append(Scalar(property.Name)).Append(':');
                    Nested(text, property.Value, depth);
                    startsLine = true;
                }
                break;
            case JsonValueKind.Array when value.GetArrayLength() > 0:
                foreach (var item in value.EnumerateArray())
                {
                    text.Append(' ', depth * 2).Append('-');
                    if (item.ValueKind == JsonValueKind.Object && item.EnumerateObject().Any())
                    {
                        text.Append(' ');
                        Write(text, item, depth + 1, startsLine: false);
                    }
                    else Nested(text, item, depth);
                }
                break;
            default:
                text.Append(Leaf(value)).Append('\n');
                break;
        }
    }

    static void Nested(StringBuilder text, JsonElement value, int depth)
    {
        var block = (value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any()) || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0);
        text.Append(block ? '\n' : ' ');
        Write(text, value, depth + 1, startsLine: true);
    }

    static string Leaf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Scalar(value.GetString()!),
        JsonValueKind.Object => "{}",
        JsonValueKind.Array => "[]",
        _ => value.GetRawText(),
    };

    static string Scalar(string text) => Plain().IsMatch(text) && !Reserved().IsMatch(text)
        ? text
        : JsonText.OneLine(JsonText.Compose(writer => writer.WriteStringValue(text)));

    /// <summary>
    /// A file as JSON. Scalars stay text unless they are plainly null or a truth value: the type that reads it decides
    /// what is a number, so that a firmware version written as 1.10 stays 1.10.
    /// </summary>
    public static JsonNode? Read(TextReader file, string name)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(file);
            return stream.Documents.Count switch
            {
                0 => null,
                1 => Node(stream.Documents[0].RootNode, 0),
                _ => throw new UsageException($"{name}: more than one document."),
            };
        }
        catch (YamlException e)
        {
            throw new UsageException($"{name}: line {e.Start.Line}: {e.Message}");
        }

        JsonNode? Node(YamlNode node, int depth) => node switch
        {
            _ when depth > 32 => throw new UsageException($"{name}: nested too deeply."),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" } => null,
            YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" } => JsonValue.Create(true),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: "false" } => JsonValue.Create(false),
            YamlScalarNode scalar => JsonValue.Create(scalar.Value),
            YamlSequenceNode list => new JsonArray([.. list.Children.Select(child => Node(child, depth + 1))]),
            YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(Key(pair.Key), Node(pair.Value, depth + 1)))),
            _ => throw new UsageException($"{name}: aliases are not read."),
        };

        string Key(YamlNode key) => (key as YamlScalarNode)?.Value ?? throw new UsageException($"{name}: line {key.Start.Line}: a key must be a word.");
    }

    [GeneratedRegex(@"^[A-Za-z_/][A-Za-z0-9_./@+-]*( [A-Za-z0-9_./@+-]+)*$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^(null|true|false|yes|no|on|off|y|n)$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Reserved();
}
