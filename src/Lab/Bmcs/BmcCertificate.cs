using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ppec.Lab.Bmcs;

/// <summary>The certificate a BMC makes for itself, kept in a PEM file so that its pin survives a restart.</summary>
public static class BmcCertificate
{
    public static X509Certificate2 LoadOrCreate(string file)
    {
        if (!File.Exists(file))
        {
            using var created = Create(Path.GetFileName(Path.GetDirectoryName(file)) ?? "bmc");
            using var key = created.GetECDsaPrivateKey()!;
            using var stream = new StreamWriter(new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }));
            stream.Write(created.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        return X509Certificate2.CreateFromPemFile(file);
    }

    public static X509Certificate2 Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(10));
    }

    /// <summary>SHA-256 of the certificate, lower-case hex.</summary>
    public static string Pin(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
}
