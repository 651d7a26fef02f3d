using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ppec.Agent.Tests.EndToEnd;

[Collection("builds")]
public sealed class BuildTests
{
    public BuildTests() => Assert.SkipUnless(Built.Impossible is null, Built.Impossible ?? "");

    [Fact]
    public async Task Two_builds_of_PIOUS_give_the_same_bytes_agent_included()
    {
        var first = Digests(await Built.Pious("--no-cache"), "vmlinuz", "initramfs", "manifest.json");
        Assert.Equal(first, Digests(await Built.Pious("--no-cache"), "vmlinuz", "initramfs", "manifest.json"));
    }

    [Fact]
    public async Task PIOUS_is_small_and_its_manifest_is_true()
    {
        var folder = await Built.Pious();
        var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "manifest.json"), TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(Assert.Single(Digests(folder, "initramfs")), manifest.GetProperty("initramfs").GetProperty("sha256").GetString()!);
        Assert.InRange(manifest.GetProperty("initramfs").GetProperty("sizeBytes").GetInt64(), 1, 40 << 20);
        Assert.Contains(manifest.GetProperty("packages").EnumerateArray(), p => p.GetProperty("name").GetString() == "smartmontools");
    }

    [Fact]
    public async Task Two_builds_of_an_image_give_the_same_bytes()
    {
        var first = Digests(await Built.Image("--no-cache"), "image.raw.gz");
        Assert.Equal(first, Digests(await Built.Image("--no-cache"), "image.raw.gz"));
    }

    [Fact]
    public async Task Unchanged_inputs_are_not_built_again()
    {
        await Built.Pious();
        await Built.Image();
        var clock = Stopwatch.StartNew();
        await Built.Pious();
        await Built.Image();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 4);
    }

    [Fact]
    public async Task An_image_is_signed_over_what_its_manifest_says()
    {
        var folder = await Built.Image();
        string Value(string key) => Built.Value(folder, key);
        Assert.Equal(Assert.Single(Digests(folder, "image.raw.gz")), Value("sha256"));
        var signed = $"ppec-image-v1\n{Value("name")}\n{Value("format")}\n{Value("sha256")}\n{Value("sizeBytes")}\n{Value("diskSha256")}\n{Value("diskSizeBytes")}\n{Value("bootMode")}\n";
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(folder, "image-signing.pub"), TestContext.Current.CancellationToken));
        Assert.True(key.VerifyData(Encoding.UTF8.GetBytes(signed), Convert.FromBase64String(Value("signature")), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "image-signing.key")));
    }

    static string[] Digests(string folder, params string[] files) =>
        [.. files.Select(f => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, f)))))];
}
