using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Ppec.Stores;

namespace Ppec.Silo.Https;

/// <summary>
/// What https addresses show: the site's own certificate, or one that the node makes and signs itself. That one lies in the data directory, the key where only
/// the node's user reads it, the certificate beside it for clients to be given.
/// </summary>
sealed class ServerCertificate : IDisposable
{
    const string Made = "https.pem", Shown = "https-certificate.pem";
    const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Some clients believe in no longer one; it is renewed at a start in its last month.</summary>
    static readonly TimeSpan Life = TimeSpan.FromDays(800), Renewed = TimeSpan.FromDays(30);

    readonly X509Certificate2Collection _all;

    ServerCertificate(X509Certificate2 own, X509Certificate2Collection all) => (Own, _all) = (own, all);

    public X509Certificate2 Own { get; }

    /// <summary>What clients need besides to find a root they trust.</summary>
    public X509Certificate2Collection Chain => [.. _all.Where(c => !c.RawDataMemory.Span.SequenceEqual(Own.RawDataMemory.Span))];

    /// <summary>Null where no address is https.</summary>
    /// <exception cref="OptionException">The files cannot be read, or are of two.</exception>
    public static ServerCertificate? For(NodeOptions options, DataDirectory data)
    {
        var hosts = options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(BindingAddress.Parse).Where(a => a.Scheme == Uri.UriSchemeHttps).Select(a => a.Host).ToList();
        if (hosts.Count == 0) return options.Https is null ? null : throw new OptionException("--https-certificate is for https addresses, and --urls has none.");
        return options.Https is { } files ? Given(files) : Self(hosts, data, options.Time.GetUtcNow());
    }

    static ServerCertificate Given(HttpsFiles files)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(files.Certificate);
            return new(X509Certificate2.CreateFromPemFile(files.Certificate, files.Key), all);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new OptionException($"--https-certificate {files.Certificate} with --https-key {files.Key}: {e.Message}");
        }
    }

    static ServerCertificate Self(IReadOnlyList<string> hosts, DataDirectory data, DateTimeOffset now)
    {
        var path = data.File(Made);
        var own = Kept(path);
        if (own is null || own.NotAfter.ToUniversalTime() < (now + Renewed).UtcDateTime || !hosts.All(h => Any(h) || own.MatchesHostname(h, allowCommonName: false)))
        {
            own?.Dispose();
            Write(path, Make(hosts, now), Private); // one file for both: there is never a certificate with another's key
            own = Kept(path)!;
        }
        Write(data.File(Shown), own.ExportCertificatePem() + "\n", Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return new(own, [own]);
    }

    static X509Certificate2? Kept(string path)
    {
        try { return File.Exists(path) ? X509Certificate2.CreateFromPemFile(path) : null; }
        catch (CryptographicException) { return null; }
    }

    static string Make(IReadOnlyList<string> hosts, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=PPEC node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Where(h => !Any(h)).Concat(["localhost", "127.0.0.1", "::1", Dns.GetHostName()]).Distinct(StringComparer.OrdinalIgnoreCase))
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var made = request.CreateSelfSigned(now.AddDays(-1), now + Life);
        return made.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    /// <summary>Addresses that stand for all of this machine's.</summary>
    static bool Any(string host) => host is "*" or "+" or "0.0.0.0" or "[::]";

    static void Write(string path, string text, UnixFileMode mode)
    {
        var draft = path + ".new";
        File.Delete(draft);
        using (var stream = new FileStream(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(draft, path, overwrite: true);
    }

    public void Dispose()
    {
        Own.Dispose();
        foreach (var certificate in _all) certificate.Dispose();
    }
}

static class HttpsHost
{
    public static void UseHttps(this IWebHostBuilder host, ServerCertificate certificate) => host.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.ConfigureHttpsDefaults(https =>
    {
        https.ServerCertificate = certificate.Own;
        https.ServerCertificateChain = certificate.Chain;
        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
    }));
}
