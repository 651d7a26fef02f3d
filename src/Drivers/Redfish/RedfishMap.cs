using System.Collections.Concurrent;
using System.Text.Json;
using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Redfish;

/// <summary>Where a BMC keeps things, as its service root and its collection of systems said.</summary>
internal sealed class RedfishMap(JsonElement root)
{
    public string? Sessions { get; } = root.Link("Links", "Sessions");

    public string? Systems { get; } = root.Link("Systems");

    public string? Managers { get; } = root.Link("Managers");

    public string? AccountService { get; } = root.Link("AccountService");

    /// <summary>The one system, once it was looked for.</summary>
    public string? System { get; set; }
}

/// <summary>
/// What was found on each BMC, for the life of the process: links do not move, and whose they are is asked every time by <see cref="IBmc.Identify"/>.
/// A BMC that refuses one, or answers what is no Redfish, is explored anew.
/// </summary>
internal sealed class RedfishMaps
{
    const int Most = 200_000;
    readonly ConcurrentDictionary<(string Address, string? Certificate), RedfishMap> known = [];

    public RedfishMap? Of(BmcTarget target) => known.GetValueOrDefault(Key(target));

    /// <summary>One without sessions is not remembered: should it get them, generations are told apart again.</summary>
    public void Keep(BmcTarget target, RedfishMap map)
    {
        if (map.Sessions is null) return;
        if (known.Count >= Most) known.Clear();
        known[Key(target)] = map;
    }

    public void Forget(BmcTarget target) => known.TryRemove(Key(target), out _);

    static (string, string?) Key(BmcTarget target) => (target.Address, target.PinnedCertificate);
}
