using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ppec.Contracts.Events;

namespace Ppec.Grains.Snapshots;

/// <summary>
/// The fold of a stream's first <paramref name="Version"/> events, and what else an aggregate knows from them.
/// <paramref name="Hash"/> and <paramref name="Position"/> are those of the last of them: a log that has another event there is not the one this was folded from.
/// </summary>
public sealed record Snapshot<TState>(
    string Stream, long Version, LogPosition Position, ReadOnlyMemory<byte> Hash, EventMetadata First, ImmutableArray<Answer> Answers, TState State);

/// <summary>A command that was carried out, so that its repeat is answered as the first time.</summary>
public sealed record Answer(string Command, string BodyHash, long Version, string Position, DateTimeOffset At);

/// <summary>A snapshot as it is stored: the state is JSON of the aggregate's own, under the number of its fold.</summary>
sealed record SnapshotDocument(
    string Stream, int Fold, long Version, string Position, ReadOnlyMemory<byte> Hash, EventMetadata First, ImmutableArray<Answer> Answers, JsonElement State);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SnapshotDocument))]
sealed partial class SnapshotJson : JsonSerializerContext;
