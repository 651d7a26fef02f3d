using System.Text;

namespace Ppec.Api.Import;

/// <summary>RFC 4180, read strictly: a quote that is never closed or stands in the middle of a field is an error and not a guess.</summary>
static class CsvText
{
    const int MostColumns = 100;

    /// <summary>The records that hold anything, each with the line it begins at. The list is the same one every time.</summary>
    public static IEnumerable<(int Line, List<string> Fields)> Read(string text)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        for (int at = 0, line = 1; at < text.Length;)
        {
            var began = line;
            fields.Clear();
            do at = Field(text, at, ref line, field, fields);
            while (at <= text.Length && at > 0 && text[at - 1] == ',');
            if (fields.Count > 1 || fields[0].Length > 0) yield return (began, fields);
            line++;
        }
    }

    /// <summary>Reads one field and whatever ends it. Where the next begins.</summary>
    static int Field(string text, int at, ref int line, StringBuilder field, List<string> fields)
    {
        field.Clear();
        if (at < text.Length && text[at] == '"') at = Quoted(text, at + 1, ref line, field);
        else
        {
            var end = text.AsSpan(at).IndexOfAny(",\"\r\n");
            end = end < 0 ? text.Length : at + end;
            if (end < text.Length && text[end] == '"') throw FileText.Broken(line, "there is a quote in the middle of a field: quote the whole field, and double the quotes in it.");
            field.Append(text, at, end - at);
            at = end;
        }
        if (field.Length > FileText.LongestField) throw FileText.Broken(line, $"a field is longer than {FileText.LongestField} characters.");
        if (fields.Count == MostColumns) throw FileText.Broken(line, $"there are more than {MostColumns} fields.");
        fields.Add(field.ToString());
        if (at >= text.Length) return text.Length + 1;
        if (text[at] == ',') return at + 1;
        if (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n') return at + 2;
        return text[at] == '\n' ? at + 1 : throw FileText.Broken(line, "a field is followed by neither a comma nor the end of the line.");
    }

    static int Quoted(string text, int at, ref int line, StringBuilder field)
    {
        var opened = line;
        while (true)
        {
            var quote = text.IndexOf('"', at);
            var part = text.AsSpan(at, (quote < 0 ? text.Length : quote) - at);
            if (quote < 0 || field.Length + part.Length > FileText.LongestField)
                throw FileText.Broken(opened, quote < 0 ? "a quote is opened here and never closed." : $"a field is longer than {FileText.LongestField} characters: is a quote not closed?");
            field.Append(part);
            line += part.Count('\n');
            at = quote + 1;
            if (at >= text.Length || text[at] != '"') return at;
            field.Append('"');
            at++;
        }
    }

    public static void Write(StringBuilder text, IEnumerable<string?> fields)
    {
        var first = true;
        foreach (var field in fields)
        {
            if (!first) text.Append(',');
            first = false;
            if (field is null) continue;
            if (field.AsSpan().IndexOfAny(",\"\r\n") < 0 && field.Trim() == field) text.Append(field);
            else text.Append('"').Append(field.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
        text.Append('\n');
    }
}
