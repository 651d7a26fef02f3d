using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ppec.Contracts.Images;
using Ppec.Lab.Machines;

namespace Ppec.Api.Tests;

/// <summary>What tests need to be there before they begin, each under a name of its own.</summary>
public static class Things
{
    static int _next;

    /// <summary>Never the same twice in one run.</summary>
    public static string New(string prefix) => $"{prefix}{Interlocked.Increment(ref _next):0000}";

    /// <summary>A region with one rack of 42 units; the rack's id.</summary>
    public static async Task<string> Rack(this Calls api, int units = 42)
    {
        var region = New("reg");
        (await api.Post("/api/v1/regions", new { id = region, description = "A test's own." })).Is(201);
        (await api.Post("/api/v1/racks", new { id = $"{region}.r1", units })).Is(201);
        return $"{region}.r1";
    }

    /// <summary>A machine on paper, without a BMC; its id.</summary>
    public static async Task<string> Machine(this Calls api, string rack, int unit, string? serial = null) =>
        (string)(await api.Post("/api/v1/machines", new { serial = serial ?? New("SN"), rack, unit })).Is(201).Json["id"]!;

    /// <summary>Racks a simulated machine as its sheet says; its id.</summary>
    public static async Task<string> Rack(this Calls api, RackSheetRow row, string? profile, string? password = null) =>
        (string)(await api.Post("/api/v1/machines", new
        {
            serial = row.Serial, rack = row.Rack, unit = row.Unit, profile, macs = row.Macs,
            bmc = new { address = row.BmcAddress, user = row.BmcUser, password = password ?? File.ReadAllText(row.BmcPasswordFile).Trim() },
        })).Is(201).Json["id"]!;

    /// <summary>The profile that all simulated machines of a site fit; its name.</summary>
    public static async Task<string> Profile(this Calls api, RackSheetRow row)
    {
        var name = New("fit");
        (await api.Post("/api/v1/profiles", new
        {
            name,
            spec = new { memoryMiB = row.MemoryMiB, disks = row.Disks.Select(d => new { count = 1, sizeMiB = d.SizeMiB, transport = d.Bus }) },
        })).Is(201);
        return name;
    }

    public static object ImageBody(ECDsa signer, string name, byte[] content, string bootMode = "any", string? signature = null)
    {
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        var described = new ImageContent("raw", sha256, content.Length, sha256, content.Length, bootMode);
        var signed = Convert.ToBase64String(signer.SignData(Encoding.UTF8.GetBytes(ImageVersion.SignedBytes(name, described)), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        return new { name, format = "raw", sha256, sizeBytes = content.LongLength, diskSha256 = sha256, diskSizeBytes = content.LongLength, bootMode, signature = signature ?? signed };
    }

    /// <summary>Uploads and registers; id and digest.</summary>
    public static async Task<(string Id, string Sha256)> Image(this TestNode node, byte[]? content = null)
    {
        content ??= RandomNumberGenerator.GetBytes(100_000);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        var upload = await node.Api.Put($"/api/v1/images/content/{sha256}", content, "Content-Type", "application/octet-stream");
        Assert.Contains(upload.Status, (int[])[200, 201]);
        return ((string)(await node.Api.Post("/api/v1/images", ImageBody(node.Signer, New("img"), content))).Is(201).Json["id"]!, sha256);
    }

    /// <summary>Starts something and waits until its operation ends in <paramref name="state"/>.</summary>
    public static async Task<JsonObject> Work(this Calls api, string path, object? body = null, string state = "succeeded") =>
        await api.Ends((string)(await api.Post(path, body)).Is(202).Json["id"]!, state);

    public static async Task<JsonObject> Ends(this Calls api, string operation, string state = "succeeded")
    {
        JsonObject? seen = null;
        await Eventually($"operation {operation} ends", async () => (seen = (await api.Get($"/api/v1/operations/{operation}")).Is(200).Json)["endedAt"] is not null, () => seen?.ToJsonString());
        return (string?)seen!["state"] == state ? seen : throw new Xunit.Sdk.XunitException($"It ended otherwise than {state}: {seen.ToJsonString()}");
    }

    public static async Task<JsonObject> Show(this Calls api, string machine) => (await api.Get($"/api/v1/machines/{machine}")).Is(200).Json;

    public static async Task Eventually(string what, Func<Task<bool>> condition, Func<string?>? last = null, int seconds = 60)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started).TotalSeconds > seconds) Assert.Fail($"Within {seconds} s it never came that {what}. {last?.Invoke()}");
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }
}
