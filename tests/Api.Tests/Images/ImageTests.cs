using System.Security.Cryptography;
using System.Text;

namespace Ppec.Api.Tests.Images;

/// <summary>Nothing is installed that is not exactly what a trusted person signed.</summary>
public sealed class ImageTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    async Task<byte[]> Uploaded()
    {
        var content = RandomNumberGenerator.GetBytes(3000);
        (await Api.Put($"/api/v1/images/content/{Hex(content)}", content, "Content-Type", "application/octet-stream")).Is(201);
        return content;
    }

    static string Hex(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    [Fact]
    public async Task A_signature_by_nobody_or_by_somebody_else_is_refused()
    {
        var content = await Uploaded();
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var signature in (string[])["AAAA", "not base64!", "", Convert.ToBase64String(RandomNumberGenerator.GetBytes(70))])
            Assert.Contains((await Api.Post("/api/v1/images", Things.ImageBody(shared.Node.Signer, Things.New("img"), content, signature: signature))).Is(400).Code, (string[])["image-signature-refused", "invalid"]);
        (await Api.Post("/api/v1/images", Things.ImageBody(stranger, Things.New("img"), content))).Is(400, "image-signature-refused");
    }

    [Fact]
    public async Task A_signature_covers_every_field()
    {
        var content = await Uploaded();
        var name = Things.New("img");
        var good = System.Text.Json.JsonSerializer.SerializeToNode(Things.ImageBody(shared.Node.Signer, name, content))!.AsObject();
        foreach (var (field, value) in new (string, System.Text.Json.Nodes.JsonNode)[] { ("name", "another"), ("bootMode", "uefi"), ("diskSizeBytes", 2999), ("sizeBytes", 2999), ("format", "raw+gzip"), ("diskSha256", new string('0', 64)), ("sha256", new string('0', 64)) })
        {
            var altered = good.DeepClone().AsObject();
            altered[field] = value;
            (await Api.Post("/api/v1/images", altered.ToJsonString())).Is(400, "image-signature-refused");
        }
        (await Api.Post("/api/v1/images", good.ToJsonString())).Is(201);
    }

    [Fact]
    public async Task What_was_not_uploaded_is_not_registered() =>
        (await Api.Post("/api/v1/images", Things.ImageBody(shared.Node.Signer, Things.New("img"), RandomNumberGenerator.GetBytes(100)))).Is(409, "image-content-missing");

    [Fact]
    public async Task Content_with_another_digest_is_not_kept()
    {
        var content = RandomNumberGenerator.GetBytes(1000);
        (await Api.Put($"/api/v1/images/content/{new string('a', 64)}", content, "Content-Type", "application/octet-stream")).Is(400, "invalid");
        (await Api.Put($"/api/v1/images/content/{Hex(content).ToUpperInvariant()}", content, "Content-Type", "application/octet-stream")).Is(400, "invalid");
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(shared.Node.Data, "images")), f => f.Contains("aaaa", StringComparison.Ordinal) || Path.GetFileName(f).StartsWith(".a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_altered_on_disk_is_not_installed_and_no_machine_is_touched_and_can_be_uploaded_again()
    {
        var rack = await Api.Rack();
        await using var site = await shared.Node.Lab(Things.New("altered"), 1, rack);
        var row = site.Rows[0];
        var id = await Api.Rack(row, await Api.Profile(row));
        await Api.Work($"/api/v1/machines/{id}/inspect");
        var content = RandomNumberGenerator.GetBytes(50_000);
        var (image, sha256) = await shared.Node.Image(content);
        var file = Path.Combine(shared.Node.Data, "images", sha256);
        var altered = (byte[])content.Clone();
        altered[1234] ^= 1;
        await File.WriteAllBytesAsync(file, altered, TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(1));

        object spec = new { image, hostname = "h", owner = "o" };
        var started = await Api.Post($"/api/v1/machines/{id}/provision", spec);
        if (started.Status == 202) await Api.Ends((string)started.Json["id"]!, "failed");
        Assert.Equal("off", (await site.Status(TestContext.Current.CancellationToken))[0].Power);
        var power = (await Api.Get($"/api/v1/machines/{id}/history")).Is(200).Text;
        Assert.DoesNotContain("disk-writing-started", power, StringComparison.Ordinal);
        Assert.Equal("spare", (string?)(await Api.Show(id))["stage"]);

        // The failure said «upload it again»: that must help.
        (await Api.Put($"/api/v1/images/content/{sha256}", content, "Content-Type", "application/octet-stream")).Is(201);
        Assert.Equal(content, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
    }
}
