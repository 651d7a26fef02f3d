using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>An authority made for one test, and a certificate of it for 127.0.0.1 and localhost.</summary>
sealed class Certificates : IDisposable
{
    readonly Scratch _scratch = new();

    public Certificates()
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=PPEC test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var authority = request.CreateSelfSigned(from, to);
        AuthorityFile = Path.Combine(_scratch.Path, "ca.pem");
        File.WriteAllText(AuthorityFile, authority.ExportCertificatePem());

        X509Certificate2 Issue(Action<SubjectAlternativeNameBuilder> name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var server = new CertificateRequest("CN=eventstoredb-node", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            name(names);
            server.CertificateExtensions.Add(names.Build());
            using var signed = server.Create(authority, from, to, RandomNumberGenerator.GetBytes(8));
            using var whole = signed.CopyWithPrivateKey(key);
            return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
        }

        Server = Issue(names =>
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
        });
        Elsewhere = Issue(names => names.AddDnsName("db1.example"));
    }

    public string AuthorityFile { get; }
    public X509Certificate2 Server { get; }

    /// <summary>Of the same authority, for another name.</summary>
    public X509Certificate2 Elsewhere { get; }

    public void Dispose()
    {
        Server.Dispose();
        Elsewhere.Dispose();
        _scratch.Dispose();
    }
}
