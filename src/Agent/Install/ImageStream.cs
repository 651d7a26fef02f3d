using System.Security.Cryptography;
using Ppec.Agent.Link;
using Ppec.Agent.Tasks;

namespace Ppec.Agent.Install;

/// <summary>
/// The stored image as one unbroken stream of exactly its stated size: a connection that breaks, stalls or ends early is taken up again
/// where it stopped. Hashes what passes through.
/// </summary>
internal sealed class ImageStream(IControlPlane link, string sha256, long size, WorkLog log, TimeProvider clock) : Stream
{
    static readonly TimeSpan StalledAfter = TimeSpan.FromSeconds(60);
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly Backoff _backoff = new(clock);
    Stream? _source;
    long _at;

    /// <summary>Bytes that came through so far.</summary>
    internal long Received => _at;

    /// <summary>The digest of everything that came through; reads the rest first (gzip does not look beyond its last member).</summary>
    internal async Task<string> Digest(CancellationToken stop)
    {
        var scrap = new byte[64 * 1024];
        while (await ReadAsync(scrap, stop) > 0) { }
        return Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_at < size && buffer.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                _source ??= await link.Image(sha256, _at, cancellationToken);
                using var stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                stalled.CancelAfter(StalledAfter);
                var n = await _source.ReadAsync(buffer[..(int)Math.Min(buffer.Length, size - _at)], stalled.Token);
                if (n == 0) throw new IOException("the connection ended early");
                _hash.AppendData(buffer.Span[..n]);
                _at += n;
                _backoff.Reset();
                return n;
            }
            catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                log.Line($"image: {e.Message}; resuming at byte {_at}");
                if (_source is not null) await _source.DisposeAsync();
                _source = null;
                await _backoff.Wait(cancellationToken);
            }
        }

        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("only asynchronous reads");
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => size;
    public override long Position { get => _at; set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source?.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
