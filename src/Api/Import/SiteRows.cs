using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ppec.Contracts;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;

namespace Ppec.Api.Import;

/// <summary>Collects the rows of a file, and what is wrong with them; every row is read before anything is refused, so that a file is mended once.</summary>
sealed class SiteRows
{
    public const int MostProblems = 1000;

    /// <summary>YAML and CSV have text only: the type that reads it decides what is a number.</summary>
    static readonly JsonSerializerOptions Options = new(PpecJson.Options) { NumberHandling = JsonNumberHandling.AllowReadingFromString };

    readonly ImmutableArray<Row<RegionBody>>.Builder _regions = ImmutableArray.CreateBuilder<Row<RegionBody>>();
    readonly ImmutableArray<Row<RackBody>>.Builder _racks = ImmutableArray.CreateBuilder<Row<RackBody>>();
    readonly ImmutableArray<Row<ProfileRow>>.Builder _profiles = ImmutableArray.CreateBuilder<Row<ProfileRow>>();
    readonly ImmutableArray<Row<MachineRow>>.Builder _machines = ImmutableArray.CreateBuilder<Row<MachineRow>>();
    readonly List<FieldProblem> _problems = [];
    readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);
    int _wrong;
    int _rows;

    /// <summary>Rows beyond the most are counted, and not kept.</summary>
    public bool Full => _rows >= ImportMany.MostRows;

    public void Skip() => _rows++;

    /// <param name="noun"><c>regions</c>, <c>racks</c>, <c>profiles</c> or <c>machines</c>.</param>
    /// <param name="row">Its fields as the body of that noun has them.</param>
    public void Add(string noun, Tree row)
    {
        var index = _seen[noun] = _seen.GetValueOrDefault(noun, -1) + 1;
        if (++_rows > ImportMany.MostRows) return;
        switch (noun)
        {
            case "regions":  Read(_regions); break;
            case "racks":    Read(_racks); break;
            case "profiles": Read(_profiles); break;
            default:         Read(_machines); break;
        }

        void Read<T>(ImmutableArray<Row<T>>.Builder rows) where T : class
        {
            try
            {
                if (row is not Tree.Map) throw new JsonException("the value has the wrong type.");
                using var json = new MemoryStream();
                using (var writer = new Utf8JsonWriter(json, new() { SkipValidation = true })) row.WriteTo(writer);
                rows.Add(new(row.Line, JsonSerializer.Deserialize<T>(json.GetBuffer().AsSpan(0, (int)json.Length), Options)!));
            }
            catch (JsonException e)
            {
                var field = e.Path is { Length: > 2 } path ? path[1..] : "";
                Wrong(row.LineOf(e.Path), $"{noun}[{index}]{field}", $"{(field.Length > 0 ? $"{field[1..]}: " : "")}{Requests.Plain(e)}");
            }
        }
    }

    public void Wrong(int line, string field, string message)
    {
        if (_wrong++ < MostProblems) _problems.Add(new(field, $"line {line}: {message}"));
    }

    public SiteFile Done()
    {
        if (_wrong > 0) throw new RequestException(new(ProblemCodes.Malformed, $"{_wrong} problems in {_rows} rows, and nothing was imported. First: {_problems[0].Message}", [.. _problems]));
        if (_rows > ImportMany.MostRows) throw FileText.TooManyRows(_rows);
        return new(_regions.DrainToImmutable(), _racks.DrainToImmutable(), _profiles.DrainToImmutable(), _machines.DrainToImmutable());
    }
}
