using System.Text.Json;

namespace Ppec.Api.Import;

/// <summary>JSON with its lines; nesting is bounded, and a field that stands twice is an error.</summary>
static class JsonTree
{
    const int Deepest = 32;

    /// <param name="bytes">UTF-8, whole.</param>
    /// <param name="within">The line of a file that this is a part of; 0 = it is the file.</param>
    public static Tree Read(ReadOnlySpan<byte> bytes, int within = 0)
    {
        var reader = new Utf8JsonReader(bytes, new() { MaxDepth = Deepest });
        var (line, counted) = (1, 0);
        try
        {
            reader.Read();
            var tree = Value(bytes, ref reader, ref line, ref counted);
            while (reader.Read()) { }
            return within == 0 ? tree : At(tree, within);
        }
        catch (JsonException e)
        {
            throw FileText.Broken(within > 0 ? within : (int)(e.LineNumber ?? line - 1) + 1, e.Message.Split(" LineNumber:")[0] is var message && message.Contains("depth", StringComparison.Ordinal) ? $"it is nested more than {Deepest} deep." : $"that is not JSON: {message}");
        }
        catch (InvalidOperationException) // an escape that makes half a character
        {
            throw FileText.Broken(within > 0 ? within : line, "a text has an escape that is no character.");
        }
    }

    static Tree Value(ReadOnlySpan<byte> bytes, ref Utf8JsonReader reader, ref int line, ref int counted)
    {
        line += bytes[counted..(int)reader.TokenStartIndex].Count((byte)'\n');
        counted = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new Tree.Map(line);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    reader.Read();
                    var value = Value(bytes, ref reader, ref line, ref counted);
                    if (!map.Add(key, value)) throw FileText.Broken(value.Line, "a field is there twice.");
                }
                return map;
            case JsonTokenType.StartArray:
                var many = new Tree.Many(line, []);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) many.Items.Add(Value(bytes, ref reader, ref line, ref counted));
                return many;
            case JsonTokenType.String:
                var text = reader.GetString()!;
                return text.Length <= FileText.LongestField ? new Tree.Leaf(line, JsonValueKind.String, text) : throw FileText.Broken(line, $"a text is longer than {FileText.LongestField} characters.");
            case JsonTokenType.Number: return new Tree.Leaf(line, JsonValueKind.Number, System.Text.Encoding.ASCII.GetString(reader.ValueSpan.Length <= 32 ? reader.ValueSpan : throw FileText.Broken(line, "a number has more than 32 digits.")));
            case JsonTokenType.True: return new Tree.Leaf(line, JsonValueKind.True, "true");
            case JsonTokenType.False: return new Tree.Leaf(line, JsonValueKind.False, "false");
            default: return new Tree.Leaf(line, JsonValueKind.Null, "null");
        }
    }

    /// <summary>What stands in one cell stands in one line.</summary>
    static Tree At(Tree tree, int line)
    {
        switch (tree)
        {
            case Tree.Map map:
                var moved = new Tree.Map(line);
                foreach (var (key, value) in map.Parts) moved.Add(key, At(value, line));
                return moved;
            case Tree.Many many: return new Tree.Many(line, many.Items.ConvertAll(i => At(i, line)));
            default: return tree with { Line = line };
        }
    }
}
