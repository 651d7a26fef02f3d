using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain;
using Ppec.Grains.Snapshots;
using Ppec.Stores.Codec;

namespace Ppec.Grains.Tests.Snapshots;

/// <summary>What the tests add up, with a few thousand names in it, as a pool has machines.</summary>
public sealed record TallyState(long Count, long Sum, ImmutableSortedDictionary<string, long> Names)
{
    public static readonly TallyState Nothing = new(0, 0, ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    public static TallyState Evolve(TallyState s, Counted e) => new(s.Count + 1, s.Sum + e.By, s.Names.SetItem(e.Name, s.Names.GetValueOrDefault(e.Name) + e.By));
}

public sealed record Counted(string Name, long By) : IDomainEvent;

[JsonSerializable(typeof(TallyState))]
[JsonSerializable(typeof(Counted))]
public sealed partial class TallyJson : JsonSerializerContext
{
    public static IEventCodec Codec() => new EventRegistry().Event("tally.counted.v1", Default.Counted).Build();
}

/// <summary>When a tally is snapshot, and by which number of its fold.</summary>
public sealed class TallyOptions
{
    public int Every { get; set; } = 10;
    public int Fold { get; set; } = 1;
}

public interface ITallyGrain : IGrainWithStringKey
{
    Task<Outcome> Add(string name, long by, string command, string body, DateTimeOffset at);
    Task<string> Read();
}

/// <summary>An aggregate with a long stream.</summary>
public sealed class TallyGrain(Log log, ISnapshotStore snapshots, TallyOptions options, ILogger<TallyGrain> logger)
    : AggregateGrain<TallyState, Counted>("tally", TallyState.Nothing, TallyState.Evolve, log, logger,
        new Snapshots<TallyState>(snapshots, options.Every, options.Fold, TallyJson.Default.TallyState, logger)), ITallyGrain
{
    public Task<Outcome> Add(string name, long by, string command, string body, DateTimeOffset at) =>
        Handle(_ => new Counted(name, by), new("tester", "t", "10.0.0.1", command, body), at);

    /// <summary>All an aggregate knows.</summary>
    public Task<string> Read() => Task.FromResult($"{Version} at {LastPosition} since {First?.CommandId}: {JsonSerializer.Serialize(State, TallyJson.Default.TallyState)}");
}
