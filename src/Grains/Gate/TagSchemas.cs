using System.Collections.Concurrent;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Tags;

namespace Ppec.Grains.Gate;

/// <summary>
/// What holds for tag keys, straight from the log, as credentials are: one grain a key would have every tagging command wait for it. Remembered for a second, so what is said of a key holds within one.
/// </summary>
public sealed class TagSchemas(Log log, TimeProvider time)
{
    public const string Protected = "tag.protected";
    const int Kept = 10_000;
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, (TagKeyState? Schema, long At)> _known = new(StringComparer.Ordinal);

    /// <summary>The command, refused where what is said of a key forbids it; <see cref="Prepared.AlsoNeeds"/> where a key is protected.</summary>
    public async Task<Prepared> Check(TagMachine command)
    {
        var needs = default(string);
        foreach (var (key, value) in command.Set.Select(t => (t.Key, (string?)t.Value)).Concat(command.Remove.Where(k => !command.Set.ContainsKey(k)).Select(k => (k, (string?)null))))
        {
            var schema = await Of(key);
            if (TagKey.Refusal(schema, TagKey.Machine, key, value) is { } refused) return new(command, refused);
            if (schema is { Protected: true }) needs = Protected;
        }
        return new(command, AlsoNeeds: needs is null ? null : (needs, new("tag", "")));
    }

    async ValueTask<TagKeyState?> Of(string key)
    {
        if (_known.TryGetValue(key, out var known) && time.GetElapsedTime(known.At) < Fresh) return known.Schema;
        var (at, schema) = (time.GetTimestamp(), default(TagKeyState));
        await foreach (var entry in log.Read($"tag-{key}", 0)) schema = TagKey.Evolve(schema, (TagKeyEvent)entry.Event);
        if (_known.Count > Kept) _known.Clear();
        _known[key] = (schema, at);
        return schema;
    }
}
