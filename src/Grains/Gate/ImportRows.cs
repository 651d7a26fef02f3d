using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Secrets;

namespace Ppec.Grains.Gate;

/// <summary>
/// What is wrong with the rows of a file, all of it at once and each with its line; and which of them are news. Each row has the shape of the command that it becomes.
/// A region, rack or profile that is there with the same values is no news; with others it is a problem, since a file does not quietly change what stands.
/// </summary>
public sealed class ImportRows(IReadModel readModel, RackRows rackRows)
{
    public Checked Of(SiteFile file)
    {
        var problems = new List<(int Line, FieldProblem Problem)>();
        var regions = Regions(file, problems);
        var racks = Racks(file, regions, problems);
        var profiles = Profiles(file, problems);
        Machines(file, racks, profiles, problems);
        return new(
            [.. problems.OrderBy(p => p.Line).Select(p => p.Problem with { Message = $"line {p.Line}: {p.Problem.Message}" })], problems.Select(p => p.Line).Distinct().Count(),
            [.. regions.Values.Where(r => r.IsNew).Select(r => r.Row)], [.. racks.Values.Where(r => r.IsNew).Select(r => r.Row)], [.. profiles.Where(p => p.IsNew).Select(p => p.Row)]);
    }

    Dictionary<string, (Row<RegionBody> Row, bool IsNew)> Regions(SiteFile file, List<(int, FieldProblem)> problems)
    {
        var seen = new Dictionary<string, (Row<RegionBody> Row, bool IsNew)>(StringComparer.Ordinal);
        foreach (var (row, i) in file.Regions.Select((r, i) => (r, i)))
        {
            var at = $"regions[{i}]";
            if (Shape(new CreateRegion(row.Value.Id, row.Value.Description), at, row.Line, problems)) continue;
            var known = View<RegionView>("region", row.Value.Id);
            if (!seen.TryAdd(row.Value.Id, (row, known is null))) Wrong(problems, row.Line, $"{at}.id", $"Region {row.Value.Id} is in line {seen[row.Value.Id].Row.Line} already.");
            else if (known is not null && known.Description != row.Value.Description) Wrong(problems, row.Line, $"{at}.description", $"Region {row.Value.Id} is there already, with another description: set it first, or leave the row out.");
        }
        return seen;
    }

