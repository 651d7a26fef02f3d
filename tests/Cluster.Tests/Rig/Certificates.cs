using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ppec.Cluster.Tests.Rig;

/// <summary>An authority of one test's own, and PEM files of a node that it signed.</summary>
static class Certificates
{
    /// <summary>Writes <c>node.pem</c>, <c>node.key</c> and <c>authority.pem</c>.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var (from, to) = (DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ppec test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var authority = request.CreateSelfSigned(from, to);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var node = new CertificateRequest("CN=ppec test node", key, HashAlgorithmName.SHA256).Create(authority, from, to, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, "node.pem"), node.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "node.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "authority.pem"), authority.ExportCertificatePem());
    }
}
