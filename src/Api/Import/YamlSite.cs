using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ppec.Api.Import;

/// <summary>
/// A site as YAML: <c>regions</c>, <c>racks</c>, <c>profiles</c> and <c>machines</c>, each a list. It is read event by event: anchors, aliases and tags,
/// with which a small file grows without bound, are refused where they stand, and rows beyond the most are not kept.
/// </summary>
static partial class YamlSite
{
    const int Deepest = 32;

    public static readonly string[] Nouns = ["regions", "racks", "profiles", "machines"];

    public static void Read(string text, SiteRows rows)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _)) throw FileText.Broken(1, "the file is empty.");
            parser.Consume<DocumentStart>();
            Site(parser, rows);
            parser.Consume<DocumentEnd>();
            if (!parser.Accept<StreamEnd>(out _)) throw FileText.Broken(Line(parser.Current!), "there is a second document.");
        }
        catch (YamlException e)
        {
            throw FileText.Broken((int)e.Start.Line, $"that is not YAML: {Plain(e.Message)}");
        }
    }

    /// <summary>The library's words without its positions, which are said already.</summary>
    static string Plain(string message) => message is { Length: <= 200 } && !message.Contains("YamlDotNet", StringComparison.Ordinal) && !message.Contains("Exception", StringComparison.Ordinal) ? message : "look at quotes, colons and indentation.";

    static void Site(Parser parser, SiteRows rows)
    {
        if (!parser.TryConsume<MappingStart>(out var top)) throw FileText.Broken(Line(parser.Current!), $"at the top there are {string.Join(", ", Nouns)}, each a list.");
        Bare(top);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Key(parser);
            if (!Nouns.Contains(key.Value)) throw FileText.Broken(Line(key), $"there is no '{(key.Value.Length > 63 ? key.Value[..63] : key.Value)}'. At the top there are {string.Join(", ", Nouns)}.");
            if (!seen.Add(key.Value)) throw FileText.Broken(Line(key), $"'{key.Value}' is there twice.");
            if (parser.Accept<Scalar>(out var none) && none is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" }) Bare(parser.Consume<Scalar>());
            else if (parser.TryConsume<SequenceStart>(out var list))
            {
                Bare(list);
                while (!parser.TryConsume<SequenceEnd>(out _))
                    if (rows.Full)
                    {
                        Pass(parser);
                        rows.Skip();
                    }
                    else rows.Add(key.Value, Value(parser, 0));
            }
            else throw FileText.Broken(Line(parser.Current!), $"'{key.Value}' is a list.");
        }
    }

    static Tree Value(Parser parser, int depth)
    {
        if (depth > Deepest) throw FileText.Broken(Line(parser.Current!), $"it is nested more than {Deepest} deep.");
        if (parser.TryConsume<Scalar>(out var scalar)) return Leaf(scalar);
        if (parser.TryConsume<SequenceStart>(out var list))
        {
            Bare(list);
            var many = new Tree.Many(Line(list), []);
            while (!parser.TryConsume<SequenceEnd>(out _)) many.Items.Add(Value(parser, depth + 1));
            return many;
        }
        if (!parser.TryConsume<MappingStart>(out var start)) throw FileText.Broken(Line(parser.Current!), "aliases are not read: write it out.");
        Bare(start);
        var map = new Tree.Map(Line(start));
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Key(parser);
            if (!map.Add(key.Value, Value(parser, depth + 1))) throw FileText.Broken(Line(key), $"'{key.Value}' is there twice.");
        }
        return map;
    }

    /// <summary>Reads past a value as strictly as if it were kept.</summary>
    static void Pass(Parser parser)
    {
        var depth = 0;
        do
        {
            var e = parser.Consume<ParsingEvent>();
            if (e is NodeEvent node) Bare(node);
            if (e is AnchorAlias) throw FileText.Broken(Line(e), "aliases are not read: write it out.");
            depth += e.NestingIncrease;
            if (depth > Deepest) throw FileText.Broken(Line(e), $"it is nested more than {Deepest} deep.");
        }
        while (depth > 0);
    }

    static Scalar Key(Parser parser)
    {
        if (!parser.TryConsume<Scalar>(out var key)) throw FileText.Broken(Line(parser.Current!), "a key is a word.");
        Bare(key);
        return key;
    }

    static Tree.Leaf Leaf(Scalar scalar)
    {
        Bare(scalar);
        if (scalar.Value.Length > FileText.LongestField) throw FileText.Broken(Line(scalar), $"a text is longer than {FileText.LongestField} characters.");
        return new(Line(scalar), (scalar.Style, scalar.Value) switch
        {
            (ScalarStyle.Plain, "" or "~" or "null") => JsonValueKind.Null,
            (ScalarStyle.Plain, "true") => JsonValueKind.True,
            (ScalarStyle.Plain, "false") => JsonValueKind.False,
            _ => JsonValueKind.String,
        }, scalar is { Style: ScalarStyle.Plain, Value: "" or "~" } ? "null" : scalar.Value);
    }

    static void Bare(NodeEvent node)
    {
        if (!node.Anchor.IsEmpty) throw FileText.Broken(Line(node), "anchors are not read: write it out.");
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific) throw FileText.Broken(Line(node), "tags are not read.");
    }

    static int Line(ParsingEvent e) => (int)e.Start.Line;

    // ── Out ───────────────────────────────────────────────────────────────────────────────────────────────

    public static string Write(IReadOnlyCollection<string> nouns, IReadOnlyDictionary<string, List<JsonElement>> all)
    {
        var text = new StringBuilder();
        foreach (var noun in Nouns.Where(nouns.Contains))
        {
            text.Append(noun).Append(all[noun].Count == 0 ? ": []\n" : ":\n");
            foreach (var row in all[noun])
            {
                text.Append("- ");
                Map(text, row, 2, startsLine: false);
            }
        }
        return text.ToString();
    }

    static void Map(StringBuilder text, JsonElement map, int indent, bool startsLine)
    {
        foreach (var property in map.EnumerateObject())
        {
            if (startsLine) text.Append(' ', indent);
            startsLine = true;
            text.Append(Scalar(property.Name)).Append(':');
            switch (property.Value)
            {
                case { ValueKind: JsonValueKind.Object } inner when inner.EnumerateObject().Any():
                    text.Append('\n');
                    Map(text, inner, indent + 2, startsLine: true);
                    break;
                case { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() > 0:
                    text.Append('\n');
                    foreach (var item in list.EnumerateArray())
                    {
                        text.Append(' ', indent).Append("- ");
                        if (item.ValueKind == JsonValueKind.Object && item.EnumerateObject().Any()) Map(text, item, indent + 2, startsLine: false);
                        else text.Append(Leaf(item)).Append('\n');
                    }
                    break;
                default: text.Append(' ').Append(Leaf(property.Value)).Append('\n'); break;
            }
        }
    }

    static string Leaf(JsonElement value) => value.ValueKind == JsonValueKind.String ? Scalar(value.GetString()!) : value.GetRawText();

    /// <summary>What is not plainly a word is quoted, so that no reader of YAML takes it for anything else.</summary>
    static string Scalar(string text)
    {
        if (Word().IsMatch(text) && !Reserved().IsMatch(text)) return text;
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF') quoted.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z_/][A-Za-z0-9_./@+-]*( [A-Za-z0-9_./@+-]+)*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Word();

    [GeneratedRegex(@"^(null|true|false|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Reserved();
}
