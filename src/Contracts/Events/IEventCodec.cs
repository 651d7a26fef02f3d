namespace Ppec.Contracts.Events;

/// <summary>Marks a fact that goes into the log. Its name there is registered once and for ever.</summary>
public interface IDomainEvent;

/// <summary>Turns facts into bytes and back; the name is explicit (<c>machine.promoted.v1</c>) and never derived from a type.</summary>
public interface IEventCodec
{
    (string Type, byte[] Data) Encode(IDomainEvent @event);

    /// <exception cref="InvalidOperationException">The name is unknown: an unknown fact is never skipped.</exception>
    IDomainEvent Decode(string type, ReadOnlyMemory<byte> data);
}
