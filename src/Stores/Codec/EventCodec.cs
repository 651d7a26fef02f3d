using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Codec;

/// <summary>JSON by registered names; made by <see cref="EventRegistry.Build"/>.</summary>
public sealed class EventCodec : IEventCodec
{
    readonly Dictionary<string, JsonTypeInfo> _types;
    readonly Dictionary<Type, string> _names;
    readonly Dictionary<string, (string To, Func<JsonObject, JsonObject> Change)> _upcasts;

    internal EventCodec(Dictionary<string, JsonTypeInfo> types, Dictionary<Type, string> names, Dictionary<string, (string To, Func<JsonObject, JsonObject> Change)> upcasts) =>
        (_types, _names, _upcasts) = (types, names, upcasts);

    /// <summary>Every name that can be read, old ones included: the table that is reviewed.</summary>
    public IReadOnlyCollection<string> Names => [.. _types.Keys.Concat(_upcasts.Keys).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public (string Type, byte[] Data) Encode(IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        return _names.TryGetValue(@event.GetType(), out var name)
            ? (name, JsonSerializer.SerializeToUtf8Bytes(@event, _types[name]))
            : throw new EventCodecException($"{@event.GetType()} has no event name. Register it before it is written.");
    }

    /// <inheritdoc/>
    public IDomainEvent Decode(string type, ReadOnlyMemory<byte> data)
    {
        try
        {
            var decoded = _types.TryGetValue(type, out var json) ? JsonSerializer.Deserialize(data.Span, json) : Upcast(type, data);
            return decoded as IDomainEvent ?? throw new EventCodecException($"The data of a {type} event is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new EventCodecException($"The data of a {type} event is not what its name promises: {e.Message}", e);
        }
    }

    object? Upcast(string type, ReadOnlyMemory<byte> data)
    {
        if (!_upcasts.ContainsKey(type))
            throw new EventCodecException($"The log holds an event named {type}, which this program does not know. It is not skipped: start the version that wrote it, or a newer one.");
        var json = JsonNode.Parse(data.Span) as JsonObject ?? throw new EventCodecException($"The data of a {type} event is not a JSON object.");
        var name = type;
        while (_upcasts.TryGetValue(name, out var upcast))
        {
            try { json = upcast.Change(json); }
            catch (Exception e) { throw new EventCodecException($"A {type} event could not be upcast from {name} to {upcast.To}: {e.Message}", e); }
            name = upcast.To;
        }
        return json.Deserialize(_types[name]);
    }
}