    Dictionary<string, (Row<RackBody> Row, bool IsNew)> Racks(SiteFile file, Dictionary<string, (Row<RegionBody> Row, bool IsNew)> regions, List<(int, FieldProblem)> problems)
    {
        var seen = new Dictionary<string, (Row<RackBody> Row, bool IsNew)>(StringComparer.Ordinal);
        var there = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var (row, i) in file.Racks.Select((r, i) => (r, i)))
        {
            var (at, body, region) = ($"racks[{i}]", row.Value, row.Value.Id.Split('.')[0]);
            if (Shape(new CreateRack(body.Id, region, body.Units, body.Row, body.PowerFeed, body.SwitchPair), at, row.Line, problems)) continue;
            var known = View<RackView>("rack", body.Id);
            if (!seen.TryAdd(body.Id, (row, known is null))) Wrong(problems, row.Line, $"{at}.id", $"Rack {body.Id} is in line {seen[body.Id].Row.Line} already.");
            else if (known is not null && (known.Units, known.Row, known.PowerFeed, known.SwitchPair) != (body.Units, body.Row, body.PowerFeed, body.SwitchPair)) Wrong(problems, row.Line, $"{at}.id", $"Rack {body.Id} is there already, with other values: set it first, or leave the row out.");
            else if (!regions.ContainsKey(region) && !Known(there, region, () => readModel.Find("region", region) is not null)) Wrong(problems, row.Line, $"{at}.id", $"There is no region {region}: create it first, or give it a row.");
        }
        return seen;
    }

    /// <summary>In the order of the file, each version after the one before it.</summary>
    List<(Row<ProfileRow> Row, bool IsNew)> Profiles(SiteFile file, List<(int, FieldProblem)> problems)
    {
        var taken = new List<(Row<ProfileRow> Row, bool IsNew)>();
        var versions = new Dictionary<string, List<(ProfileSpec Spec, int Line)>>(StringComparer.Ordinal);
        foreach (var (row, i) in file.Profiles.Select((r, i) => (r, i)))
        {
            var (at, body) = ($"profiles[{i}]", row.Value);
            if (Shape(new CreateProfileVersion(body.Name, body.Spec), at, row.Line, problems)) continue;
            if (!versions.TryGetValue(body.Name, out var known)) versions[body.Name] = known = Versions(body.Name);
            var version = body.Version ?? (known.FindIndex(k => Same(k.Spec, body.Spec)) is >= 0 and var index ? index + 1 : known.Count + 1);
            if (version < 1 || version > known.Count + 1) Wrong(problems, row.Line, $"{at}.version", $"Version {version} of {body.Name} comes after version {known.Count}, and versions are counted without a gap.");
            else if (version <= known.Count && !Same(known[version - 1].Spec, body.Spec)) Wrong(problems, row.Line, $"{at}.spec", $"{body.Name}-v{version} is there already{(known[version - 1].Line is > 0 and var line ? $" (line {line})" : "")}, and says something else: a version never changes.");
            else if (version == known.Count + 1 && known.Count > 0 && Same(known[^1].Spec, body.Spec)) Wrong(problems, row.Line, $"{at}.spec", $"Version {version} of {body.Name} says what version {known.Count} says: leave the row out.");
            else
            {
                taken.Add((row with { Value = body with { Version = version } }, version > known.Count));
                if (version > known.Count) known.Add((body.Spec, row.Line));
            }
        }
        return taken;
    }

    List<(ProfileSpec Spec, int Line)> Versions(string name)
    {
        var found = new List<(ProfileSpec, int)>();
        while (View<ProfileView>("profile", $"{name}-v{found.Count + 1}") is { } version) found.Add((version.Spec, 0));
        return found;
    }

    void Machines(SiteFile file, Dictionary<string, (Row<RackBody> Row, bool IsNew)> racks, List<(Row<ProfileRow> Row, bool IsNew)> profiles, List<(int, FieldProblem)> problems)
    {
        var shaped = new List<int>(file.Machines.Length);
        for (var i = 0; i < file.Machines.Length; i++)
            if (!Shape(AsOne(file.Machines[i].Value), $"machines[{i}]", file.Machines[i].Line, problems, file.Machines[i].Value.Bmc?.Password)) shaped.Add(i);

        var names = profiles.SelectMany(p => (string[])[p.Row.Value.Name, p.Row.Value.Id]).ToHashSet(StringComparer.Ordinal);
        var found = rackRows.Problems([.. shaped.Select(i => Body(file.Machines[i].Value))], racks.ToDictionary(r => r.Key, r => r.Value.Row.Value, StringComparer.Ordinal), names, row => $"line {file.Machines[shaped[row]].Line}");
        foreach (var (row, field, message) in found) Wrong(problems, file.Machines[shaped[row]].Line, $"machines[{shaped[row]}].{field}", message);
    }

    static RackMachine AsOne(MachineRow m) => new("m", m.Serial, new("", m.Rack, m.Unit, m.Height),
        m.Bmc is { } b ? new(b.Protocol, b.Address, b.User, new SecretRef("", 0), b.PinnedCertificate) : null, m.Profile, m.Macs.IsDefault ? [] : m.Macs, m.Name);

    /// <summary>As it is racked by itself; that nobody gave a password is an empty one here.</summary>
    public static RackMachineBody Body(MachineRow m) => new(m.Serial, m.Rack, m.Unit, m.Height, m.Profile, m.Name, m.Macs.IsDefault ? [] : m.Macs,
        m.Bmc is { } b ? new(b.Address, b.User, b.Password ?? new SecretText(""), b.Protocol, b.PinnedCertificate) : null);

    /// <summary>True when the row is not even well-formed.</summary>
    static bool Shape(Command command, string at, int line, List<(int, FieldProblem)> problems, SecretText? secret = null)
    {
        if (Validation.Check(command, secret) is not { } wrong) return false;
        foreach (var field in wrong.Fields) Wrong(problems, line, $"{at}.{field.Field}", field.Message);
        return true;
    }

    static void Wrong(List<(int, FieldProblem)> problems, int line, string field, string message) => problems.Add((line, new(field, message)));

    static bool Known(Dictionary<string, bool> there, string key, Func<bool> look) => there.TryGetValue(key, out var known) ? known : there[key] = look();

    static bool Same(ProfileSpec a, ProfileSpec b) => JsonSerializer.Serialize(a, PpecJson.Options) == JsonSerializer.Serialize(b, PpecJson.Options);

    T? View<T>(string noun, string id) where T : class => readModel.Find(noun, id) is { } document ? JsonSerializer.Deserialize<T>(document.Span, Shown.Options) : null;
}

/// <summary>What is wrong, in the order of the lines, and in how many of them; and what has to be created before machines can stand there.</summary>
public sealed record Checked(
    ImmutableArray<FieldProblem> Problems, int Lines, ImmutableArray<Row<RegionBody>> Regions, ImmutableArray<Row<RackBody>> Racks, ImmutableArray<Row<ProfileRow>> Profiles);
