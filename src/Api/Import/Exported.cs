using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;

namespace Ppec.Api.Import;

/// <summary>
/// The rows of an export, each as the body that imports it again: what stands in a rack, on paper or in production, without passwords.
/// With a filter only the machines that match, and the racks, regions and profiles that they need.
/// </summary>
static class Exported
{
    const int Page = 1000;

    /// <summary>Documents of the read model, read back: what is null was left out of them.</summary>
    static readonly JsonSerializerOptions Shown = new(PpecJson.Options) { RespectRequiredConstructorParameters = false };

    public static IReadOnlyDictionary<string, List<JsonElement>> Rows(IReadModel model, string? filter)
    {
        var machines = Documents<MachineView>(model, "machine", filter).Where(m => m is { Enlisted: false, Stage: not "retired", Rack: not null }).OrderBy(m => m.Id, StringComparer.Ordinal)
            .Select(Row).ToList();
        Func<string, bool> Needed(IEnumerable<string> names) => filter is null ? _ => true : names.ToHashSet(StringComparer.Ordinal).Contains;
        var racks = Needed(machines.Select(m => m.Rack));
        var regions = Needed(machines.Select(m => m.Rack.Split('.')[0]));
        var profiles = Needed(machines.Where(m => m.Profile is not null).Select(m => Versioned.ParseProfile(m.Profile!).Name));
        return new Dictionary<string, List<JsonElement>>(StringComparer.Ordinal)
        {
            ["regions"] = Elements(Documents<RegionView>(model, "region", null).Where(r => regions(r.Id)).OrderBy(r => r.Id, StringComparer.Ordinal).Select(r => new RegionBody(r.Id, r.Description))),
            ["racks"] = Elements(Documents<RackView>(model, "rack", null).Where(r => racks(r.Id)).OrderBy(r => r.Id, StringComparer.Ordinal).Select(r => new RackBody(r.Id, r.Units, r.Row, r.PowerFeed, r.SwitchPair))),
            // All versions, also those that nothing refers to: they are counted without a gap.
            ["profiles"] = Elements(Documents<ProfileView>(model, "profile", null).Where(p => profiles(p.Name)).OrderBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Version).Select(p => new ProfileRow(p.Name, Filled(p.Spec), p.Version))),
            ["machines"] = Elements(machines),
        };
    }

    static MachineRow Row(MachineView m) => new(m.Serial, m.Rack!, m.Unit ?? 1, m.Height ?? 1, m.Profile, m.Name is { Length: > 0 } name ? name : null, m.Macs.IsDefault ? [] : m.Macs,
        m.Bmc is { } b ? new(b.Address, b.User, Protocol: b.Protocol, PinnedCertificate: b.PinnedCertificate) : null);

    static ProfileSpec Filled(ProfileSpec s) => s with { Dimms = OrEmpty(s.Dimms), Disks = OrEmpty(s.Disks), Nics = OrEmpty(s.Nics), Firmware = OrEmpty(s.Firmware) };

    static ImmutableArray<T> OrEmpty<T>(ImmutableArray<T> array) => array.IsDefault ? [] : array;

    static List<JsonElement> Elements<T>(IEnumerable<T> rows) => [.. rows.Select(r => JsonSerializer.SerializeToElement(r, PpecJson.Options))];

    static IEnumerable<T> Documents<T>(IReadModel model, string noun, string? filter)
    {
        string? cursor = null;
        do
        {
            var page = model.List(noun, new(filter, null, Page, cursor));
            foreach (var document in page.Items) yield return JsonSerializer.Deserialize<T>(document.Span, Shown)!;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }
}
