using System.Text.Json;
using System.Text.Json.Serialization;
using Ppec.Contracts.Agents;

namespace Ppec.Lab.Sim;

/// <summary>The agent protocol's JSON: camel case, the discriminator wherever it stands.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(SessionGranted))]
[JsonSerializable(typeof(AgentTask))]
[JsonSerializable(typeof(TaskProgress))]
[JsonSerializable(typeof(TaskResult))]
[JsonSerializable(typeof(Beacon))]
[JsonSerializable(typeof(SimSnapshot))]
public sealed partial class SimJson : JsonSerializerContext;
