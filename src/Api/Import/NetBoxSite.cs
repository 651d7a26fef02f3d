using System.Globalization;
using System.Net;
using System.Text.Json;
using Ppec.Contracts;

namespace Ppec.Api.Import;

/// <summary>
/// A site as NetBox's API shows it: <c>sites</c>, <c>racks</c>, <c>device_types</c> and <c>devices</c> (their interfaces within). What NetBox has no field for stands in
/// <c>custom_fields</c>. A device type is a profile only where it carries a specification; what else NetBox says of things is passed over, and what it never says is refused by name.
/// </summary>
static class NetBoxSite
{
    static readonly (string List, string Noun)[] Lists = [("sites", "regions"), ("racks", "racks"), ("device_types", "profiles"), ("devices", "machines")];

    /// <summary>Fields of NetBox 3 and 4 that say nothing to us.</summary>
    static readonly HashSet<string> PassedOver = new(StringComparer.Ordinal)
    {
        "id", "url", "display", "display_url", "created", "last_updated", "tags", "status", "role", "device_role", "tenant", "location", "platform", "comments", "asset_tag", "face", "airflow",
        "cluster", "virtual_chassis", "vc_position", "vc_priority", "primary_ip", "primary_ip4", "primary_ip6", "config_template", "config_context", "local_context_data", "parent_device",
        "latitude", "longitude", "facility", "facility_id", "facilities", "region", "group", "time_zone", "physical_address", "shipping_address", "asns", "type", "rack_type", "form_factor", "width",
        "starting_unit", "desc_units", "outer_width", "outer_height", "outer_depth", "outer_unit", "weight", "max_weight", "weight_unit", "mounting_depth", "manufacturer", "default_platform", "part_number",
        "is_full_depth", "subdevice_role", "front_image", "rear_image", "exclude_from_utilization", "cable", "enabled", "mtu", "lag", "bridge", "parent", "label", "module", "device", "vdcs", "speed", "duplex", "wwn",
        "mode", "rf_role", "poe_mode", "poe_type", "untagged_vlan", "tagged_vlans", "vrf", "primary_mac_address", "mac_addresses", "mark_connected", "owner", "serial_number", "tx_power", "l2vpn_termination",
    };

    public static void Read(byte[] bytes, SiteRows rows)
    {
        if (JsonTree.Read(bytes) is not Tree.Map top) throw FileText.Broken(1, $"at the top there is an object with {string.Join(", ", Lists.Select(l => l.List))}.");
        foreach (var (key, value) in top.Parts)
            if (Lists.All(l => l.List != key)) throw FileText.Broken(value.Line, $"there is no '{(key.Length > 63 ? key[..63] : key)}'. At the top there are {string.Join(", ", Lists.Select(l => l.List))}.");
            else if (value is not Tree.Many) throw FileText.Broken(value.Line, $"'{key}' is a list.");
        var types = (top["device_types"] as Tree.Many)?.Items.OfType<Tree.Map>().Where(t => Custom(t, "spec") is not null).Select(t => t["slug"]?.Word).ToHashSet() ?? [];
        foreach (var (list, noun) in Lists)
            foreach (var (item, i) in ((top[list] as Tree.Many)?.Items ?? []).Select((item, i) => (item, i)))
            {
                if (item is not Tree.Map map)
                {
                    rows.Skip();
                    rows.Wrong(item.Line, $"{list}[{i}]", "that is not an object.");
                    continue;
                }
                if (list == "device_types" && Custom(map, "spec") is null) continue;
                if (rows.Full)
                {
                    rows.Skip();
                    continue;
                }
                var row = new Reader(map, $"{list}[{i}]", rows);
                rows.Add(noun, list switch { "sites" => Region(row), "racks" => Rack(row), "device_types" => Profile(row), _ => Machine(row, types) });
            }
    }

    static Tree.Map Region(Reader row)
    {
        row.Knows(["name", "slug", "description"], []);
        return new Tree.Map(row.Line).With("id", row.Text("slug")).With("description", row.Text("description"));
    }

    static Tree.Map Rack(Reader row)
    {
        row.Knows(["name", "site", "u_height"], ["row", "power_feed", "switch_pair"]);
        return new Tree.Map(row.Line).With("id", RackId(row.Slug(row.Map["site"]), row.Text("name"))).With("units", row.Map["u_height"])
            .With("row", row.Custom("row")).With("powerFeed", row.Custom("power_feed")).With("switchPair", row.Custom("switch_pair"));
    }

