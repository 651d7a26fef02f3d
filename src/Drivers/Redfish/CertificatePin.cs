using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Redfish;

/// <summary>The SHA-256 of a BMC's certificate, lower-case hex: most BMCs sign their own, so what was seen at acceptance is what is trusted.</summary>
public static class CertificatePin
{
    public static string Of(ReadOnlySpan<byte> certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate));

    public static bool Matches(ReadOnlySpan<byte> certificate, string pin) => string.Equals(Of(certificate), pin, StringComparison.OrdinalIgnoreCase);

    /// <summary>Shakes hands and hangs up: nothing is sent, so no credential meets a certificate that nobody has judged yet.</summary>
    public static async Task<string> Read(Uri address, TimeSpan limit, CancellationToken cancellation)
    {
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        within.CancelAfter(limit);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.Host, address.Port, within.Token);
            var pin = "";
            await using var tls = new SslStream(client.GetStream());
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = address.Host,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (pin = certificate is null ? "" : Of(certificate.GetRawCertData())).Length > 0,
            };
            await tls.AuthenticateAsClientAsync(options, within.Token);
            return pin;
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested) { throw new BmcException(BmcFailure.Timeout, $"BMC {address.Authority}: no TLS handshake in time.", e); }
        catch (SocketException e) { throw new BmcException(BmcFailure.Unreachable, $"BMC {address.Authority}: {e.SocketErrorCode}.", e); }
        catch (Exception e) when (e is AuthenticationException or IOException) { throw new BmcException(BmcFailure.Garbage, $"BMC {address.Authority}: no TLS.", e); }
    }
}
