using System.Text;
using System.Text.Json;
using Ppec.Contracts.Gate;

namespace Ppec.Api.Import;

/// <summary>
/// A site as CSV. Either every row says in the column <c>kind</c> what it is, or the file is of one noun, which its header shows.
/// Lists within a cell are separated by spaces; a profile's specification is a cell of JSON.
/// </summary>
static class CsvSite
{
    const string Kind = "kind";

    /// <summary>Columns by kind, in the order that an export has them; and the field that each is.</summary>
    static readonly (string Kind, string Noun, (string Column, string Field)[] Columns)[] Kinds =
    [
        ("region", "regions", [("id", "id"), ("description", "description")]),
        ("rack", "racks", [("id", "id"), ("units", "units"), ("row", "row"), ("power_feed", "powerFeed"), ("switch_pair", "switchPair")]),
        ("profile", "profiles", [("name", "name"), ("version", "version"), ("spec", "spec")]),
        ("machine", "machines",
        [
            ("serial", "serial"), ("rack", "rack"), ("unit", "unit"), ("height", "height"), ("profile", "profile"), ("name", "name"), ("macs", "macs"),
            ("bmc_address", "bmc.address"), ("bmc_user", "bmc.user"), ("bmc_password", "bmc.password"), ("bmc_certificate", "bmc.pinnedCertificate"),
        ]),
    ];

    /// <summary>What names a noun when no column says it: a column that no other has.</summary>
    static readonly (string Column, string Kind)[] Telling =
        [("serial", "machine"), ("spec", "profile"), ("units", "rack"), ("row", "rack"), ("power_feed", "rack"), ("switch_pair", "rack"), ("description", "region")];

    public static void Read(string text, SiteRows rows)
    {
        List<string>? header = null;
        var all = "";
        foreach (var (line, fields) in CsvText.Read(text))
        {
            if (header is null)
            {
                (header, all) = Header(line, [.. fields.Select(f => f.Trim())]);
                continue;
            }
            if (fields.Count != header.Count)
            {
                rows.Skip();
                rows.Wrong(line, "body", $"{fields.Count} fields, and the header has {header.Count}.");
                continue;
            }
            if (rows.Full) rows.Skip();
            else Row(line, header, all, fields, rows);
        }
        if (header is null) throw FileText.Broken(1, "the file is empty: it begins with a header row.");
    }

    /// <summary>The columns, and the kind of all rows; empty when each says its own.</summary>
    static (List<string> Header, string Kind) Header(int line, List<string> header)
    {
        var known = Kinds.SelectMany(k => k.Columns).Select(c => c.Column).Append(Kind).ToHashSet(StringComparer.Ordinal);
        if (header.FirstOrDefault(h => !known.Contains(h)) is { } unknown) throw FileText.Broken(line, $"there is no column '{(unknown.Length > 63 ? unknown[..63] : unknown)}'. There are {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
        if (header.GroupBy(h => h, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice) throw FileText.Broken(line, $"the column '{twice.Key}' is there twice.");
        if (header.Contains(Kind)) return (header, "");
        var kind = Telling.FirstOrDefault(t => header.Contains(t.Column)).Kind ?? throw FileText.Broken(line, "what these rows are is not said: add a column 'kind' with region, rack, profile or machine.");
        var own = Kinds.Single(k => k.Kind == kind).Columns;
        return header.FirstOrDefault(h => own.All(c => c.Column != h)) is { } foreign
            ? throw FileText.Broken(line, $"a {kind} has no column '{foreign}': for rows of several kinds, add a column 'kind'.")
            : (header, kind);
    }

    static void Row(int line, List<string> header, string kind, List<string> fields, SiteRows rows)
    {
        if (kind.Length == 0) kind = fields[header.IndexOf(Kind)];
        var (known, noun, columns) = Kinds.FirstOrDefault(k => k.Kind == kind);
        if (known is null)
        {
            rows.Skip();
            rows.Wrong(line, Kind, "the kind is region, rack, profile or machine.");
            return;
        }
        var map = new Tree.Map(line);
        Tree.Map? bmc = null;
        for (var i = 0; i < header.Count; i++)
        {
            if (fields[i].Length == 0 || header[i] == Kind) continue;
            var field = columns.FirstOrDefault(c => c.Column == header[i]).Field;
            switch (field)
            {
                case null: rows.Wrong(line, header[i], $"a {kind} has no {header[i]}."); break;
                case "macs": map.Add(field, new Tree.Many(line, [.. fields[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(m => new Tree.Leaf(line, JsonValueKind.String, m))])); break;
                case "spec": if (Spec(line, fields[i], rows) is { } spec) map.Add(field, spec); break;
                case var f when f.StartsWith("bmc.", StringComparison.Ordinal): (bmc ??= new(line)).With(f[4..], fields[i]); break;
                default: map.With(field, fields[i]); break;
            }
        }
        rows.Add(noun, map.With("bmc", bmc));
    }

    static Tree? Spec(int line, string text, SiteRows rows)
    {
        try
        {
            return JsonTree.Read(Encoding.UTF8.GetBytes(text), line);
        }
        catch (RequestException)
        {
            rows.Wrong(line, "spec", "spec: that is not JSON, such as {\"memoryMiB\":65536}.");
            return null;
        }
    }

    /// <param name="nouns">Those that are wanted.</param>
    /// <param name="all">Every row, by noun.</param>
    public static string Write(IReadOnlyCollection<string> nouns, IReadOnlyDictionary<string, List<JsonElement>> all)
    {
        var kinds = Kinds.Where(k => nouns.Contains(k.Noun)).ToList();
        List<string> columns = [.. kinds.SelectMany(k => k.Columns).Select(c => c.Column).Where(c => c != "bmc_password").Distinct(StringComparer.Ordinal)];
        var text = new StringBuilder();
        CsvText.Write(text, [Kind, .. columns]);
        foreach (var kind in kinds)
            foreach (var row in all[kind.Noun])
                CsvText.Write(text, [kind.Kind, .. columns.Select(c => kind.Columns.FirstOrDefault(k => k.Column == c).Field is { } field ? Cell(row, field) : null)]);
        return text.ToString();
    }

    static string? Cell(JsonElement row, string field)
    {
        foreach (var part in field.Split('.'))
            if (!row.TryGetProperty(part, out row)) return null;
        return field switch
        {
            "macs" => string.Join(' ', row.EnumerateArray().Select(m => m.GetString())),
            "spec" => row.GetRawText(),
            _ => row.ToString(),
        };
    }
}
