using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ppec.Contracts.Gate;

/// <summary>Reads a secret and never writes one: whatever serialises it (a body hash, a log) sees <c>***</c>.</summary>
public sealed class SecretTextConverter : JsonConverter<SecretText>
{
    public override SecretText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("A secret is a string."));

    public override void Write(Utf8JsonWriter writer, SecretText value, JsonSerializerOptions options) => writer.WriteStringValue("***");
}
