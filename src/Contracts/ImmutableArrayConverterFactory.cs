using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ppec.Contracts;

/// <summary>An array that was left out (<c>default</c>) is written as an empty one, not as an exception.</summary>
[UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Used by the server and the SDK only; the agent has a source-generated context.")]
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "As above.")]
[UnconditionalSuppressMessage("Trimming", "IL2071", Justification = "As above.")]
public sealed class ImmutableArrayConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(ImmutableArray<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

    sealed class Converter<T> : JsonConverter<ImmutableArray<T>>
    {
        public override ImmutableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<T[]>(ref reader, options) is not { } items ? throw new JsonException("A list is expected.")
            : Array.Exists(items, i => i is null) ? throw new JsonException("A list holds no null.")
            : [.. items];

        public override void Write(Utf8JsonWriter writer, ImmutableArray<T> value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            if (!value.IsDefault) foreach (var item in value) JsonSerializer.Serialize(writer, item, options);
            writer.WriteEndArray();
        }
    }
}
