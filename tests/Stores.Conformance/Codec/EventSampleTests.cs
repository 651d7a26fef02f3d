using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ppec.Contracts.Events;
using Ppec.Stores.Codec;
using Xunit;

namespace Ppec.Stores.Conformance.Codec;

/// <summary>
/// A sample of every event that was ever written, under <c>samples/</c>, every field filled. A sample is never edited: a program that cannot read it,
/// or reads less out of it, cannot read our users' logs. <c>UPDATE_GOLDEN=1</c> writes the missing ones, and only those.
/// </summary>
public sealed class EventSampleTests
{
    static readonly EventCodec Names = EventNames.Codec();

    static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../samples");

    public static TheoryData<string> All() => new(Names.Names);

    [Theory, MemberData(nameof(All))]
    public static void What_was_written_is_read_whole(string name)
    {
        var path = Path.Combine(Folder(), $"{name}.json");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") Write(name, path);
        Assert.True(File.Exists(path), $"{name} has no sample: run with UPDATE_GOLDEN=1 and review it.");
        var sample = File.ReadAllBytes(path);
        var (now, data) = Names.Encode(Names.Decode(name, sample));
        if (now == name) Assert.Null(Lost(JsonNode.Parse(sample), JsonNode.Parse(data), name));
    }

    [Fact]
    public static void No_sample_was_removed_with_its_name() =>
        Assert.Empty(Directory.GetFiles(Folder()).Select(f => Path.GetFileNameWithoutExtension(f)).Except(Names.Names));

    /// <summary>Where what was written differs from what is read of it; fields added since are no loss.</summary>
    static string? Lost(JsonNode? written, JsonNode? read, string at) => (written, read) switch
    {
        (JsonObject w, JsonObject r) => w.Select(p => Lost(p.Value, r[p.Key], $"{at}.{p.Key}")).FirstOrDefault(l => l is not null),
        (JsonArray w, JsonArray r) when w.Count == r.Count => w.Zip(r).Select((p, i) => Lost(p.First, p.Second, $"{at}[{i}]")).FirstOrDefault(l => l is not null),
        _ => JsonNode.DeepEquals(written, read) ? null : $"{at}: {written?.ToJsonString()} is read as {read?.ToJsonString()}",
    };

    static void Write(string name, string path)
    {
        var type = typeof(Domain.Machines.MachineEvent).Assembly.GetExportedTypes().Where(t => typeof(IDomainEvent).IsAssignableFrom(t) && !t.IsAbstract)
            .Single(t => NameOf(t) == name);
        Directory.CreateDirectory(Folder());
        var json = JsonNode.Parse(Names.Encode((IDomainEvent)Filled(type, "event")!).Data)!;
        File.WriteAllText(path, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    static string? NameOf(Type type)
    {
        try { return Names.Encode((IDomainEvent)Filled(type, "event")!).Type; }
        catch (EventCodecException) { return null; }
    }

    /// <summary>A value of the type with something in every field, so that a field that is no longer read is missed.</summary>
    static object? Filled(Type type, string name)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return name;
        if (type == typeof(bool)) return true;
        if (type.IsPrimitive || type == typeof(decimal)) return Convert.ChangeType(7, type, null);
        if (type == typeof(DateTimeOffset)) return new DateTimeOffset(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);
        if (type == typeof(TimeSpan)) return TimeSpan.FromMinutes(1);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1);
        if (Collection(type) is { } collection) return collection;
        var constructor = type.GetConstructors().MaxBy(c => c.GetParameters().Length) ?? throw new InvalidOperationException($"{type} has no constructor to fill {name} by.");
        var made = constructor.Invoke([.. constructor.GetParameters().Select(p => Filled(p.ParameterType, p.Name!))]);
        foreach (var property in type.GetProperties().Where(p => p.SetMethod is { IsPublic: true } && constructor.GetParameters().All(c => !string.Equals(c.Name, p.Name, StringComparison.Ordinal))))
            property.SetValue(made, Filled(property.PropertyType, property.Name));
        return made;
    }

    static object? Collection(Type type)
    {
        if (!type.IsGenericType) return null;
        var items = type.GetGenericArguments();
        if (type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)) return Call(typeof(ImmutableArray), nameof(ImmutableArray.Create), items, [items[0]], Filled(items[0], "item"));
        if (type.GetGenericTypeDefinition() == typeof(ImmutableDictionary<,>) || type.GetGenericTypeDefinition() == typeof(ImmutableSortedDictionary<,>))
        {
            var empty = type.GetField("Empty")!.GetValue(null)!;
            return type.GetMethod("Add")!.Invoke(empty, [Filled(items[0], "key"), Filled(items[1], "value")]);
        }
        return null;
    }

    static object? Call(Type type, string method, Type[] generic, Type[] parameters, params object?[] arguments) =>
        type.GetMethods().Single(m => m.Name == method && m.IsGenericMethod && m.MakeGenericMethod(generic) is var made && made.GetParameters().Select(p => p.ParameterType).SequenceEqual(parameters))
            .MakeGenericMethod(generic).Invoke(null, arguments);
}
