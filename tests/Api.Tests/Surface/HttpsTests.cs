using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ppec.Silo;
using Ppec.Silo.Https;

namespace Ppec.Api.Tests.Surface;

/// <summary>A node at an https address, with a certificate of the site's or of its own.</summary>
public sealed class HttpsTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static HttpClient Trusting(string pem)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(pem);
        return new(new SocketsHttpHandler { UseProxy = false, SslOptions = new() { CertificateChainPolicy = policy } });
    }

    static TestNode Secure(HttpsFiles? files = null)
    {
        var node = new TestNode { Https = files };
        node.Urls = $"https://127.0.0.1:{node.Port}";
        return node;
    }

    static async Task<(SslProtocols? Protocol, string? Thumbprint)> Shake(Uri url, SslProtocols protocols)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port, Cancellation);
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.Host, EnabledSslProtocols = protocols, RemoteCertificateValidationCallback = (_, _, _, _) => true }, Cancellation);
            return (tls.SslProtocol, ((X509Certificate2)tls.RemoteCertificate!).Thumbprint);
        }
        catch (Exception e) when (e is AuthenticationException or IOException) { return (null, null); }
    }

    [Fact]
    public async Task Without_a_certificate_it_makes_one_that_only_its_user_can_read_and_keeps_it()
    {
        await using var node = Secure();
        await node.Up();
        var (secret, shown) = (Path.Combine(node.Data, "https.pem"), Path.Combine(node.Data, "https-certificate.pem"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));
        Assert.Contains("PRIVATE KEY", File.ReadAllText(secret), StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", File.ReadAllText(shown), StringComparison.Ordinal);

        using (var client = Trusting(File.ReadAllText(shown)))
        {
            using var answer = await client.GetAsync(new Uri(node.Url, "/health/ready"), Cancellation);
            Assert.True(answer.IsSuccessStatusCode);
            Assert.Equal("max-age=31536000", answer.Headers.GetValues("Strict-Transport-Security").Single());
        }
        using (var strict = new HttpClient(new SocketsHttpHandler { UseProxy = false }))
            await Assert.ThrowsAsync<HttpRequestException>(() => strict.GetAsync(new Uri(node.Url, "/health/ready"), Cancellation));

        var before = await Shake(node.Url, SslProtocols.None);
        await node.Down();
        await node.Up();
        Assert.Equal(before.Thumbprint, (await Shake(node.Url, SslProtocols.None)).Thumbprint);
        await node.Down();
        File.WriteAllText(secret, "half a cert"); // it is worth nothing, and says so to nobody: another is made
        await node.Up();
        Assert.NotEqual(before.Thumbprint, (await Shake(node.Url, SslProtocols.None)).Thumbprint);
    }

#pragma warning disable SYSLIB0039, CA5397, CA5398 // that these are refused is the point
    [Fact]
    public async Task Old_protocols_are_refused()
    {
        await using var node = Secure();
        await node.Up();
        Assert.Equal(SslProtocols.Tls12, (await Shake(node.Url, SslProtocols.Tls12)).Protocol);
        Assert.Equal(SslProtocols.Tls13, (await Shake(node.Url, SslProtocols.Tls13)).Protocol);
        Assert.Null((await Shake(node.Url, SslProtocols.Tls | SslProtocols.Tls11)).Protocol);
    }
#pragma warning restore SYSLIB0039, CA5397, CA5398

    [Fact]
    public async Task The_sites_own_certificate_is_shown_with_its_chain()
    {
        using var made = new Signed();
        await using var node = Secure(made.Files);
        await node.Up();
        using var client = Trusting(made.Root);
        using var answer = await client.GetAsync(new Uri(node.Url, "/health/live"), Cancellation);
        Assert.True(answer.IsSuccessStatusCode);
        Assert.False(File.Exists(Path.Combine(node.Data, "https.pem")));
    }

    [Fact]
    public async Task A_certificate_and_a_key_that_do_not_belong_together_end_the_start()
    {
        using var made = new Signed();
        using var other = new Signed();
        await using var node = Secure(made.Files with { Key = other.Files.Key });
        Assert.Contains("--https-certificate", (await Assert.ThrowsAsync<OptionException>(node.Up)).Message, StringComparison.Ordinal);
        await using var missing = Secure(made.Files with { Key = "/no/such/key" });
        Assert.Contains("/no/such/key", (await Assert.ThrowsAsync<OptionException>(missing.Up)).Message, StringComparison.Ordinal);
        await using var plain = new TestNode { Https = made.Files };
        Assert.Contains("--urls has none", (await Assert.ThrowsAsync<OptionException>(plain.Up)).Message, StringComparison.Ordinal);
    }

    /// <summary>A root, what it signed, and what that signed for 127.0.0.1.</summary>
    sealed class Signed : IDisposable
    {
        readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ppec-https-");

        public Signed()
        {
            var (from, to) = (DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
            using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var root = Authority("CN=a root", rootKey).CreateSelfSigned(from, to);
            using var signed = Authority("CN=between", middleKey).Create(root, from, to, RandomNumberGenerator.GetBytes(8));
            using var middle = signed.CopyWithPrivateKey(middleKey);
            var request = new CertificateRequest("CN=a node", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(System.Net.IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using var node = request.Create(middle, from, to, RandomNumberGenerator.GetBytes(8));
            Root = root.ExportCertificatePem();
            Files = new(Path.Combine(_folder.FullName, "chain.pem"), Path.Combine(_folder.FullName, "key.pem"));
            File.WriteAllText(Files.Certificate, node.ExportCertificatePem() + "\n" + middle.ExportCertificatePem() + "\n");
            File.WriteAllText(Files.Key, key.ExportPkcs8PrivateKeyPem());
        }

        public string Root { get; }

        public HttpsFiles Files { get; }

        public void Dispose() => _folder.Delete(recursive: true);

        static CertificateRequest Authority(string name, ECDsa key)
        {
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
            return request;
        }
    }
}
