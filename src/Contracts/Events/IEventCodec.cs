namespace Ppec.Contracts.Events;

/// <summary>Marks a type whose instances are written to the log.</summary>
#pragma warning disable CA1040 // The marker is the point: it is what a codec accepts.
public interface IDomainEvent;
#pragma warning restore CA1040

/// <summary>Events to bytes and back. Names are permanent (<c>machine.promoted.v1</c>); old names are upcast on the way out.</summary>
public interface IEventCodec
{
    /// <exception cref="EventCodecException">The CLR type has no registered name.</exception>
    (string Type, byte[] Data) Encode(IDomainEvent @event);

    /// <exception cref="EventCodecException">The name is unknown, or the data is not what the name promises. An event is never skipped.</exception>
    IDomainEvent Decode(string type, ReadOnlyMemory<byte> data);
}

/// <summary>An event cannot be encoded or decoded by this program.</summary>
public sealed class EventCodecException(string message, Exception? inner = null) : Exception(message, inner);
