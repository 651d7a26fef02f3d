using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Fuzz;

/// <summary>A node that may be made a mess of, with one thing of each noun to begin with.</summary>
public sealed class FuzzNode : IAsyncLifetime
{
    /// <summary>Without these nobody could ask anything more.</summary>
    static readonly string[] Spared = ["bootstrap", "admin", "system-access", "administrator"];

    public TestNode Node { get; } = new();

    public Calls Api => Node.Api;

    /// <summary>A place in the log, as an answer named it.</summary>
    public string Position { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await Node.Up();
        await Contract.Load(Node.Url);
        (await Api.Post("/api/v1/regions", new { id = "fz", description = "To be fuzzed." })).Is(201);
        (await Api.Post("/api/v1/racks", new { id = "fz.r1", units = 42 })).Is(201);
        (await Api.Post("/api/v1/machines", new { serial = "FZ1", rack = "fz.r1", unit = 1 })).Is(201);
        (await Api.Post("/api/v1/profiles", new { name = "fz", spec = new { memoryMiB = 1024 } })).Is(201);
        (await Api.Post("/api/v1/filters", new { name = "fz", expression = "stage:spare" })).Is(201);
        (await Api.Post("/api/v1/tags", new { key = "fz" })).Is(201);
        (await Api.Post("/api/v1/owners", new { id = "fz" })).Is(201);
        (await Api.Post("/api/v1/groups", new { id = "fz" })).Is(201);
        (await Api.Post("/api/v1/roles", new { id = "fz", permissions = new[] { "machine.read" } })).Is(201);
        (await Api.Post("/api/v1/users", new { id = "fz" })).Is(201);
        (await Api.Post("/api/v1/users", new { id = "fz-service", kind = "service", responsible = "admin" })).Is(201);
        (await Api.Post("/api/v1/credentials", new { name = "fz", user = "fz-service" })).Is(201);
        (await Api.Post("/api/v1/grants", new { subject = "user:fz", role = "fz", scope = "region:fz" })).Is(201);
        (await Api.Post("/api/v1/webhooks", new { id = "fz", url = $"http://127.0.0.1:{Node.Port}/nothing-here" })).Is(201);
        await Node.Image();
        Position = (await Api.Post("/api/v1/machines/tag", new { machines = new[] { "fz1" }, set = new Dictionary<string, string> { ["fz"] = "1" } })).Is(202).Header("Ppec-Position")!;
        (await Api.Post("/api/v1/users", new { id = "fz-checker" })).Is(201);
        (await Api.Post("/api/v1/grants", new { subject = "user:fz-checker", role = "approver", scope = "global" })).Is(201);
        (await Api.Post("/api/v1/policies", new { id = "fz", permissions = new[] { "rack.set" }, scope = "region:fz" })).Is(202); // a change that waits
    }

    /// <summary>The administrator by a credential that may be lost.</summary>
    public async Task<Calls> Passing() => Node.As((string)(await Api.Post("/api/v1/credentials", new { name = Things.New("passing") })).Is(201).Json["token"]!);

    public ValueTask DisposeAsync() => Node.DisposeAsync();

    /// <summary>What there is of the noun of this path, as far as it may be touched.</summary>
    public async Task<ImmutableArray<string>> Ids(string path)
    {
        if (path.Contains("{sha256}", StringComparison.Ordinal)) return [Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("x")))];
        if (path.Contains("{position}", StringComparison.Ordinal)) return ["1", "2", Position];
        if (!path.Contains('{', StringComparison.Ordinal)) return [];
        var list = await Api.Get($"/api/v1/{path.Split('/')[3]}?limit=20");
        return list.Status == 200 && list.Json["items"] is JsonArray items ? [.. items.Select(i => (string?)i!["id"] ?? "").Where(i => i.Length > 0 && !Spared.Contains(i))] : [];
    }
}
