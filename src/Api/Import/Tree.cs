using System.Text.Json;

namespace Ppec.Api.Import;

/// <summary>A value of a file of any format, and the line it begins at. Whatever the format, rows are read from these, and by one reader.</summary>
abstract record Tree(int Line)
{
    /// <summary>Text, a number or a truth value; null is none of them.</summary>
    public sealed record Leaf(int Line, JsonValueKind Kind, string Text) : Tree(Line);

    public sealed record Many(int Line, List<Tree> Items) : Tree(Line);

    public sealed record Map(int Line) : Tree(Line)
    {
        readonly Dictionary<string, Tree> _parts = new(StringComparer.Ordinal);

        public IEnumerable<KeyValuePair<string, Tree>> Parts => _parts;

        public Tree? this[string key] => _parts.TryGetValue(key, out var part) ? part is Leaf { Kind: JsonValueKind.Null } ? null : part : null;

        public bool Add(string key, Tree value) => _parts.TryAdd(key, value);

        /// <summary>With a text there, unless it is empty.</summary>
        public Map With(string key, string? text, int line = 0)
        {
            if (!string.IsNullOrEmpty(text)) Add(key, new Leaf(line == 0 ? Line : line, JsonValueKind.String, text));
            return this;
        }

        public Map With(string key, Tree? part)
        {
            if (part is not null) Add(key, part);
            return this;
        }
    }

    /// <summary>The text of a leaf; null where there is none.</summary>
    public string? Word => (this as Leaf)?.Text;

    public void WriteTo(Utf8JsonWriter writer)
    {
        switch (this)
        {
            case Map map:
                writer.WriteStartObject();
                foreach (var (key, value) in map.Parts)
                {
                    writer.WritePropertyName(key);
                    value.WriteTo(writer);
                }
                writer.WriteEndObject();
                break;
            case Many many:
                writer.WriteStartArray();
                foreach (var item in many.Items) item.WriteTo(writer);
                writer.WriteEndArray();
                break;
            case Leaf { Kind: JsonValueKind.String, Text: var text }: writer.WriteStringValue(text); break;
            case Leaf { Text: var raw }: writer.WriteRawValue(raw, skipInputValidation: true); break;
        }
    }

    /// <summary>The line of what a JSON path names, as near as there is one.</summary>
    public int LineOf(string? path)
    {
        var at = this;
        foreach (var step in (path ?? "").Split(['.', '[', ']', '\'', '$'], StringSplitOptions.RemoveEmptyEntries))
        {
            var next = at switch
            {
                Map map => map.Parts.FirstOrDefault(p => p.Key == step).Value,
                Many many when int.TryParse(step, out var index) && index < many.Items.Count => many.Items[index],
                _ => null,
            };
            if (next is null) break;
            at = next;
        }
        return at.Line;
    }
}
