using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Domain.Images;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Places;

/// <summary>An image is what a trusted key signed, to the last field.</summary>
public sealed class ImageTests : IDisposable
{
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly ECDsa _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    byte[] Key => _key.ExportSubjectPublicKeyInfo();
    string Id => Convert.ToHexStringLower(SHA256.HashData(Key));

    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
    }

    static string Sign(ECDsa key, string name, ImageContent content) => Convert.ToBase64String(
        key.SignData(Encoding.UTF8.GetBytes(ImageVersion.SignedBytes(name, content)), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    string? Signer(string name, ImageContent content, string signature, params ReadOnlyMemory<byte>[] trusted) =>
        Image.Signer(name, content, signature, trusted.Length == 0 ? [Key] : trusted);

    [Fact]
    public void A_deprecated_version_is_the_newest_no_more()
    {
        var state = Image.Initial;
        foreach (var content in (ImageContent[])[Content, Content with { SizeBytes = 1 }])
            state = Image.Decide(state, new RegisterImage("debian", content, "c2ln", "key") { At = Start }).Events.Aggregate(state, Image.Evolve);
        var deprecate = new DeprecateImage("debian", 2) { At = Start };
        state = Image.Evolve(state, Assert.Single(Image.Decide(state, deprecate).Events));
        Assert.Equal([false, true], state.Versions.Select(v => v.Version.Deprecated));
        Assert.Empty(Image.Decide(state, deprecate).Events);
        foreach (var version in (int[])[0, -1, 3]) Assert.Equal(ProblemCodes.NotFound, Image.Decide(state, deprecate with { Version = version }).Problem?.Code);
    }

    [Fact]
    public void A_trusted_key_is_named()
    {
        var signature = Sign(_key, "debian", Content);
        Assert.Equal(Id, Signer("debian", Content, signature));
        Assert.Equal(Id, Signer("debian", Content, signature, _other.ExportSubjectPublicKeyInfo(), Key));
    }

    [Fact]
    public void An_altered_field_is_refused()
    {
        var signature = Sign(_key, "debian", Content);
        Assert.Null(Signer("debian-evil", Content, signature));
        foreach (var altered in (ImageContent[])
            [
                Content with { Format = "raw" }, Content with { Sha256 = new string('c', 64) }, Content with { SizeBytes = 1 },
                Content with { DiskSha256 = new string('c', 64) }, Content with { DiskSizeBytes = 1 }, Content with { BootMode = "any" },
            ])
            Assert.Null(Signer("debian", altered, signature));
    }

    [Fact] public void Another_key_is_refused() => Assert.Null(Signer("debian", Content, Sign(_other, "debian", Content)));
    [Fact] public void No_key_trusts_nothing() => Assert.Null(Image.Signer("debian", Content, Sign(_key, "debian", Content), []));

    [Theory]
    [InlineData(""), InlineData("not base64!"), InlineData("AAAA"), InlineData("="), InlineData("MEUCIQ=="), InlineData("\u0000\uffff")]
    public void Garbage_is_refused(string signature) => Assert.Null(Signer("debian", Content, signature));

    [Fact]
    public void Each_content_is_one_version_and_none_is_registered_unsigned()
    {
        var register = new RegisterImage("debian", Content, "sig", "key-1") { At = Start };
        var one = Image.Decide(Image.Initial, register).Events.Aggregate(Image.Initial, Image.Evolve);
        Assert.Empty(Image.Decide(one, register).Events);
        var next = register with { Content = Content with { Sha256 = new string('d', 64) } };
        Assert.Equal(ProblemCodes.ImageSignatureRefused, Image.Decide(one, next with { SignedBy = null }).Problem?.Code);
        var two = Image.Decide(one, next).Events.Aggregate(one, Image.Evolve);
        Assert.Equal(["debian@1", "debian@2"], two.Versions.Select(v => v.Version.Id));
    }
}