    static Tree.Map Profile(Reader row)
    {
        row.Knows(["slug", "model", "u_height"], ["spec", "version"]);
        var (name, version) = Versioned.ParseProfile(row.Text("slug") ?? "");
        return new Tree.Map(row.Line).With("name", name).With("version", row.Custom("version") ?? (version is { } v ? new Tree.Leaf(row.Line, JsonValueKind.Number, v.ToString(CultureInfo.InvariantCulture)) : null)).With("spec", row.Custom("spec"));
    }

    static Tree.Map Machine(Reader row, HashSet<string?> types)
    {
        row.Knows(["name", "serial", "site", "rack", "position", "device_type", "interfaces", "oob_ip"], ["profile", "bmc_address", "bmc_user", "bmc_password", "bmc_certificate"]);
        var type = row.Map["device_type"] as Tree.Map;
        var machine = new Tree.Map(row.Line).With("serial", row.Text("serial")).With("name", row.Text("name"))
            .With("rack", RackId(row.Slug(row.Map["site"]), (row.Map["rack"] as Tree.Map)?["name"]?.Word))
            .With("unit", Whole(row.Map["position"])).With("height", Whole(type?["u_height"]))
            .With("profile", row.Custom("profile")?.Word ?? (type?["slug"]?.Word is { } slug && types.Contains(slug) ? slug : null))
            .With("macs", Macs(row.Map["interfaces"]));
        var address = row.Custom("bmc_address")?.Word ?? ((row.Map["oob_ip"] as Tree.Map)?["address"]?.Word is { } ip ? $"https://{Host(ip.Split('/')[0])}" : null);
        // An address alone is of no use: without a user the BMC stays to be set.
        if (row.Custom("bmc_user") is null && row.Custom("bmc_address") is null && row.Custom("bmc_password") is null) return machine;
        return machine.With("bmc", new Tree.Map(row.Line).With("address", address).With("user", row.Custom("bmc_user")).With("password", row.Custom("bmc_password")).With("pinnedCertificate", row.Custom("bmc_certificate")));
    }

    /// <summary>Names of racks are names for people there; as part of an id they are lower case without spaces.</summary>
    static string? RackId(string? site, string? name) => site is null || name is null ? null : $"{site}.{name.Trim().ToLowerInvariant().Replace(' ', '-').Replace('_', '-')}";

    /// <summary>NetBox counts units in halves: 12.0 is 12.</summary>
    static Tree? Whole(Tree? number) => number is Tree.Leaf { Kind: JsonValueKind.Number, Text: var text } leaf && text.EndsWith(".0", StringComparison.Ordinal) ? leaf with { Text = text[..^2] } : number;

    static Tree.Many? Macs(Tree? interfaces) => interfaces is not Tree.Many many ? null : new(many.Line, [.. many.Items.OfType<Tree.Map>()
        .Where(i => i["mgmt_only"] is not Tree.Leaf { Kind: JsonValueKind.True } && i["mac_address"]?.Word is not null)
        .Select(i => new Tree.Leaf(i.Line, JsonValueKind.String, i["mac_address"]!.Word!.ToLowerInvariant()))]);

    static string Host(string ip) => ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip;

    static Tree? Custom(Tree.Map map, string name) => (map["custom_fields"] as Tree.Map)?[name];

    /// <summary>One object of a list.</summary>
    sealed class Reader(Tree.Map map, string at, SiteRows rows)
    {
        public Tree.Map Map => map;
        public int Line => map.Line;

        public string? Text(string field) => map[field]?.Word;
        public Tree? Custom(string field) => NetBoxSite.Custom(map, field);
        public string? Slug(Tree? reference) => (reference as Tree.Map)?["slug"]?.Word;

        public void Knows(string[] fields, string[] custom)
        {
            foreach (var (key, value) in map.Parts)
                if (key is not ("custom_fields" or "description") && !fields.Contains(key) && !PassedOver.Contains(key) && !key.EndsWith("_count", StringComparison.Ordinal))
                    rows.Wrong(value.Line, $"{at}.{Short(key)}", $"NetBox has no field '{Short(key)}' here.");
            foreach (var (key, value) in (map["custom_fields"] as Tree.Map)?.Parts ?? [])
                if (!custom.Contains(key)) rows.Wrong(value.Line, $"{at}.custom_fields.{Short(key)}", $"there is no custom field '{Short(key)}' here{(custom.Length > 0 ? $": there are {string.Join(", ", custom)}" : "")}.");
        }

