using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts;

namespace Ppec.Api;

/// <summary>
/// How the OpenAPI document sees our types. The schema exporter cannot write the default of a parameter whose type is a struct (<c>ImmutableArray</c> = default),
/// and knows nothing of types with a converter of ours: so lists are lists here, and records are seen without their constructors.
/// Requests and answers never use this; they are read and written by <see cref="PpecJson"/>.
/// </summary>
sealed class DocumentTypes : DefaultJsonTypeInfoResolver
{
    public static void Configure(JsonSerializerOptions options)
    {
        PpecJson.Configure(options);
        if (options.Converters.OfType<ImmutableArrayConverterFactory>().FirstOrDefault() is { } ours) options.Converters.Remove(ours);
        options.TypeInfoResolver = new DocumentTypes();
    }

    public override JsonTypeInfo GetTypeInfo(Type type, JsonSerializerOptions options)
    {
        var info = base.GetTypeInfo(type, options);
        if (info.Kind != JsonTypeInfoKind.Object || !Ours(type) || info.PolymorphismOptions is not null) return info;
        var seen = JsonTypeInfo.CreateJsonTypeInfo(type, options);
        seen.UnmappedMemberHandling = info.UnmappedMemberHandling;
        foreach (var property in info.Properties)
        {
            var copy = seen.CreateJsonPropertyInfo(property.PropertyType, property.Name);
            copy.Get = property.Get;
            copy.Set = property.Set ?? ((_, _) => throw new NotSupportedException("This is for documents only."));
            // What is null is left out of every answer, and may be left out of every request.
            copy.IsRequired = property.IsRequired && !property.IsGetNullable && Nullable.GetUnderlyingType(property.PropertyType) is null;
            copy.IsGetNullable = property.IsGetNullable;
            copy.IsSetNullable = property.IsSetNullable;
            copy.AttributeProvider = property.AttributeProvider;
            seen.Properties.Add(copy);
        }
        return seen;
    }

    static bool Ours(Type type) => type.Assembly == typeof(PpecJson).Assembly || type.Assembly == typeof(DocumentTypes).Assembly;
}
