using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Ppec.Cluster.Tests.Rig;
using Ppec.EndToEnd.Running;

namespace Ppec.Cluster.Tests;

/// <summary>Who comes without a certificate of this cluster's authority gets nowhere: not to a silo's port, not to its gateway.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task Only_a_certificate_of_this_clusters_authority_opens_a_connection()
    {
        await using var cluster = await ClusterSite.Start(silos: 1);
        var site = cluster.Site;
        Certificates.Write(site.Under("stranger"));
        using var stranger = Pem(site.Under("stranger"));
        using var ours = Pem(site.Under("tls"));
        foreach (var port in cluster.Silos[0].Ports)
        {
            Assert.True(await Opens(port, ours), $"{port}: our own certificate is refused");
            Assert.False(await Opens(port, stranger), $"{port}: a stranger's certificate is accepted");
            Assert.False(await Opens(port, null), $"{port}: no certificate is needed");
        }

        // A whole node with a stranger's certificate gets no answer from the cluster; the cluster goes on.
        await using var impostor = Child.Start(Programs.Node,
            ["--data", site.Under("impostor"), "--urls", "http://127.0.0.1:0", "--roles", "api",
             "--tls-certificate", Path.Combine(site.Under("stranger"), "node.pem"), "--tls-key", Path.Combine(site.Under("stranger"), "node.key"), "--tls-authority", Path.Combine(site.Under("stranger"), "authority.pem")],
            cluster.Environment);
        Assert.Null(await impostor.Exit(TimeSpan.FromSeconds(3)));
        Assert.DoesNotContain("ready", impostor.Output, StringComparison.Ordinal);
        await site.Client.Regions.CreateAsync(new("still-here"));
    }

    /// <summary>Whether the other side keeps the connection after the handshake: under TLS 1.3 a refusal comes with the first read.</summary>
    static async Task<bool> Opens(int port, X509Certificate2? certificate)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "ppec",
                ClientCertificates = certificate is null ? [] : [certificate],
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            }).WaitAsync(TimeSpan.FromSeconds(10));
            using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            return await tls.ReadAsync(new byte[1], moment.Token) > 0; // Orleans speaks first or waits; a refusal closes
        }
        catch (OperationCanceledException) { return true; }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException) { return false; }
    }

    static X509Certificate2 Pem(string folder) => X509Certificate2.CreateFromPemFile(Path.Combine(folder, "node.pem"), Path.Combine(folder, "node.key"));
}
