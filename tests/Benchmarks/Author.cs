using Ppec.Contracts.Events;

namespace Ppec.Benchmarks;

/// <summary>Writes one stream, one event an append, as an aggregate would.</summary>
sealed class Author(IEventStore store, string stream)
{
    const int EventBytes = 130;    // a tag event and its metadata as the gate writes them
    const int MetadataBytes = 270;
    static readonly byte[] Data = Json(EventBytes);
    static readonly byte[] Metadata = Json(MetadataBytes);
    ReadOnlyMemory<byte> _last = EventChain.Genesis;
    long _version;

    public async Task Append()
    {
        var id = Guid.NewGuid();
        var hash = EventChain.Hash(_last.Span, stream, _version, id, "raw.v1", Data, Metadata);
        await store.Append(stream, _version++, [new(id, "raw.v1", Data, Metadata, hash)], CancellationToken.None);
        _last = hash;
    }

    static byte[] Json(int bytes) => [(byte)'"', .. Enumerable.Repeat((byte)'x', bytes - 2), (byte)'"'];
}
