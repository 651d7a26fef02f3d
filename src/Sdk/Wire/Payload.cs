using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ppec.Sdk.Wire;

/// <summary>A body that can be sent more than once.</summary>
sealed record Payload(HttpMethod Method, Func<HttpContent?> Content, bool Bounded = true)
{
    public static Payload Empty { get; } = new(HttpMethod.Post, static () => null);

    public static Payload Json<T>(T body, JsonTypeInfo<T> type)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        return new(HttpMethod.Post, () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } });
    }

    public static Payload Bytes(ReadOnlyMemory<byte> bytes, string type) =>
        new(HttpMethod.Post, () => new ReadOnlyMemoryContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(type) } }, Bounded: false);

    /// <summary>A file, from where it stands now; rewound for each attempt, and not closed. However long it takes.</summary>
    public static Payload File(Stream file)
    {
        var start = file.Position;
        return new(HttpMethod.Put, () =>
        {
            file.Position = start;
            return new StreamContent(new Unclosed(file), 128 * 1024) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream"), ContentLength = file.Length - start } };
        }, Bounded: false);
    }

    /// <summary>A request closes what it sends; the caller's file must survive it for the next attempt.</summary>
    sealed class Unclosed(Stream inner) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }
        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);
        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
