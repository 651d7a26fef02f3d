using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;

namespace Ppec.Silo.Cluster;

/// <summary>
/// Mutual TLS on Orleans' connections, silo to silo and client to gateway. Each side must show a certificate that this cluster's own authority signed;
/// names are not compared, since an authority that signs for one cluster only is the name. (Orleans' own package for it is not in our package source.)
/// </summary>
public sealed class MutualTls : IDisposable
{
    const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;
    static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(10);

    readonly X509Certificate2 _own;
    readonly X509Certificate2Collection _authority = [];

    /// <param name="certificate">PEM file of this node's certificate.</param>
    /// <param name="key">PEM file of its key.</param>
    /// <param name="authority">PEM file of the authority's certificate (more than one while it is being replaced).</param>
    /// <exception cref="OptionException">A file cannot be read, or holds something else.</exception>
    public MutualTls(string certificate, string key, string authority)
    {
        try
        {
            _own = X509Certificate2.CreateFromPemFile(certificate, key);
            _authority.ImportFromPemFile(authority);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new OptionException($"--tls-certificate, --tls-key, --tls-authority: {e.Message}");
        }
        if (_authority.Count == 0) throw new OptionException($"--tls-authority: {authority} holds no certificate in PEM.");
    }

    /// <summary>For connections that others open to this node.</summary>
    public void Accept(IConnectionBuilder connections) => Use(connections, (tls, cancellation) => tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
    {
        ServerCertificate = _own,
        ClientCertificateRequired = true,
        EnabledSslProtocols = Protocols,
        RemoteCertificateValidationCallback = (_, shown, _, _) => IsOurs(shown),
    }, cancellation));

    /// <summary>For connections that this node opens.</summary>
    public void Connect(IConnectionBuilder connections) => Use(connections, (tls, cancellation) => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
    {
        TargetHost = "ppec",
        ClientCertificates = [_own],
        EnabledSslProtocols = Protocols,
        RemoteCertificateValidationCallback = (_, shown, _, _) => IsOurs(shown),
    }, cancellation));

    static void Use(IConnectionBuilder connections, Func<SslStream, CancellationToken, Task> shakeHands) => connections.Use(next => async context =>
    {
        var plain = context.Transport;
        await using var tls = new SslStream(new DuplexStream(plain), leaveInnerStreamOpen: false);
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(context.ConnectionClosed))
        {
            limit.CancelAfter(HandshakeWithin);
            try
            {
                await shakeHands(tls, limit.Token);
            }
            catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException)
            {
                context.Abort(new ConnectionAbortedException($"No mutual TLS with {context.RemoteEndPoint}: {e.Message}", e));
                return;
            }
        }
        context.Transport = new DuplexPipe(PipeReader.Create(tls, new(leaveOpen: true)), PipeWriter.Create(tls, new(leaveOpen: true)));
        try
        {
            await next(context);
        }
        finally
        {
            await context.Transport.Input.CompleteAsync();
            await context.Transport.Output.CompleteAsync();
            context.Transport = plain;
        }
    });

    bool IsOurs(X509Certificate? shown)
    {
        if (shown is null) return false;
        using var certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // a private authority with short-lived certificates: taking one back is replacing the authority
        return chain.Build(certificate);
    }

    public void Dispose()
    {
        _own.Dispose();
        foreach (var certificate in _authority) certificate.Dispose();
    }

    sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A transport's two pipes as the stream that TLS wants.</summary>
    sealed class DuplexStream(IDuplexPipe pipe) : Stream
    {
        readonly Stream _input = pipe.Input.AsStream(leaveOpen: true);
        readonly Stream _output = pipe.Output.AsStream(leaveOpen: true);

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _output.WriteAsync(buffer, cancellationToken);
        public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);
        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);
        public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);
        public override void Flush() => _output.Flush();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