        static string Short(string key) => key.Length > 63 ? key[..63] : key;
    }

    // ── Out ───────────────────────────────────────────────────────────────────────────────────────────────

    public static byte[] Write(IReadOnlyCollection<string> nouns, IReadOnlyDictionary<string, List<JsonElement>> all)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new() { Indented = true }))
        {
            writer.WriteStartObject();
            foreach (var (list, noun) in Lists.Where(l => nouns.Contains(l.Noun)))
            {
                writer.WriteStartArray(list);
                foreach (var row in all[noun])
                {
                    writer.WriteStartObject();
                    switch (noun)
                    {
                        case "regions":  Site(writer, row); break;
                        case "racks":    Rack(writer, row); break;
                        case "profiles": Type(writer, row); break;
                        default:         Device(writer, row); break;
                    }
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    static void Site(Utf8JsonWriter writer, JsonElement row)
    {
        writer.WriteString("name", Of(row, "id"));
        writer.WriteString("slug", Of(row, "id"));
        if (Of(row, "description") is { } description) writer.WriteString("description", description);
    }

    static void Rack(Utf8JsonWriter writer, JsonElement row)
    {
        var id = Of(row, "id")!.Split('.');
        writer.WriteString("name", id[1]);
        Named(writer, "site", "slug", id[0]);
        writer.WriteNumber("u_height", row.GetProperty("units").GetInt32());
        Fields(writer, [("row", Of(row, "row")), ("power_feed", Of(row, "powerFeed")), ("switch_pair", Of(row, "switchPair"))]);
    }

    static void Type(Utf8JsonWriter writer, JsonElement row)
    {
        writer.WriteString("model", Of(row, "name"));
        writer.WriteString("slug", $"{Of(row, "name")}-v{row.GetProperty("version").GetInt32()}");
        writer.WriteStartObject("custom_fields");
        writer.WriteNumber("version", row.GetProperty("version").GetInt32());
        writer.WritePropertyName("spec");
        row.GetProperty("spec").WriteTo(writer);
        writer.WriteEndObject();
    }

    static void Device(Utf8JsonWriter writer, JsonElement row)
    {
        var rack = Of(row, "rack")!.Split('.');
        if (Of(row, "name") is { } name) writer.WriteString("name", name);
        writer.WriteString("serial", Of(row, "serial"));
        Named(writer, "site", "slug", rack[0]);
        Named(writer, "rack", "name", rack[1]);
        writer.WriteNumber("position", row.GetProperty("unit").GetInt32());
        writer.WriteStartObject("device_type");
        if (Of(row, "profile") is { } type) writer.WriteString("slug", type);
        writer.WriteNumber("u_height", row.GetProperty("height").GetInt32());
        writer.WriteEndObject();
        writer.WriteStartArray("interfaces");
        foreach (var mac in row.GetProperty("macs").EnumerateArray())
        {
            writer.WriteStartObject();
            writer.WriteString("mac_address", mac.GetString());
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        var bmc = row.TryGetProperty("bmc", out var known) ? known : default;
        var address = bmc.ValueKind == JsonValueKind.Undefined ? null : Of(bmc, "address");
        var ip = address is not null && Uri.TryCreate(address, UriKind.Absolute, out var uri) && IPAddress.TryParse(uri.DnsSafeHost, out var parsed) && address == $"https://{Host(parsed.ToString())}" ? parsed.ToString() : null;
        if (ip is not null) Named(writer, "oob_ip", "address", $"{ip}/{(ip.Contains(':', StringComparison.Ordinal) ? 128 : 32)}");
        Fields(writer, [("profile", Of(row, "profile")), ("bmc_address", ip is null ? address : null), ("bmc_user", address is null ? null : Of(bmc, "user")), ("bmc_certificate", address is null ? null : Of(bmc, "pinnedCertificate"))]);
    }

    static void Named(Utf8JsonWriter writer, string what, string by, string name)
    {
        writer.WriteStartObject(what);
        writer.WriteString(by, name);
        writer.WriteEndObject();
    }

    static void Fields(Utf8JsonWriter writer, (string Name, string? Value)[] fields)
    {
        if (fields.All(f => f.Value is null)) return;
        writer.WriteStartObject("custom_fields");
        foreach (var (name, value) in fields)
            if (value is not null) writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    /// <summary>A text that says anything.</summary>
    static string? Of(JsonElement row, string field) => row.TryGetProperty(field, out var value) && value.GetString() is { Length: > 0 } text ? text : null;
}
