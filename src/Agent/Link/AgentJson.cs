using System.Text.Json.Serialization;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Link;

/// <summary>The wire format of /agent/v1: the web's camelCase, unknown fields ignored.</summary>
[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(SessionGranted))]
[JsonSerializable(typeof(AgentTask))]
[JsonSerializable(typeof(TaskProgress))]
[JsonSerializable(typeof(TaskResult))]
[JsonSerializable(typeof(Tasks.JournalLine))]
internal sealed partial class AgentJson : JsonSerializerContext;
