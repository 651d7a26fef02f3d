using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ppec.Cli.Output;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;

namespace Ppec.Cli;

/// <summary>Bodies that people write as YAML files. A field nobody knows is an error, and so is a missing one.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProfileBody))]
[JsonSerializable(typeof(ImageBody))]
[JsonSerializable(typeof(RackManyBody))]
sealed partial class FileBodies : JsonSerializerContext
{
    public static T Read<T>(string file, JsonTypeInfo<T> type)
    {
        using var reader = new StreamReader(file);
        var node = YamlText.Read(reader, file) ?? throw new UsageException($"{file} is empty.");
        try { return node.Deserialize(type) ?? throw new UsageException($"{file} is empty."); }
        catch (JsonException e) { throw new UsageException($"{file}: {(e.Path is { Length: > 2 } path ? $"{path[2..]}: " : "")}{Plain(e, type)}"); }
    }

    /// <summary>Without the names of our types, which say nothing to the writer of the file.</summary>
    static string Plain<T>(JsonException e, JsonTypeInfo<T> type)
    {
        var known = string.Join(", ", type.Properties.Select(property => property.Name));
        return e.Message switch
        {
            var m when m.Contains("could not be mapped", StringComparison.Ordinal) => $"an unknown field. At the top there are: {known}.",
            var m when m.Contains("missing required", StringComparison.Ordinal) => $"missing:{m[(m.LastIndexOf(':') + 1)..]}",
            _ => "not a value that fits here.",
        };
    }
}
