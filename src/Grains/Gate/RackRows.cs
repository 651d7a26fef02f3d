using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;

namespace Ppec.Grains.Gate;

/// <summary>
/// What is wrong with a list of machines to rack, each row for itself, against the others and against what is there: everything at once, so that a file is mended once.
/// It looks and takes nothing; what is taken meanwhile is found when the names are claimed.
/// </summary>
public sealed class RackRows(IReadModel readModel, PpecOptions options)
{
    /// <param name="rows">The machines.</param>
    /// <param name="newRacks">Racks that the same list creates.</param>
    /// <param name="newProfiles">Profiles that it creates.</param>
    /// <param name="spoken">How a row is called; by its number unless said.</param>
    public ImmutableArray<(int Row, string Field, string Message)> Problems(IReadOnlyList<RackMachineBody> rows, IReadOnlyDictionary<string, RackBody> newRacks, IReadOnlySet<string> newProfiles, Func<int, string>? spoken = null)
    {
        spoken ??= row => $"row {row + 1}";
        var found = ImmutableArray.CreateBuilder<(int, string, string)>();
        var (names, units, racks, profiles) = (new Dictionary<string, int>(StringComparer.Ordinal), new Dictionary<(string, int), int>(), new Dictionary<string, RackView?>(StringComparer.Ordinal), new Dictionary<string, bool>(StringComparer.Ordinal));
        for (var i = 0; i < rows.Count; i++)
        {
            var (row, id) = (rows[i], MachineId.Of(rows[i].Serial));
            void Wrong(string field, string message) => found.Add((i, field, message));

            Once("serial", $"serial {row.Serial}", id);
            if (View<MachineView>("machine", id) is { Stage: not "retired" } known) Wrong("serial", $"{id} is already known, and is {known.Stage}.");

            Place(row, Wrong, i);

            foreach (var mac in row.Macs.IsDefault ? [] : row.Macs)
            {
                Once("macs", $"MAC {mac}", $"mac:{mac}");
                if (Owner($"mac:{mac}") is { } owner && owner != id) Wrong("macs", $"{mac} belongs to {owner}.");
            }
            if (row.Bmc is { } bmc)
            {
                var address = bmc.Address.TrimEnd('/');
                if (Uri.TryCreate(address, UriKind.Absolute, out var url) && options.BmcGuard.Refusal(url) is { } never) Wrong("bmc.address", never);
                Once("bmc.address", $"BMC {address}", $"bmc:{address}");
                if (Owner($"bmc:{address}") is { } owner && owner != id) Wrong("bmc.address", $"{address} belongs to {owner}.");
            }
            if (row.Profile is { } profile && !newProfiles.Contains(profile) && !Profile(profile)) Wrong("profile", $"There is no profile {profile}: create it first.");

            void Once(string field, string what, string key)
            {
                if (!names.TryAdd(key, i)) Wrong(field, $"{what} is in {spoken(names[key])} already.");
            }
        }
        return found.DrainToImmutable();

        void Place(RackMachineBody row, Action<string, string> wrong, int i)
        {
            if (!racks.TryGetValue(row.Rack, out var rack)) racks[row.Rack] = rack = View<RackView>("rack", row.Rack);
            var height = rack?.Units ?? (newRacks.TryGetValue(row.Rack, out var fresh) ? fresh.Units : 0);
            if (height == 0)
            {
                wrong("rack", $"There is no rack {row.Rack}: create it first.");
                return;
            }
            if (row.Unit < 1 || row.Height < 1 || row.Height > height - row.Unit + 1)
            {
                wrong("unit", $"{row.Height} units from unit {row.Unit} up are not in rack {row.Rack}, which has 1 to {height}.");
                return;
            }
            if ((rack?.Slots ?? []).FirstOrDefault(s => s.Unit < row.Unit + row.Height && row.Unit < s.Unit + s.Height) is { } taken && taken.Machine != MachineId.Of(row.Serial))
                wrong("unit", $"Unit {Math.Max(row.Unit, taken.Unit)} of rack {row.Rack} is taken by {taken.Machine}.");
            for (var unit = row.Unit; unit < row.Unit + row.Height; unit++)
                if (!units.TryAdd((row.Rack, unit), i))
                {
                    wrong("unit", $"Unit {unit} of rack {row.Rack} is in {spoken(units[(row.Rack, unit)])} already.");
                    return;
                }
        }

        bool Profile(string profile)
        {
            if (profiles.TryGetValue(profile, out var known)) return known;
            return profiles[profile] = readModel.Find("profile", profile) is not null || readModel.List("profile", new($"name:{profile}", null, 1, null)).Total > 0;
        }
    }

    string? Owner(string name) => readModel.Find("claim", name) is { } claim ? JsonDocument.Parse(claim).RootElement.GetProperty("owner").GetString() : null;

    T? View<T>(string noun, string id) where T : class => readModel.Find(noun, id) is { } document ? JsonSerializer.Deserialize<T>(document.Span, Shown.Options) : null;
}
