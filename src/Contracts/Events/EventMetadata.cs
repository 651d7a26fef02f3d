using System.Text.Json.Serialization;

namespace Ppec.Contracts.Events;

/// <summary>
/// Who, from where, why, under which command and when: kept beside every event, and its audit record.
/// No secret and no personal data beyond the actor's id.
/// </summary>
public sealed record EventMetadata(
    string CommandId,
    string Actor,
    string Credential,
    string Source,
    DateTimeOffset Time,
    string BodyHash,
    string? Reason = null,
    string? Ticket = null,
    string? Operation = null,
    string? Change = null,
    string? Cause = null,
    int Schema = 1,
    string? Permission = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EventMetadata))]
public sealed partial class EventMetadataJson : JsonSerializerContext;
