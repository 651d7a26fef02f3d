using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Codec;

/// <summary>The reviewed list of what may stand in the log. Everything is named here by hand; nothing is found by reflection.</summary>
public sealed class EventRegistry
{
    readonly Dictionary<string, JsonTypeInfo> _types = [];
    readonly Dictionary<Type, string> _names = [];
    readonly Dictionary<string, (string To, Func<JsonObject, JsonObject> Change)> _upcasts = [];

    /// <summary>An event that is written today. <paramref name="name"/> is permanent: <c>noun.past-tense.v1</c>.</summary>
    public EventRegistry Event<T>(string name, JsonTypeInfo<T> json) where T : IDomainEvent
    {
        ArgumentNullException.ThrowIfNull(json);
        CheckName(name);
        if (!_names.TryAdd(typeof(T), name)) throw new ArgumentException($"{typeof(T)} is registered twice: as {_names[typeof(T)]} and as {name}.", nameof(name));
        _types.Add(name, json);
        return this;
    }

    /// <summary>An event that was written once: its data is changed into that of <paramref name="to"/>, which may be an old name itself.</summary>
    public EventRegistry Upcast(string from, string to, Func<JsonObject, JsonObject> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        CheckName(from);
        _upcasts.Add(from, (to, change));
        return this;
    }

    /// <summary>Checks that every old name leads to one of today's, and closes the list.</summary>
    public EventCodec Build()
    {
        foreach (var old in _upcasts.Keys)
        {
            var name = old;
            for (var steps = 0; _upcasts.TryGetValue(name, out var upcast); name = upcast.To)
            {
                if (++steps > _upcasts.Count) throw new InvalidOperationException($"The upcasts of {old} run in a circle.");
            }
            if (!_types.ContainsKey(name)) throw new InvalidOperationException($"The upcasts of {old} end at {name}, which is not registered.");
        }
        return new(new(_types), new(_names), new(_upcasts));
    }

    void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var version = name.LastIndexOf(".v", StringComparison.Ordinal);
        if (version <= 0 || !int.TryParse(name.AsSpan(version + 2), System.Globalization.NumberStyles.None, null, out var number) || number < 1)
            throw new ArgumentException($"The event name {name} must end with its version, as in machine.promoted.v1.", nameof(name));
        if (_types.ContainsKey(name) || _upcasts.ContainsKey(name)) throw new ArgumentException($"The event name {name} is registered twice.", nameof(name));
    }
}
